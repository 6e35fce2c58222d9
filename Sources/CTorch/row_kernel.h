// What layers do to rows of channels between their products, one pass each: one text for NVRTC, which
// makes a GPU's kernels of it, and for the C++ compiler, which makes the same loops for a test without a
// GPU. There a row belongs to WIDTH / 8 lanes at most, here to one.
#pragma once

#include "half_numbers.h"

namespace rows {

using namespace numbers;

/// How rows share what scales and shifts them: groups of neighbours, each gone through by so many teams
/// of lanes, whose sums of the group's gradients stay apart.
struct Shape {
  int groups, each;  // rows a group
  int teams;         // a group
  float epsilon;
  bool centred;  // whether the mean is taken away first
};

/// The sum of the team's values, in each of its lanes.
template <int lanes>
NUMBERS_DEVICE float team_sum(float x) {
#ifdef __CUDACC_RTC__
  // Other teams of the warp may be elsewhere, or done.
  const unsigned team = threadIdx.x % 32 / lanes * lanes;
  const unsigned all = (lanes == 32 ? 0xffffffffu : (1u << lanes % 32) - 1) << team;
  for (int step = lanes / 2; step > 0; step /= 2) x += __shfl_xor_sync(all, x, step);
#endif
  return x;
}

/// A row's numbers in one lane: parts of eight neighbours, `lanes` parts apart.
template <int width, int lanes>
struct Part {
  static constexpr int count = (width / 8 + lanes - 1) / lanes;
  static constexpr bool whole = width / 8 % lanes == 0;
  float at[count][8];

  static NUMBERS_DEVICE bool has(int lane, int part) { return whole || lane + part * lanes < width / 8; }

  template <class N>
  NUMBERS_DEVICE void read(const N *row, int lane) {
    for (int part = 0; part < count; part++) {
      Several<N, 8> v = {};
      if (has(lane, part)) v = reinterpret_cast<const Several<N, 8> *>(row)[lane + part * lanes];
      for (int k = 0; k < 8; k++) at[part][k] = number(v.at[k]);
    }
  }

  template <class N>
  NUMBERS_DEVICE void write(N *row, int lane) const {
    for (int part = 0; part < count; part++) {
      Several<N, 8> v;
      for (int k = 0; k < 8; k++) set(v.at[k], at[part][k]);
      if (has(lane, part)) reinterpret_cast<Several<N, 8> *>(row)[lane + part * lanes] = v;
    }
  }

  NUMBERS_DEVICE void fill(float x) {
    each([&](float &value, int, int) { value = x; });
  }

  /// Calls `f` with every number, its part and its place there.
  template <class F>
  NUMBERS_DEVICE void each(F f) {
    for (int part = 0; part < count; part++)
      for (int k = 0; k < 8; k++) f(at[part][k], part, k);
  }

