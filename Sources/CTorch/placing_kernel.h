// Placing heads' channels, one thread for eight of them: one text for NVRTC, which makes a GPU's kernels
// of it, and for the C++ compiler, which makes the same loops for a test without a GPU. The CPU's own
// way, in placing.cpp, goes by rows.
#pragma once

#ifdef __CUDACC_RTC__
#define PLACING_DEVICE __device__ inline
#else
#define PLACING_DEVICE inline
#endif

namespace placing {

typedef long long Long;

/// Numbers of 16 bits with a float's exponent.
struct Half {
  unsigned short bits;
};

PLACING_DEVICE float number(float x) { return x; }
PLACING_DEVICE float number(Half x) {
  union {
    unsigned bits;
    float value;
  } u = {unsigned(x.bits) << 16};
  return u.value;
}

PLACING_DEVICE void set(float &to, float x) { to = x; }
PLACING_DEVICE void set(Half &to, float x) {
  union {
    float value;
    unsigned bits;
  } u = {x};
  const unsigned nearest = u.bits + 0x7fff + ((u.bits >> 16) & 1);  // to even
  to.bits = x != x ? 0x7fc0 : (unsigned short)(nearest >> 16);
}

/// Neighbours, to be moved at once.
template <class N, int count>
struct alignas(count * sizeof(N)) Several {
  N at[count];
};

/// How results and what they are made of lie in memory; strides are 0 where all share the same.
struct Shape {
  Long lead[3];     // of the result: [lead.., tokens, heads, width]
  Long from[3];     // the leading axes' strides of x, whose other axes are the result's
  Long table[3];    // of the cosines and sines
  Long table_token, table_head, table_group;
  int tokens, heads, width;
  int groups, pairs;  // of the second half: width / 2 = 2 groups pairs
  int share;          // neighbouring heads with the same table
};

/// A place on the leading axes of the result.
struct Lead {
  Long at[3];

  PLACING_DEVICE Lead(Long before, const Shape &s)
      : at{before / s.lead[2] / s.lead[1], before / s.lead[2] % s.lead[1], before % s.lead[2]} {}

  PLACING_DEVICE Long offset(const Long *strides) const {
    return at[0] * strides[0] + at[1] * strides[1] + at[2] * strides[2];
  }
};

/// Calls `f` with every place of the result that is made of one of x's own places.
template <class F>
PLACING_DEVICE void for_results(Long own, const Shape &s, F f) {
  Long at[3], count[3];
  for (int k = 2; k >= 0; k--) {
    count[k] = s.from[k] == 0 ? s.lead[k] : 1;
    const Long size = s.lead[k] / count[k];
    at[k] = own % size;
    own /= size;
  }
  for (Long a = at[0]; a < at[0] + count[0]; a++)
    for (Long b = at[1]; b < at[1] + count[1]; b++)
      for (Long c = at[2]; c < at[2] + count[2]; c++) f((a * s.lead[1] + b) * s.lead[2] + c);
}

/// The token and head of row i of [.., tokens, heads], and what is before them.
struct Row {
  Long before;
  int token, head;

