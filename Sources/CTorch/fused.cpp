// Drawing on the CPU: what libtorch's operations would do one after the other, in one pass over the
// memory. The tensor path (Sources/Layers) says the same more slowly; the tests compare them.
#include "handle.h"
#include "parallel.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <vector>

using namespace ctorch;

namespace {

typedef float Four __attribute__((ext_vector_type(4)));

constexpr long max_width = 256;  // channels of a head

/// Numbers in memory: Float32, or BFloat16.
struct Numbers {
  void *data;
  bool half;
};

/// How a token's channels of one head are placed.
struct Placing {
  Four columns[4];  // of the matrix for the first half
  const float *cosines = nullptr, *sines = nullptr;  // for the second half; none: as it is
  long width = 0, groups = 1, pairs = 0;
  long token_stride = 0, head_stride = 0, group_stride = 0;  // in the tables
};

/// A layer's projections of a frame's own tokens, and where they go.
struct Own {
  Numbers projections;
  const float *query_gains, *key_gains;
  float query_factor;
  Placing query, key, value;
  long heads, shared, tokens, tiles, slots;
  void *queries;               // [H][tiles][d][tile_width]
  void *keys, *values;         // [G] times slots, so many numbers apart
  long key_stride, value_stride;
  float *raw_keys, *raw_values;  // [T][G][d], or none
};

/// What a tile of queries has gathered so far.
struct Tile {
  const void *queries;  // [d][tile_width]
  long count;           // of queries, at most tile_width
  float *sums;          // [tile_width][d]
  float *top;           // [tile_width], the greatest score
  float *total;         // [tile_width], the sum of weights
};

/// A residual stream's next value and its norm.
struct Sum {
  const float *stream, *gate, *weight, *bias;
  Numbers update, normed;
  float *sum;
  long width;
};

}  // namespace

#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,fma"))), apply_to = function)
#define ISA half
#define LANES 16
#define KEYS 12
#define GATHER 4
#define HALF 1
#include "attention_lanes.h"
#undef ISA
#undef LANES
#undef KEYS
#undef GATHER
#undef HALF
#pragma clang attribute pop

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma"))), apply_to = function)
#define ISA avx512
#define LANES 16
#define KEYS 12
#define GATHER 4
#define HALF 0
#include "attention_lanes.h"
#undef ISA
#undef LANES
#undef KEYS
#undef GATHER
#undef HALF
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define ISA avx2
#define LANES 8
#define KEYS 6
#define GATHER 2
#define HALF 0
#include "attention_lanes.h"
#undef ISA
#undef LANES
#undef KEYS
#undef GATHER
#undef HALF
#pragma clang attribute pop
#endif

#define ISA plain
#define LANES 4
#define KEYS 4
#define GATHER 2
#define HALF 0
#include "attention_lanes.h"
#undef ISA
#undef LANES
#undef KEYS
#undef GATHER
#undef HALF

namespace {

/// The functions of one instruction set.
struct Kernels {
  long tile_width, block_keys;
  decltype(&plain::attend) attend;
  decltype(&plain::place_keys) place_keys;
  decltype(&plain::place_values) place_values;
  decltype(&plain::own_token) own_token;
  decltype(&plain::finish) finish;
  decltype(&plain::add_norm) add_norm;
};

#define KERNELS(isa)                                                                      \
  Kernels {                                                                               \
    isa::tile_width, isa::block_keys, isa::attend, isa::place_keys, isa::place_values,    \
        isa::own_token, isa::finish, isa::add_norm                                        \
  }

/// The widest vectors to use, in Float32 lanes; fewer than there are only in tests.
std::atomic<int32_t> widest{16};

/// The best this machine has for keys and values of a type.
Kernels kernels(at::ScalarType type) {
#if defined(__x86_64__)
  static const bool medium = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (type == at::kBFloat16) {
    TORCH_CHECK(ct_has_bfloat16(), "this CPU has no BFloat16");
    return KERNELS(half);
  }
  if (ct_has_avx512() && widest >= 16) return KERNELS(avx512);
  if (medium && widest >= 8) return KERNELS(avx2);
#endif
  TORCH_CHECK(type == at::kFloat, "needs Float32");
  return KERNELS(plain);
}

float *data(const at::Tensor &t) {
  TORCH_CHECK(t.is_cpu() && t.is_contiguous() && t.scalar_type() == at::kFloat,
              "needs a contiguous Float32 tensor on the CPU");
  return t.data_ptr<float>();
}

Numbers numbers(const at::Tensor &t) {
  const bool half = t.scalar_type() == at::kBFloat16;
  TORCH_CHECK(t.is_cpu() && t.is_contiguous() && (half || t.scalar_type() == at::kFloat),
              "needs a contiguous Float32 or BFloat16 tensor on the CPU");
  return {t.data_ptr(), half};
}

/// Keys and values of all layers: where they are, and how far apart heads lie.
struct Slots {
  char *keys, *values;
  long layers, heads, count, width, size;  // size: bytes of a number
  long key_stride, value_stride;           // numbers from one head to the next