  /// Makes it mean 0, if asked for, and mean square 1.
  ///
  /// Returns what it was divided by, turned round.
  NUMBERS_DEVICE float normalize(const Shape &s, int lane) {
    float sum = 0;
    if (s.centred) {
      each([&](float &x, int, int) { sum += x; });
      const float mean = team_sum<lanes>(sum) / width;
      each([&](float &x, int part, int) { x = has(lane, part) ? x - mean : 0; });
    }
    sum = 0;
    each([&](float &x, int, int) { sum += x * x; });
    const float scale = 1 / square_root(team_sum<lanes>(sum) / width + s.epsilon);
    each([&](float &x, int, int) { x *= scale; });
    return scale;
  }
};

/// Row i of `x`, its norm times a group's weight plus its bias, if there are any.
template <class N, int width, int lanes>
NUMBERS_DEVICE void norm_forward(
    long long i, int lane, const Shape &s, const N *x, const N *weight, const N *bias, N *y) {
  Part<width, lanes> row, factor, shift;
  row.read(x + i * width, lane);
  row.normalize(s, lane);
  const long long group = i / s.each * width;
  factor.read(weight + group, lane);
  if (bias) shift.read(bias + group, lane); else shift.fill(0);
  row.each([&](float &v, int part, int k) { v = v * factor.at[part][k] + shift.at[part][k]; });
  row.write(y + i * width, lane);
}

/// The gradients of team i's rows, and the sums of weight's and bias' over those rows, in `sums`
/// `[teams, 2, width]`.
template <class N, int width, int lanes>
NUMBERS_DEVICE void norm_backward(
    int i, int lane, const Shape &s, const N *dy, const N *x, const N *weight, N *dx, float *sums) {
  Part<width, lanes> row, up, factor, of_weight, of_bias;
  const long long group = i / s.teams;
  factor.read(weight + group * width, lane);
  of_weight.fill(0);
  of_bias.fill(0);
  for (int r = i % s.teams; r < s.each; r += s.teams) {
    const long long at = (group * s.each + r) * width;
    row.read(x + at, lane);
    up.read(dy + at, lane);
    const float scale = row.normalize(s, lane);
    float sum = 0, product = 0;
    up.each([&](float &v, int part, int k) {
      of_bias.at[part][k] += v;
      of_weight.at[part][k] += v * row.at[part][k];
      v *= factor.at[part][k];
      sum += v;
      product += v * row.at[part][k];
    });
    sum = s.centred ? team_sum<lanes>(sum) / width : 0;
    product = team_sum<lanes>(product) / width;
    up.each([&](float &v, int part, int k) { v = scale * (v - sum - row.at[part][k] * product); });
    up.write(dx + at, lane);
  }
  of_weight.write(sums + 2ll * i * width, lane);
  of_bias.write(sums + 2ll * i * width + width, lane);
}

/// Row i of `x` and of `y` times its group's weight, added up.
template <class N, int width, int lanes>
NUMBERS_DEVICE void gate_forward(
    long long i, int lane, const Shape &s, const N *x, const N *y, const N *weight, N *sum) {
  Part<width, lanes> row, more, factor;
  row.read(x + i * width, lane);
  more.read(y + i * width, lane);
  factor.read(weight + i / s.each * width, lane);
  row.each([&](float &v, int part, int k) { v += more.at[part][k] * factor.at[part][k]; });
  row.write(sum + i * width, lane);
}

/// The gradients of y in team i's rows, and weight's sums over them, in `sums` `[teams, width]`.
template <class N, int width, int lanes>
NUMBERS_DEVICE void gate_backward(
    int i, int lane, const Shape &s, const N *dsum, const N *y, const N *weight, N *dy, float *sums) {
  Part<width, lanes> row, up, factor, of_weight;
  const long long group = i / s.teams;
  factor.read(weight + group * width, lane);
  of_weight.fill(0);
  for (int r = i % s.teams; r < s.each; r += s.teams) {
    const long long at = (group * s.each + r) * width;
    row.read(y + at, lane);
    up.read(dsum + at, lane);
    up.each([&](float &v, int part, int k) {
      of_weight.at[part][k] += v * row.at[part][k];
      v *= factor.at[part][k];
    });
    up.write(dy + at, lane);
  }
  of_weight.write(sums + 1ll * i * width, lane);
}

/// Eight numbers of `silu(a) * b`.
template <class N>
NUMBERS_DEVICE void swish_forward(long long i, const N *a, const N *b, N *y) {
  Part<8, 1> gate, up;
  gate.read(a + 8 * i, 0);
  up.read(b + 8 * i, 0);
  gate.each([&](float &v, int part, int k) { v = v / (1 + exponential(-v)) * up.at[part][k]; });
  gate.write(y + 8 * i, 0);
}

/// The gradients of a and of b.
template <class N>
NUMBERS_DEVICE void swish_backward(long long i, const N *dy, const N *a, const N *b, N *da, N *db) {
  Part<8, 1> gate, up, out;
  gate.read(a + 8 * i, 0);
  up.read(b + 8 * i, 0);
  out.read(dy + 8 * i, 0);
  gate.each([&](float &v, int part, int k) {
    const float open = 1 / (1 + exponential(-v)), back = out.at[part][k];
    out.at[part][k] = back * up.at[part][k] * open * (1 + v * (1 - open));
    up.at[part][k] = back * v * open;
  });
  out.write(da + 8 * i, 0);
  up.write(db + 8 * i, 0);
}

}  // namespace rows

#ifdef __CUDACC_RTC__

// WIDTH and LANES, a power of two up to 32, are given when it is compiled. A team's lanes are neighbours.
#define ROW_KERNEL(name, N, type, parameters, call)                                \
  extern "C" __global__ void __launch_bounds__(256, 2) name##_##type parameters {  \
    const long long i = (blockIdx.x * 256ll + threadIdx.x) / LANES;                \
    const int lane = threadIdx.x % LANES;                                          \
    if (i < count) rows::name<N, WIDTH, LANES> call;                               \
  }

#define EIGHTS_KERNEL(name, N, type, parameters, call)                             \
  extern "C" __global__ void name##_##type parameters {                            \
    const long long i = blockIdx.x * 256ll + threadIdx.x;                          \
    if (i < count) rows::name<N> call;                                             \
  }

#define ALL_KERNELS(N, type)                                                                      \
  ROW_KERNEL(norm_forward, N, type,                                                               \
             (long long count, rows::Shape s, const N *x, const N *weight, const N *bias, N *y),  \
             (i, lane, s, x, weight, bias, y))                                                    \
  ROW_KERNEL(norm_backward, N, type,                                                              \
             (long long count, rows::Shape s, const N *dy, const N *x, const N *weight, N *dx,    \
              float *sums),                                                                       \
             (int(i), lane, s, dy, x, weight, dx, sums))                                          \
  ROW_KERNEL(gate_forward, N, type,                                                               \
             (long long count, rows::Shape s, const N *x, const N *y, const N *weight, N *sum),   \
             (i, lane, s, x, y, weight, sum))                                                     \
  ROW_KERNEL(gate_backward, N, type,                                                              \
             (long long count, rows::Shape s, const N *dsum, const N *y, const N *weight, N *dy,  \
              float *sums),                                                                       \
             (int(i), lane, s, dsum, y, weight, dy, sums))                                        \
  EIGHTS_KERNEL(swish_forward, N, type, (long long count, const N *a, const N *b, N *y),          \
                (i, a, b, y))                                                                     \
  EIGHTS_KERNEL(swish_backward, N, type,                                                          \
                (long long count, const N *dy, const N *a, const N *b, N *da, N *db),             \
                (i, dy, a, b, da, db))

ALL_KERNELS(float, float32)
ALL_KERNELS(numbers::Half, bfloat16)

#endif