  PLACING_DEVICE Row(Long i, const Shape &s) {
    head = int(i % s.heads);
    i /= s.heads;
    token = int(i % s.tokens);
    before = i / s.tokens;
  }
};

/// Where a pair's cosine and sine are.
PLACING_DEVICE Long table_at(const Shape &s, Long first, const Row &row, int pair) {
  return first + row.token * s.table_token + row.head / s.share * s.table_head +
         pair / s.pairs * s.table_group + pair % s.pairs;
}

/// Four channels of each half of a row: part i % (width / 8) of row i / (width / 8) of the result.
/// `matrix` has 4 x 4 numbers for each of the leading axes.
template <class N>
PLACING_DEVICE void forward(
    Long i, const Shape &s, const N *x, const float *matrix, const N *cosines, const N *sines, N *y) {
  const int parts = s.width / 8, part = int(i % parts), half = s.width / 2;
  const Row row(i / parts, s);
  const Lead lead(row.before, s);
  const N *from = x + lead.offset(s.from) + (Long(row.token) * s.heads + row.head) * s.width;
  N *to = y + i / parts * s.width;
  const float *m = matrix + 16 * row.before;
  const Several<N, 4> v = *reinterpret_cast<const Several<N, 4> *>(from + 4 * part);
  Several<N, 4> w;
  for (int r = 0; r < 4; r++)
    set(w.at[r], m[4 * r] * number(v.at[0]) + m[4 * r + 1] * number(v.at[1]) +
                     m[4 * r + 2] * number(v.at[2]) + m[4 * r + 3] * number(v.at[3]));
  *reinterpret_cast<Several<N, 4> *>(to + 4 * part) = w;
  // Two pairs: their first channels are neighbours, and so are the second ones.
  const int pair = 2 * part, first = half + pair + pair / s.pairs * s.pairs;
  const Several<N, 2> p = *reinterpret_cast<const Several<N, 2> *>(from + first),
                      q = *reinterpret_cast<const Several<N, 2> *>(from + first + s.pairs);
  Several<N, 2> u = p, t = q;
  if (cosines) {
    const Long at = table_at(s, lead.offset(s.table), row, pair);
    for (int k = 0; k < 2; k++) {
      const float cosine = number(cosines[at + k]), sine = number(sines[at + k]);
      set(u.at[k], number(p.at[k]) * cosine - number(q.at[k]) * sine);
      set(t.at[k], number(p.at[k]) * sine + number(q.at[k]) * cosine);
    }
  }
  *reinterpret_cast<Several<N, 2> *>(to + first) = u;
  *reinterpret_cast<Several<N, 2> *>(to + first + s.pairs) = t;
}

/// The gradient of x from that of the result: the same part of a row of x, summed over the leading axes
/// along which x is the same.
template <class N>
PLACING_DEVICE void backward(
    Long i, const Shape &s, const N *dy, const float *matrix, const N *cosines, const N *sines, N *dx) {
  const int parts = s.width / 8, part = int(i % parts), half = s.width / 2;
  const Row row(i / parts, s);
  const int pair = 2 * part, first = half + pair + pair / s.pairs * s.pairs;
  float v[4] = {0, 0, 0, 0}, p[2] = {0, 0}, q[2] = {0, 0};
  for_results(row.before, s, [&](Long before) {
    const N *from = dy + ((before * s.tokens + row.token) * s.heads + row.head) * s.width;
    const float *m = matrix + 16 * before;
    const Several<N, 4> w = *reinterpret_cast<const Several<N, 4> *>(from + 4 * part);
    for (int r = 0; r < 4; r++)
      for (int k = 0; k < 4; k++) v[k] += m[4 * r + k] * number(w.at[r]);
    const Several<N, 2> u = *reinterpret_cast<const Several<N, 2> *>(from + first),
                        t = *reinterpret_cast<const Several<N, 2> *>(from + first + s.pairs);
    const Long place = table_at(s, Lead(before, s).offset(s.table), row, pair);
    for (int k = 0; k < 2; k++) {
      const float cosine = cosines ? number(cosines[place + k]) : 1;
      const float sine = cosines ? number(sines[place + k]) : 0;
      p[k] += number(u.at[k]) * cosine + number(t.at[k]) * sine;
      q[k] += number(t.at[k]) * cosine - number(u.at[k]) * sine;
    }
  });
  N *to = dx + i / parts * s.width;
  Several<N, 4> g;
  Several<N, 2> gp, gq;
  for (int k = 0; k < 4; k++) set(g.at[k], v[k]);
  for (int k = 0; k < 2; k++) {
    set(gp.at[k], p[k]);
    set(gq.at[k], q[k]);
  }
  *reinterpret_cast<Several<N, 4> *>(to + 4 * part) = g;
  *reinterpret_cast<Several<N, 2> *>(to + first) = gp;
  *reinterpret_cast<Several<N, 2> *>(to + first + s.pairs) = gq;
}

}  // namespace placing

#ifdef __CUDACC_RTC__

#define PLACING_KERNEL(name, way, N)                                                            \
  extern "C" __global__ void name(                                                              \
      placing::Long count, placing::Shape shape, const N *x, const float *matrix,               \
      const N *cosines, const N *sines, N *y) {                                                 \
    const placing::Long i = placing::Long(blockIdx.x) * blockDim.x + threadIdx.x;               \
    if (i < count) placing::way(i, shape, x, matrix, cosines, sines, y);                        \
  }

PLACING_KERNEL(place_forward_float32, forward, float)
PLACING_KERNEL(place_backward_float32, backward, float)
PLACING_KERNEL(place_forward_bfloat16, forward, placing::Half)
PLACING_KERNEL(place_backward_bfloat16, backward, placing::Half)

#endif