  Slots(const at::Tensor &k, const at::Tensor &v) {
    const bool half = k.scalar_type() == at::kBFloat16;
    TORCH_CHECK(k.is_contiguous() && v.is_contiguous() && k.is_cpu() && v.is_cpu() &&
                    v.scalar_type() == k.scalar_type() && v.dim() == (half ? 5 : 4),
                "slots of another kind");
    keys = static_cast<char *>(k.data_ptr());
    values = static_cast<char *>(v.data_ptr());
    layers = k.size(0), heads = k.size(1), count = k.size(2), width = k.size(3);
    size = k.element_size();
    key_stride = count * width;
    value_stride = v.numel() / (layers * heads);
  }

  /// Of head `head`, counted over all layers.
  char *key(long head) const { return keys + head * key_stride * size; }
  char *value(long head) const { return values + head * value_stride * size; }
};

Placing placing(const at::Tensor &matrix, bool transposed, long width) {
  const float *m = data(matrix);
  Placing p;
  for (int column = 0; column < 4; column++)
    for (int row = 0; row < 4; row++)
      p.columns[column][row] = transposed ? m[column * 4 + row] : m[row * 4 + column];
  p.width = width;
  return p;
}

/// With a table [T, G or 1, A or 1, n], for one of its heads.
Placing turned(Placing p, const at::Tensor &cosines, const at::Tensor &sines, long groups,
               long head = 0) {
  const long heads = cosines.size(1), some = cosines.size(2), n = cosines.size(3);
  TORCH_CHECK(4 * groups * n == p.width && (some == groups || some == 1), "a table of other angles");
  const long offset = heads == 1 ? 0 : head * some * n;
  p.cosines = data(cosines) + offset;
  p.sines = data(sines) + offset;
  p.groups = groups;
  p.pairs = n;
  p.token_stride = heads * some * n;
  p.head_stride = heads == 1 ? 0 : some * n;
  p.group_stride = some == 1 ? 0 : n;
  return p;
}

/// Memory that a thread keeps for its next call.
float *scratch(size_t count) {
  thread_local std::vector<float> memory;
  if (memory.size() < count) memory.resize(count);
  return memory.data();
}

/// Memory for the queries of a layer, and for what they gather.
struct Workspace {
  std::vector<float> queries, sums, top, total;  // queries: more than enough for BFloat16

  void prepare(long heads, long tiles, long width, long d) {
    queries.resize(heads * tiles * d * width);
    sums.assign(heads * tiles * width * d, 0.f);
    top.assign(heads * tiles * width, -INFINITY);
    total.assign(heads * tiles * width, 0.f);
  }
};

}  // namespace

void ct_limit_lanes(int32_t lanes) { widest = lanes; }

int32_t ct_place(
    ct_arg keys, ct_arg values, ct_arg matrix, ct_arg cosines, ct_arg sines, int64_t first,
    ct_tensor *slot_keys, ct_tensor *slot_values, ct_optional value_cosines,
    ct_optional value_sines) {
  return status([&] {
    const auto &k = keys->value;
    const Slots slots(slot_keys->value, slot_values->value);
    const long tokens = k.size(1), heads = slots.heads, d = slots.width;
    TORCH_CHECK(k.size(0) == slots.layers && k.size(2) == heads && k.size(3) == d &&
                    first + tokens <= slots.count && cosines->value.size(0) == tokens,
                "other slots");
    const float *from_k = data(k), *from_v = data(values->value);
    const Placing plain = placing(matrix->value, false, d);
    std::vector<Placing> turns, value_turns(heads, plain);
    for (long g = 0; g < heads; g++)
      turns.push_back(turned(plain, cosines->value, sines->value, cosines->value.size(2), g));
    if (value_cosines)
      for (long g = 0; g < heads; g++)
        value_turns[g] = turned(plain, value_cosines->value, value_sines->value,
                                value_cosines->value.size(2), g);
    const Kernels all = kernels(slot_keys->value.scalar_type());
    // All heads of a few tokens after one another, since that is how they lie in memory.
    const long few = 8, parts = (tokens + few - 1) / few;
    parallel(slots.layers * parts, [&](long task) {
      const long layer = task / parts, begin = task % parts * few;
      const long end = std::min(tokens, begin + few);
      for (long g = 0; g < heads; g++) {
        const long from = (layer * tokens * heads + g) * d, head = layer * heads + g;
        all.place_keys(turns[g], begin, end, from_k + from, heads * d, slots.key(head), first);
        all.place_values(value_turns[g], begin, end, from_v + from, heads * d, slots.value(head),
                         first);
      }
    });
  });
}

