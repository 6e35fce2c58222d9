// What layers do to rows of channels between their products, with gradients: norms with what scales and
// shifts them, gated sums, and the feed-forward layer's gate. On a GPU in one pass each, by kernels;
// elsewhere as libtorch does it.
#include "handle.h"
#include "row_kernel.h"

#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <vector>

using namespace ctorch;
using numbers::Half;
using rows::Shape;

namespace {

enum Way { norm_forward, norm_backward, gate_forward, gate_backward, swish_forward, swish_backward, ways };

/// The kernels of one device for rows of one width, of Float32 and of BFloat16.
typedef std::array<std::array<const ct_kernel *, ways>, 2> Kernels;
std::mutex kernels_lock;
std::map<std::pair<int64_t, int64_t>, Kernels> kernels_of;

/// For tests: whether this thread does as a GPU's kernels would.
thread_local bool as_kernels = false;

bool suits(const at::Tensor &x) {
  return x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16;
}

/// The kernel for rows of a width, of any for width 0; none where there is none.
const ct_kernel *kernel(Way way, const at::Tensor &x, int64_t width) {
  if (x.is_cpu()) return nullptr;
  std::lock_guard<std::mutex> guard(kernels_lock);
  const auto found = kernels_of.lower_bound({x.get_device(), width});
  if (found == kernels_of.end() || found->first.first != x.get_device()) return nullptr;
  if (width > 0 && found->first.second != width) return nullptr;
  return found->second[x.scalar_type() == at::kBFloat16][way];
}

/// Whether rows of a width, any for 0, are done by kernels, or as they would do it.
bool by_kernels(const at::Tensor &x, int64_t width) {
  if (!suits(x) || x.numel() == 0) return false;
  if (x.is_cpu()) return as_kernels && (width == 0 || width == 64 || width == 192);
  return kernel(norm_forward, x, width) != nullptr;
}

/// How many threads share a row: as many as get the same number of parts.
constexpr int lanes_of(int64_t width) {
  int lanes = 32;
  while (lanes > 4 && width / 8 % lanes != 0) lanes /= 2;
  return lanes;
}

template <class N>
N *address(const at::Tensor &t) {
  return t.numel() > 0 ? static_cast<N *>(t.data_ptr()) : nullptr;
}

/// Starts a kernel with so many threads.
template <class... Arguments>
void launch(const ct_kernel *kernel, long long threads, Arguments... arguments) {
  void *addresses[] = {&arguments...};
  const uint32_t grid[] = {uint32_t((threads + 255) / 256), 1, 1}, block[] = {256, 1, 1};
  if (ct_kernel_launch(kernel, grid, block, addresses) != 0) throw std::runtime_error(last_error);
}

/// How rows of x lie, for a weight of each of its groups.
Shape shape(const at::Tensor &x, const at::Tensor &weight, bool centred, double epsilon) {
  const int64_t width = x.size(-1), rows = x.numel() / width, groups = weight.numel() / width;
  TORCH_CHECK(weight.size(-1) == width && groups > 0 && rows % groups == 0,
              "rows: a weight ", weight.sizes(), " for ", x.sizes());
  const int64_t wanted = 4096 * 32 / lanes_of(width), each = rows / groups;
  const int64_t teams = std::max<int64_t>(1, std::min(wanted / groups, each / 4));
  return {int(groups), int(each), int(teams), float(epsilon), centred};
}

/// Goes through so many rows, or teams of rows, of x's width: by a kernel, or on a CPU by its text, one
/// after the other, for a width that tests use. `text` calls that for a width with all that follows.
template <class F, class... Arguments>
void run(Way way, const at::Tensor &x, long long count, F text, Arguments... arguments) {
  const int64_t width = x.size(-1);
  if (!x.is_cpu()) return launch(kernel(way, x, width), count * lanes_of(width), count, arguments...);
  for (long long i = 0; i < count; i++) {
    if (width == 64) text(std::integral_constant<int, 64>(), i, 0, arguments...);
    else text(std::integral_constant<int, 192>(), i, 0, arguments...);
  }
}

/// The same for all of x's numbers, eight by eight.
template <class F, class... Arguments>
void run_eights(Way way, const at::Tensor &x, F text, Arguments... arguments) {
  const long long count = x.numel() / 8;
  if (!x.is_cpu()) return launch(kernel(way, x, 0), count, count, arguments...);
  for (long long i = 0; i < count; i++) text(i, arguments...);
}

long long rows_of(const at::Tensor &x) { return x.numel() / x.size(-1); }
long long teams_of(const Shape &s) { return (long long)s.groups * s.teams; }

template <class N>
at::Tensor norm(const Shape &s, const at::Tensor &x, const at::Tensor &weight, const at::Tensor &bias) {
  auto y = at::empty_like(x);
  run(norm_forward, x, rows_of(x),
      [](auto width, auto... all) { rows::norm_forward<N, width, 1>(all...); }, s, address<const N>(x),
      address<const N>(weight), address<const N>(bias), address<N>(y));
  return y;
}

/// The gradients of x, weight and bias.
template <class N>
std::array<at::Tensor, 3> norm_back(
    const Shape &s, const at::Tensor &gradient, const at::Tensor &x, const at::Tensor &weight) {
  auto dx = at::empty_like(x);
  auto sums = at::empty({s.groups, s.teams, 2, x.size(-1)}, x.options().dtype(at::kFloat));
  run(norm_backward, x, teams_of(s),
      [](auto width, auto... all) { rows::norm_backward<N, width, 1>(all...); }, s,
      address<const N>(gradient), address<const N>(x), address<const N>(weight), address<N>(dx),
      address<float>(sums));
  const auto both = sums.sum(1).to(x.scalar_type());
  return {dx, both.select(1, 0), both.select(1, 1)};
}

template <class N>
at::Tensor gate(const Shape &s, const at::Tensor &x, const at::Tensor &y, const at::Tensor &weight) {
  auto sum = at::empty_like(x);
  run(gate_forward, x, rows_of(x),
      [](auto width, auto... all) { rows::gate_forward<N, width, 1>(all...); }, s, address<const N>(x),
      address<const N>(y), address<const N>(weight), address<N>(sum));
  return sum;
}

/// The gradients of y and weight.
template <class N>
std::array<at::Tensor, 2> gate_back(
    const Shape &s, const at::Tensor &gradient, const at::Tensor &y, const at::Tensor &weight) {
  auto dy = at::empty_like(y);
  auto sums = at::empty({s.groups, s.teams, y.size(-1)}, y.options().dtype(at::kFloat));
  run(gate_backward, y, teams_of(s),
      [](auto width, auto... all) { rows::gate_backward<N, width, 1>(all...); }, s,
      address<const N>(gradient), address<const N>(y), address<const N>(weight), address<N>(dy),
      address<float>(sums));
  return {dy, sums.sum(1).to(y.scalar_type())};
}

template <class N>
at::Tensor swish(const at::Tensor &a, const at::Tensor &b) {
  auto y = at::empty_like(a);
  run_eights(swish_forward, a, [](auto... all) { rows::swish_forward<N>(all...); },
             address<const N>(a), address<const N>(b), address<N>(y));
  return y;
}

/// The gradients of a and b.
template <class N>
std::array<at::Tensor, 2> swish_back(const at::Tensor &gradient, const at::Tensor &a, const at::Tensor &b) {
  auto da = at::empty_like(a), db = at::empty_like(b);
  run_eights(swish_backward, a, [](auto... all) { rows::swish_backward<N>(all...); },
             address<const N>(gradient), address<const N>(a), address<const N>(b), address<N>(da),
             address<N>(db));
  return {da, db};
}

bool is_half(const at::Tensor &x) { return x.scalar_type() == at::kBFloat16; }

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct Norm : torch::autograd::Function<Norm> {
  static at::Tensor forward(
      AutogradContext *context, const at::Tensor &x, const at::Tensor &weight, const at::Tensor &bias,
      bool centred, double epsilon) {
    const auto rows = x.contiguous(), w = weight.contiguous(), b = bias.contiguous();
    const Shape s = shape(rows, w, centred, epsilon);
    context->save_for_backward({rows, w});
    context->saved_data["centred"] = centred;
    context->saved_data["epsilon"] = epsilon;
    context->saved_data["shape"] = weight.sizes();
    context->saved_data["bias"] = bias.numel() > 0;
    return (is_half(x) ? norm<Half> : norm<float>)(s, rows, w, b);
  }

  static variable_list backward(AutogradContext *context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const Shape s = shape(saved[0], saved[1], context->saved_data["centred"].toBool(),
                          context->saved_data["epsilon"].toDouble());
    const auto [dx, dw, db] = (is_half(saved[0]) ? norm_back<Half> : norm_back<float>)(
        s, gradients[0].contiguous(), saved[0], saved[1]);
    const auto as = context->saved_data["shape"].toIntVector();
    const bool shifts = context->saved_data["bias"].toBool();
    return {dx, dw.reshape(as), shifts ? db.reshape(as) : at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

struct Gate : torch::autograd::Function<Gate> {
  static at::Tensor forward(
      AutogradContext *context, const at::Tensor &x, const at::Tensor &y, const at::Tensor &weight) {
    const auto rows = y.contiguous(), w = weight.contiguous();
    context->save_for_backward({rows, w});
    context->saved_data["shape"] = weight.sizes();
    return (is_half(x) ? gate<Half> : gate<float>)(shape(rows, w, false, 0), x.contiguous(), rows, w);
  }

  static variable_list backward(AutogradContext *context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const auto gradient = gradients[0].contiguous();
    const auto [dy, dw] = (is_half(saved[0]) ? gate_back<Half> : gate_back<float>)(
        shape(saved[0], saved[1], false, 0), gradient, saved[0], saved[1]);
    return {gradient, dy, dw.reshape(context->saved_data["shape"].toIntVector())};
  }
};

struct Swish : torch::autograd::Function<Swish> {
  static at::Tensor forward(AutogradContext *context, const at::Tensor &a, const at::Tensor &b) {
    const auto gate = a.contiguous(), up = b.contiguous();
    context->save_for_backward({gate, up});
    return (is_half(a) ? swish<Half> : swish<float>)(gate, up);
  }

  static variable_list backward(AutogradContext *context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const auto [da, db] = (is_half(saved[0]) ? swish_back<Half> : swish_back<float>)(
        gradients[0].contiguous(), saved[0], saved[1]);
    return {da, db};
  }
};

}  // namespace

ct_tensor *ct_norm_rows(ct_arg x, ct_arg weight, ct_optional bias, bool centred, double epsilon) {
  return tensor([&] {
    const auto &v = x->value, &w = weight->value;
    const int64_t width = v.size(-1);
    const auto b = bias ? bias->value : at::empty({0}, w.options());
    if (w.scalar_type() == v.scalar_type() && by_kernels(v, width))
      return Norm::apply(v, w, b, centred, epsilon);
    if (w.numel() == width) {  // the norm's own weight and bias
      const auto flat = [&](const at::Tensor &t) {
        return t.numel() > 0 ? std::optional<at::Tensor>(t.reshape(-1)) : std::nullopt;
      };
      if (centred) return at::layer_norm(v, {width}, flat(w), flat(b), epsilon);
      if (!bias) return at::rms_norm(v, {width}, flat(w), epsilon);
    }
    const auto n = centred ? at::layer_norm(v, {width}, {}, {}, epsilon)
                           : at::rms_norm(v, {width}, {}, epsilon);
    return bias ? at::addcmul(b, n, w) : n * w;
  });
}

ct_tensor *ct_gate_rows(ct_arg x, ct_arg y, ct_arg weight) {
  return tensor([&] {
    const auto &v = x->value, &u = y->value, &w = weight->value;
    if (u.scalar_type() == v.scalar_type() && w.scalar_type() == v.scalar_type() &&
        u.sizes() == v.sizes() && by_kernels(v, v.size(-1)))
      return Gate::apply(v, u, w);
    return at::addcmul(v, u, w);
  });
}

ct_tensor *ct_swish(ct_arg a, ct_arg b) {
  return tensor([&] {
    const auto &v = a->value, &u = b->value;
    if (u.scalar_type() == v.scalar_type() && u.sizes() == v.sizes() && v.numel() % 8 == 0 &&
        by_kernels(v, 0))
      return Swish::apply(v, u);
    return at::silu(v) * u;
  });
}

int32_t ct_row_lanes(int32_t width) { return lanes_of(width); }

void ct_rows_by(
    int32_t index, int32_t width, const ct_kernel *const *float32, const ct_kernel *const *bfloat16) {
  std::lock_guard<std::mutex> guard(kernels_lock);
  auto &known = kernels_of[{index, width}];
  std::copy(float32, float32 + ways, known[0].begin());
  std::copy(bfloat16, bfloat16 + ways, known[1].begin());
}

void ct_rows_as_kernels(bool on) { as_kernels = on; }
