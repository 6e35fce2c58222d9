// Placing heads' channels, one thread for eight or sixteen of them: one text for NVRTC, which makes a GPU's
// kernels of it, and for the C++ compiler, which makes the same loops for a test without a GPU. The CPU's
// own way, in placing.cpp, goes by rows.
#pragma once

#include "half_numbers.h"

namespace placing {

using namespace numbers;

typedef long long Long;

/// How results and what they are made of lie in memory; strides are 0 where all share the same.
struct Shape {
  int lead[3];      // of the result: [lead.., tokens, heads, width]
  Long to[3];       // its leading axes' strides; the other axes are without gaps
  Long from[3];     // the leading axes' strides of x, whose other axes are the result's
  Long table[3];    // of the cosines and sines
  Long table_token, table_head, table_group;
  int tokens, heads, width;
  int groups, pairs;  // of the second half: width / 2 = 2 groups pairs
  int share;          // neighbouring heads with the same table
};

/// A place on the leading axes of the result.
struct Lead {
  int at[3];

  NUMBERS_DEVICE Lead(int a, int b, int c) : at{a, b, c} {}

  NUMBERS_DEVICE Lead(unsigned before, const Shape &s) {
    at[2] = before % s.lead[2];
    before /= s.lead[2];
    at[1] = before % s.lead[1];
    at[0] = before / s.lead[1];
  }

  NUMBERS_DEVICE Long offset(const Long *strides) const {
    return at[0] * strides[0] + at[1] * strides[1] + at[2] * strides[2];
  }

  /// Its number, and its matrix's.
  NUMBERS_DEVICE Long number(const Shape &s) const {
    return (Long(at[0]) * s.lead[1] + at[1]) * s.lead[2] + at[2];
  }
};

/// Calls `f` with every place of the result that is made of one of x's own places.
template <class F>
NUMBERS_DEVICE void for_results(unsigned own, const Shape &s, F f) {
  int at[3], count[3];
  for (int k = 2; k >= 0; k--) {
    count[k] = s.from[k] == 0 ? s.lead[k] : 1;
    const unsigned size = s.lead[k] / count[k];
    at[k] = own % size;
    own /= size;
  }
  for (int a = at[0]; a < at[0] + count[0]; a++)
    for (int b = at[1]; b < at[1] + count[1]; b++)
      for (int c = at[2]; c < at[2] + count[2]; c++) f(Lead(a, b, c));
}

/// The token and head of row i of [.., tokens, heads], and what is before them.
struct Row {
  unsigned before;
  int token, head;

  NUMBERS_DEVICE Row(unsigned i, const Shape &s) {
    head = i % s.heads;
    i /= s.heads;
    token = i % s.tokens;
    before = i / s.tokens;
  }

