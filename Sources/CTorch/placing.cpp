// Placing heads' channels, with gradients, in one pass over the memory: what Sources/Layers/Positions.swift
// says in tensor operations, each of which would read and write all of it again.
#include "handle.h"
#include "parallel.h"
#include "placing_kernel.h"

#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <vector>

using namespace ctorch;
using numbers::Half;
using numbers::number;
using numbers::set;
using placing::for_results;
using placing::Lead;
using placing::Long;
using placing::Shape;

namespace {

typedef float Four __attribute__((ext_vector_type(4)));

constexpr long max_width = 256;  // channels of a head

/// A 4 x 4 matrix's columns, or its transpose's.
void read_columns(const float *m, Four *columns, bool transposed) {
  for (int i = 0; i < 4; i++)
    for (int j = 0; j < 4; j++) columns[j][i] = transposed ? m[4 * j + i] : m[4 * i + j];
}

}  // namespace

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define ISA wide
namespace {
#include "placing_rows.h"
}
#undef ISA
#pragma clang attribute pop
#endif

#define ISA plain
namespace {
#include "placing_rows.h"
}
#undef ISA

namespace {

/// How a head's channels are placed.
struct Tables {
  at::Tensor matrix;          // [lead.., 4, 4], Float32
  at::Tensor cosines, sines;  // [.., T, G or 1, A or 1, n], empty to leave the second half
  int64_t groups;