ct_tensor *ct_attend(
    ct_arg projections, ct_arg query_gains, ct_arg key_gains, ct_arg lens, ct_arg inverse,
    ct_arg cosines, ct_arg sines, int32_t groups, int64_t layer, ct_tensor *slot_keys,
    ct_tensor *slot_values, ct_tensor *raw_keys, ct_tensor *raw_values, ct_optional value_cosines,
    ct_optional value_sines, ct_optional back_sines) {
  return tensor([&] {
    const Kernels all = kernels(slot_keys->value.scalar_type());
    const Slots slots(slot_keys->value, slot_values->value);
    const long shared = slots.heads, d = slots.width, width = all.tile_width;
    const long channels = projections->value.size(-1), heads = channels / d - 2 * shared;
    const long tokens = projections->value.numel() / channels;
    const long tiles = (tokens + width - 1) / width;
    TORCH_CHECK(d % 16 == 0 && d <= max_width && slots.count >= tokens && heads % shared == 0,
                "shapes that no attention has");

    thread_local Workspace workspace;
    Workspace &w = workspace;
    w.prepare(heads, tiles, width, d);
    const Placing own_key = placing(inverse->value, false, d);
    Placing own_value = own_key, out_placing = placing(lens->value, false, d);
    if (value_cosines) {
      own_value = turned(own_key, value_cosines->value, value_sines->value, groups);
      out_placing = turned(out_placing, value_cosines->value, back_sines->value, groups);
    }
    const Own own{
        numbers(projections->value), data(query_gains->value), data(key_gains->value),
        1 / std::sqrt(float(d)),
        turned(placing(lens->value, true, d), cosines->value, sines->value, groups),
        turned(own_key, cosines->value, sines->value, groups), own_value,
        heads, shared, tokens, tiles, slots.count, w.queries.data(),
        slots.key(layer * shared), slots.value(layer * shared),
        slots.key_stride, slots.value_stride,
        raw_keys ? data(raw_keys->value) : nullptr, raw_values ? data(raw_values->value) : nullptr};
    parallel(tokens, [&](long t) { all.own_token(own, t); }, small / channels);

    auto shape = projections->value.sizes().vec();
    shape.back() = heads * d;
    auto result = at::empty(shape, projections->value.options());
    const Numbers out = numbers(result);
    // Whole heads where there are enough of them: their keys then stay in one core's cache.
    const long wanted = 3 * at::get_num_threads();
    const long parts = std::min(tiles, std::max(1L, (wanted + heads - 1) / heads));
    const char *queries = reinterpret_cast<const char *>(w.queries.data());
    parallel(heads * parts, [&](long task) {
      const long h = task / parts, part = task % parts;
      const long g = layer * shared + h / (heads / shared);
      const long begin = tiles * part / parts, end = tiles * (part + 1) / parts;
      std::vector<Tile> some;
      for (long t = begin; t < end; t++) {
        const long i = h * tiles + t;
        some.push_back({queries + i * d * width * slots.size,
                        std::min(width, tokens - t * width), &w.sums[i * width * d],
                        &w.top[i * width], &w.total[i * width]});
      }
      all.attend(some.data(), some.size(), slots.key(g), slots.value(g), slots.count, d,
                 scratch(all.block_keys * width * 3 / 2));
      for (long t = begin; t < end; t++)
        all.finish(some[t - begin], out_placing, t * width,
                   h / (heads / shared) * out_placing.head_stride, out,
                   (t * width * heads + h) * d, heads * d);
    });
    return result;
  });
}

int32_t ct_add_norm(
    ct_arg stream, ct_arg update, ct_arg gate, ct_arg weight, ct_arg bias, int32_t dtype,
    ct_tensor **sum, ct_tensor **normed) {
  return status([&] {
    const auto &h = stream->value;
    const long width = h.size(-1);
    TORCH_CHECK(update->value.sizes() == h.sizes() && gate->value.numel() == width &&
                    weight->value.numel() == width && bias->value.numel() == width,
                "shapes that don't add up");
    auto a = at::empty_like(h), b = at::empty_like(h, static_cast<at::ScalarType>(dtype));
    const Sum s{data(h), data(gate->value), data(weight->value), data(bias->value),
                numbers(update->value), numbers(b), data(a), width};
    const Kernels all = kernels(at::kFloat);
    parallel(
        h.numel() / width, [&](long row) { all.add_norm(s, row, scratch(2 * width)); },
        small / width);
    *sum = new ct_tensor{a};
    *normed = new ct_tensor{b};
  });
}