  /// Where it begins behind its place on the leading axes.
  NUMBERS_DEVICE Long offset(const Shape &s) const {
    return (Long(token) * s.heads + head) * s.width;
  }
};

/// Where a pair's cosine and sine are.
NUMBERS_DEVICE Long table_at(const Shape &s, Long first, const Row &row, int pair) {
  return first + row.token * s.table_token + row.head / s.share * s.table_head +
         pair / s.pairs * s.table_group + pair % s.pairs;
}

template <class N, int count>
NUMBERS_DEVICE void read(const N *from, float *to) {
  const Several<N, count> v = *reinterpret_cast<const Several<N, count> *>(from);
  for (int k = 0; k < count; k++) to[k] = number(v.at[k]);
}

template <class N, int count>
NUMBERS_DEVICE void write(const float *from, N *to) {
  Several<N, count> v;
  for (int k = 0; k < count; k++) set(v.at[k], from[k]);
  *reinterpret_cast<Several<N, count> *>(to) = v;
}

/// So many pairs, and as many channels of the first half, of a row: part i % (width / 4 pairs) of row
/// i / (width / 4 pairs) of the result. `matrix` has 4 x 4 numbers for each of the leading axes.
template <class N, int some>
NUMBERS_DEVICE void forward(
    unsigned i, const Shape &s, const N *x, const float *matrix, const N *cosines, const N *sines, N *y) {
  const int parts = s.width / (4 * some), part = i % parts, half = s.width / 2;
  const Row row(i / parts, s);
  const Lead lead(row.before, s);
  const N *from = x + lead.offset(s.from) + row.offset(s);
  N *to = y + lead.offset(s.to) + row.offset(s);
  const float *m = matrix + 16ll * row.before;
  float v[2 * some], w[2 * some];
  read<N, 2 * some>(from + 2 * some * part, v);
  for (int k = 0; k < 2 * some; k += 4)
    for (int r = 0; r < 4; r++)
      w[k + r] = m[4 * r] * v[k] + m[4 * r + 1] * v[k + 1] + m[4 * r + 2] * v[k + 2] + m[4 * r + 3] * v[k + 3];
  write<N, 2 * some>(w, to + 2 * some * part);
  // The pairs' first channels are neighbours, and so are the second ones.
  const int pair = some * part, first = half + pair + pair / s.pairs * s.pairs;
  float p[some], q[some];
  read<N, some>(from + first, p);
  read<N, some>(from + first + s.pairs, q);
  if (cosines) {
    const Long at = table_at(s, lead.offset(s.table), row, pair);
    for (int k = 0; k < some; k++) {
      const float cosine = number(cosines[at + k]), sine = number(sines[at + k]);
      const float a = p[k] * cosine - q[k] * sine, b = p[k] * sine + q[k] * cosine;
      p[k] = a;
      q[k] = b;
    }
  }
  write<N, some>(p, to + first);
  write<N, some>(q, to + first + s.pairs);
}

/// The gradient of x from that of the result: the same part of a row of x, summed over the leading axes
/// along which x is the same.
template <class N, int some>
NUMBERS_DEVICE void backward(
    unsigned i, const Shape &s, const N *dy, const float *matrix, const N *cosines, const N *sines, N *dx) {
  const int parts = s.width / (4 * some), part = i % parts, half = s.width / 2;
  const Row row(i / parts, s);
  const int pair = some * part, first = half + pair + pair / s.pairs * s.pairs;
  const Long in_table = table_at(s, 0, row, pair);
  float v[2 * some], p[some], q[some];
  for (int k = 0; k < 2 * some; k++) v[k] = 0;
  for (int k = 0; k < some; k++) p[k] = q[k] = 0;
  for_results(row.before, s, [&](const Lead &lead) {
    const N *from = dy + lead.offset(s.to) + row.offset(s);
    const float *m = matrix + 16 * lead.number(s);
    float w[2 * some], u[some], t[some];
    read<N, 2 * some>(from + 2 * some * part, w);
    read<N, some>(from + first, u);
    read<N, some>(from + first + s.pairs, t);
    for (int k = 0; k < 2 * some; k += 4)
      for (int r = 0; r < 4; r++)
        for (int c = 0; c < 4; c++) v[k + c] += m[4 * r + c] * w[k + r];
    const Long place = in_table + lead.offset(s.table);
    for (int k = 0; k < some; k++) {
      const float cosine = cosines ? number(cosines[place + k]) : 1;
      const float sine = cosines ? number(sines[place + k]) : 0;
      p[k] += u[k] * cosine + t[k] * sine;
      q[k] += t[k] * cosine - u[k] * sine;
    }
  });
  N *to = dx + Long(i / parts) * s.width;
  write<N, 2 * some>(v, to + 2 * some * part);
  write<N, some>(p, to + first);
  write<N, some>(q, to + first + s.pairs);
}

/// How many pairs a thread has.
NUMBERS_DEVICE int pairs_of_thread(const Shape &s) { return s.pairs % 4 == 0 ? 4 : 2; }

}  // namespace placing

#ifdef __CUDACC_RTC__

#define PLACING_KERNEL(name, way, N)                                                            \
  extern "C" __global__ void name(                                                              \
      unsigned count, placing::Shape shape, const N *x, const float *matrix, const N *cosines,  \
      const N *sines, N *y) {                                                                   \
    const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;                                   \
    if (i >= count) return;                                                                     \
    if (placing::pairs_of_thread(shape) == 4)                                                   \
      placing::way<N, 4>(i, shape, x, matrix, cosines, sines, y);                               \
    else                                                                                        \
      placing::way<N, 2>(i, shape, x, matrix, cosines, sines, y);                               \
  }

PLACING_KERNEL(place_forward_float32, forward, float)
PLACING_KERNEL(place_backward_float32, backward, float)
PLACING_KERNEL(place_forward_bfloat16, forward, numbers::Half)
PLACING_KERNEL(place_backward_bfloat16, backward, numbers::Half)

#endif