  bool turn() const { return cosines.numel() > 0; }
};

/// Where a tensor's numbers are; none for an empty one.
template <class N = void>
N *address(const at::Tensor &t) {
  return t.numel() > 0 ? static_cast<N *>(t.data_ptr()) : nullptr;
}

/// The kernels of a GPU, of Float32 and of BFloat16, forward and back.
struct Kernels {
  const ct_kernel *forward[2] = {}, *backward[2] = {};
};
std::mutex kernels_lock;
std::array<Kernels, 64> kernels_of;

Kernels kernels(int64_t device) {
  std::lock_guard<std::mutex> guard(kernels_lock);
  return device >= 0 && device < int64_t(kernels_of.size()) ? kernels_of[device] : Kernels{};
}

/// The result's leading axes, three of them.
std::vector<int64_t> lead(const at::Tensor &x, const at::Tensor &matrix) {
  auto both = at::infer_size(x.sizes().slice(0, x.dim() - 3), matrix.sizes().slice(0, matrix.dim() - 2));
  TORCH_CHECK(both.size() <= 3, "place_heads: ", both.size(), " leading axes; 3 are possible");
  return std::vector<int64_t>(both.begin(), both.end());
}

std::vector<int64_t> joined(std::vector<int64_t> a, at::IntArrayRef b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

template <class Number>
void set_three(Number *to, at::IntArrayRef values, Number missing) {
  const size_t n = values.size();
  for (size_t i = 0; i < 3; i++) to[i] = i < 3 - n ? missing : Number(values[i - (3 - n)]);
}

/// Whether a result may lie like this: its last three axes without gaps.
bool is_dense(const at::Tensor &t) {
  const int64_t d = t.size(-1), heads = t.size(-2);
  return t.stride(-1) == 1 && t.stride(-2) == d && (t.size(-3) == 1 || t.stride(-3) == heads * d) &&
         t.storage_offset() % 8 == 0 && std::all_of(t.strides().begin(), t.strides().end() - 1,
                                                    [](int64_t n) { return n % 8 == 0; });
}

/// How x, contiguous and of some sizes, the result and the tables lie in memory.
Shape shape(
    at::IntArrayRef sizes, const at::Tensor &result, const std::vector<int64_t> &lead, const Tables &t) {
  const size_t rank = sizes.size();
  const int64_t d = sizes[rank - 1], heads = sizes[rank - 2], tokens = sizes[rank - 3];
  TORCH_CHECK(d % 16 == 0 && d <= max_width, "place_heads: heads of ", d, " channels");
  Shape s = {};
  s.tokens = int(tokens);
  s.heads = int(heads);
  s.width = int(d);
  s.groups = int(t.groups);
  s.pairs = int(d / 4 / t.groups);
  s.share = 1;
  TORCH_CHECK(s.pairs % 2 == 0 && s.pairs * t.groups * 4 == d, "place_heads: ", t.groups,
              " groups in ", d, " channels");
  TORCH_CHECK(result.numel() / 8 < 1ll << 31, "place_heads: ", result.numel(), " numbers at once");
  set_three(s.lead, lead, 1);
  set_three(s.to, result.strides().slice(0, lead.size()), Long(0));
  int64_t stride = tokens * heads * d;
  std::vector<int64_t> strides(lead.size(), 0);
  for (size_t k = rank - 3; k-- > 0;) {
    const size_t at = k + lead.size() - (rank - 3);
    strides[at] = sizes[k] == 1 ? 0 : stride;
    stride *= sizes[k];
  }
  set_three(s.from, strides, Long(0));
  if (!t.turn()) return s;
  const int64_t shared = t.cosines.size(-3);
  TORCH_CHECK(heads % shared == 0, "place_heads: tables of ", shared, " heads for ", heads);
  s.share = int(heads / shared);
  const auto whole = t.cosines.expand(joined(lead, {tokens, shared, t.groups, s.pairs}));
  const auto all = whole.strides();
  TORCH_CHECK(all.back() == 1, "place_heads: a table's angles are apart");
  set_three(s.table, all.slice(0, lead.size()), Long(0));
  s.table_token = all[lead.size()];
  s.table_head = all[lead.size() + 1];
  s.table_group = all[lead.size() + 2];
  return s;
}

template <class N>
void by_cpu(bool back, const Shape &s, const at::Tensor &from, const Tables &t, at::Tensor &to) {
  const N *x = address<N>(from), *cosines = address<N>(t.cosines), *sines = address<N>(t.sines);
  const float *matrix = address<float>(t.matrix);
  N *y = address<N>(to);
  auto *way = back ? plain::backward<N> : plain::forward<N>;
#if defined(__x86_64__)
  static const bool wide = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (wide) way = back ? wide::backward<N> : wide::forward<N>;
#endif
  parallel(
      to.numel() / (int64_t(s.heads) * s.width),
      [&](int64_t i) { way(s, i / s.tokens, i % s.tokens, x, matrix, cosines, sines, y); },
      small / (s.heads * s.width));
}

void by_gpu(bool back, Shape s, const at::Tensor &from, const Tables &t, at::Tensor &to) {
  const bool half = from.scalar_type() == at::kBFloat16;
  const Kernels known = kernels(from.get_device());
  const ct_kernel *kernel = back ? known.backward[half] : known.forward[half];
  TORCH_CHECK(kernel, "place_heads: no kernels for ", from.device());
  unsigned count = to.numel() / (4 * placing::pairs_of_thread(s));
  void *x = address(from), *matrix = address(t.matrix), *cosines = address(t.cosines),
       *sines = address(t.sines), *y = address(to);
  void *arguments[] = {&count, &s, &x, &matrix, &cosines, &sines, &y};
  const uint32_t grid[] = {uint32_t((count + 255) / 256), 1, 1}, block[] = {256, 1, 1};
  if (count > 0 && ct_kernel_launch(kernel, grid, block, arguments) != 0)
    throw std::runtime_error(last_error);
}

/// The kernels' text on a CPU, thread by thread.
template <class N>
void by_thread(bool back, const Shape &s, const at::Tensor &from, const Tables &t, at::Tensor &to) {
  const N *x = address<N>(from), *cosines = address<N>(t.cosines), *sines = address<N>(t.sines);
  const float *matrix = address<float>(t.matrix);
  N *y = address<N>(to);
  const int some = placing::pairs_of_thread(s);
  const auto way = back ? some == 4 ? placing::backward<N, 4> : placing::backward<N, 2>
                        : some == 4 ? placing::forward<N, 4> : placing::forward<N, 2>;
  for (Long i = 0; i < to.numel() / (4 * some); i++) way(i, s, x, matrix, cosines, sines, y);
}

/// For tests: whether this thread does as a GPU's kernels would.
thread_local bool as_kernels = false;

void run(bool back, const Shape &s, const at::Tensor &from, const Tables &t, at::Tensor &to) {
  const bool half = from.scalar_type() == at::kBFloat16;
  if (!from.is_cpu()) return by_gpu(back, s, from, t, to);
  if (as_kernels) return (half ? by_thread<Half> : by_thread<float>)(back, s, from, t, to);
  (half ? by_cpu<Half> : by_cpu<float>)(back, s, from, t, to);
}

at::Tensor whole(const at::Tensor &matrix, const std::vector<int64_t> &axes) {
  return matrix.expand(joined(axes, {4, 4})).contiguous();
}

/// The gradient of an x of some sizes.
at::Tensor brought_back(
    const at::Tensor &gradient, at::IntArrayRef sizes, const std::vector<int64_t> &axes,
    const Tables &tables) {
  // A part of a larger gradient, as contexts' keys are of all keys, need not be copied.
  const auto from = is_dense(gradient) ? gradient : gradient.contiguous();
  auto dx = at::empty(sizes, from.options());
  run(true, shape(sizes, from, axes, tables), from, tables, dx);
  return dx;
}

/// A tensor on memory that another one has.
at::Tensor over(const at::Tensor &t, at::IntArrayRef sizes, at::IntArrayRef strides) {
  return at::empty({0}, t.options()).set_(t.storage(), t.storage_offset(), sizes, strides);
}

/// A tensor [.., C, T, H, d] of which the last two leading axes, once joined, leave room for more tokens.
at::Tensor with_room(const std::vector<int64_t> &sizes, int64_t room, const at::TensorOptions &options) {
  if (room == 0) return at::empty(sizes, options);
  const size_t rank = sizes.size();
  TORCH_CHECK(rank >= 4, "place_heads: room is behind an axis of frames");
  std::vector<int64_t> strides(rank);
  strides[rank - 1] = 1;
  for (size_t i = rank - 1; i-- > 0;) {
    strides[i] = strides[i + 1] * sizes[i + 1];
    if (i + 5 == rank) strides[i] += room * strides[rank - 3];
  }
  const int64_t last = rank >= 5 ? strides[0] * sizes[0]
                                 : strides[0] * sizes[0] + room * strides[rank - 3];
  return over(at::empty({last}, options), sizes, strides);
}

struct PlaceHeads : torch::autograd::Function<PlaceHeads> {
  static at::Tensor forward(
      torch::autograd::AutogradContext *context, const at::Tensor &x, const at::Tensor &matrix,
      const at::Tensor &cosines, const at::Tensor &sines, int64_t groups, int64_t room) {
    const auto axes = lead(x, matrix);
    const auto from = x.contiguous();
    const Tables tables = {whole(matrix, axes), cosines, sines, groups};
    auto y = with_room(joined(axes, from.sizes().slice(from.dim() - 3)), room, from.options());
    run(false, shape(from.sizes(), y, axes, tables), from, tables, y);
    context->save_for_backward({tables.matrix, cosines, sines});
    context->saved_data["sizes"] = from.sizes();
    context->saved_data["axes"] = axes;
    context->saved_data["groups"] = groups;
    return y;
  }

  static torch::autograd::variable_list backward(
      torch::autograd::AutogradContext *context, torch::autograd::variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const Tables tables = {
        saved[0], saved[1], saved[2], context->saved_data["groups"].toInt()};
    const auto sizes = context->saved_data["sizes"].toIntVector();
    const auto axes = context->saved_data["axes"].toIntVector();
    const auto dx = brought_back(gradients[0], sizes, axes, tables);
    return {dx, at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

/// Puts tokens into the room behind others: [B, M, H, d], then one, then more.
struct FillRoom : torch::autograd::Function<FillRoom> {
  static at::Tensor forward(
      torch::autograd::AutogradContext *context, const at::Tensor &before, const at::Tensor &one,
      const at::Tensor &more) {
    const int64_t m = before.size(1), n = more.size(1), row = before.size(2) * before.size(3);
    const int64_t all = m + 1 + n, frames = before.size(0);
    TORCH_CHECK((frames == 1 || before.stride(0) == all * row) && before.stride(1) == row &&
                    one.size(1) == 1 &&
                    int64_t(before.storage().nbytes()) >=
                        (before.storage_offset() + frames * all * row) * before.element_size(),
                "fill_room: no room for ", n, " tokens behind ", m);
    auto whole = over(before, {frames, all, before.size(2), before.size(3)},
                      {all * row, row, before.size(3), 1});
    whole.narrow(1, m, 1).copy_(one);
    whole.narrow(1, m + 1, n).copy_(more);
    context->saved_data["before"] = m;
    return whole;
  }

  static torch::autograd::variable_list backward(
      torch::autograd::AutogradContext *context, torch::autograd::variable_list gradients) {
    const int64_t m = context->saved_data["before"].toInt();
    const auto &g = gradients[0];
    return {g.narrow(1, 0, m), g.narrow(1, m, 1), g.narrow(1, m + 1, g.size(1) - m - 1)};
  }
};

/// Tables as the loops read them: of x's type, the last axis without gaps.
at::Tensor table(const at::Tensor &x, const ct_tensor *t) {
  if (!t) return at::empty({0}, x.options());
  TORCH_CHECK(!t->value.requires_grad() && t->value.scalar_type() == x.scalar_type() &&
                  t->value.device() == x.device(),
              "place_heads: a table of another type or place, or one that wants a gradient");
  return t->value.stride(-1) == 1 ? t->value : t->value.contiguous();
}

}  // namespace

ct_tensor *ct_place_heads(
    ct_arg x, ct_arg matrix, ct_optional cosines, ct_optional sines, int32_t groups, int64_t room) {
  return tensor([&] {
    const auto &v = x->value;
    TORCH_CHECK(v.scalar_type() == at::kFloat || v.scalar_type() == at::kBFloat16,
                "place_heads: needs Float32 or BFloat16");
    TORCH_CHECK(matrix->value.scalar_type() == at::kFloat && !matrix->value.requires_grad() &&
                    matrix->value.device() == v.device(),
                "place_heads: needs a Float32 matrix beside x, without gradient");
    return PlaceHeads::apply(v, matrix->value, table(v, cosines), table(v, sines), groups, room);
  });
}

ct_tensor *ct_fill_room(ct_arg before, ct_arg one, ct_arg more) {
  return tensor([&] { return FillRoom::apply(before->value, one->value, more->value); });
}

ct_tensor *ct_place_heads_back(
    ct_arg gradient, ct_arg x, ct_arg matrix, ct_optional cosines, ct_optional sines,
    int32_t groups) {
  return tensor([&] {
    const auto &v = x->value;
    const auto axes = lead(v, matrix->value);
    return brought_back(
        gradient->value, v.sizes(), axes,
        {whole(matrix->value, axes), table(v, cosines), table(v, sines), groups});
  });
}

void ct_place_heads_by(
    int32_t index, const ct_kernel *forward32, const ct_kernel *backward32,
    const ct_kernel *forward16, const ct_kernel *backward16) {
  std::lock_guard<std::mutex> guard(kernels_lock);
  if (index >= 0 && index < int32_t(kernels_of.size()))
    kernels_of[index] = Kernels{{forward32, forward16}, {backward32, backward16}};
}

void ct_place_heads_as_kernels(bool on) { as_kernels = on; }
