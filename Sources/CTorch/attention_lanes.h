// Attention for one head on the CPU: plain vectors, so that one source serves every instruction
// set. Included once for each, with ISA (a namespace), LANES, KEYS, GATHER and HALF defined.
//
// HALF: queries, keys, values and weights are BFloat16 and multiplied in pairs (AVX-512 BF16), with
// sums in Float32. Pairs are two channels of a query or a key, or two keys' values or weights.
//
// Queries lie side by side in the lanes of a vector; keys and values are rows in memory. A block of
// keys is scored against a tile of queries (S = K Qᵀ), its softmax taken with a running maximum
// (Milakov & Gimelshein, arXiv 1805.02867), and the values added up.

#define UNROLL _Pragma("clang loop unroll(full)")

namespace ISA {

typedef float Lanes __attribute__((ext_vector_type(LANES)));
typedef int Ints __attribute__((ext_vector_type(LANES)));

constexpr long tile_width = 2 * LANES;  // queries worked on together
constexpr long block_keys = 256;        // keys whose scores are held at a time

inline Lanes load(const float *p) {
  Lanes v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}

inline void store(float *p, Lanes v) { __builtin_memcpy(p, &v, sizeof v); }

/// e^x for x <= 0, to 2e-7 of its value; 0 below -87.
inline Lanes exponential(Lanes x) {
  const Lanes low = -87.f;
  const Lanes y = __builtin_elementwise_max(x, low);
  const Lanes n = __builtin_elementwise_rint(y * 1.44269504f);
  const Lanes f = (y - n * 0.693145752f) - n * 1.42860677e-6f;
  Lanes p = 1.38888889e-3f;
  p = p * f + 8.33333333e-3f;
  p = p * f + 4.16666667e-2f;
  p = p * f + 1.66666667e-1f;
  p = p * f + 0.5f;
  p = p * f + 1.f;
  p = p * f + 1.f;
  const Ints bits = (__builtin_convertvector(n, Ints) + 127) << 23;
  Lanes power;
  __builtin_memcpy(&power, &bits, sizeof power);
  const Lanes zero = 0.f;
  return x < low ? zero : p * power;
}

inline unsigned short half_of(float x) {  // to nearest even
  unsigned bits;
  __builtin_memcpy(&bits, &x, sizeof bits);
  return (unsigned short)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

inline float whole_of(unsigned short x) {
  const unsigned bits = unsigned(x) << 16;
  float y;
  __builtin_memcpy(&y, &bits, sizeof y);
  return y;
}

/// n numbers from `at` on, as Float32: where they are, or converted to `room`.
inline const float *read(const Numbers &x, long at, long n, float *room) {
  if (!x.half) return static_cast<const float *>(x.data) + at;
  const unsigned short *from = static_cast<const unsigned short *>(x.data) + at;
  for (long i = 0; i < n; i++) room[i] = whole_of(from[i]);
  return room;
}

inline void write(const Numbers &x, long at, long n, const float *from) {
  if (!x.half) {
    __builtin_memcpy(static_cast<float *>(x.data) + at, from, n * sizeof(float));
    return;
  }
  unsigned short *to = static_cast<unsigned short *>(x.data) + at;
  for (long i = 0; i < n; i++) to[i] = half_of(from[i]);
}

#if HALF
typedef unsigned short Number;
inline Number number(float x) { return half_of(x); }

inline __m512bh load_pairs(const Number *p) {
  __m512bh v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}

/// One pair in every lane.
inline __m512bh pair(const Number *p) {
  int both;
  __builtin_memcpy(&both, p, sizeof both);
  return (__m512bh)_mm512_set1_epi32(both);
}

inline Ints nearest(Lanes x) {
  Ints bits;
  __builtin_memcpy(&bits, &x, sizeof bits);
  return bits + 0x7fff + ((bits >> 16) & 1);
}

/// Where channel i of the query in a lane is, and channel i of slot t's value.
inline long query_at(long i, long lane) { return (i / 2 * tile_width + lane) * 2 + i % 2; }
inline long value_at(long t, long i, long d) { return (t / 2 * d + i) * 2 + t % 2; }
#else
typedef float Number;
inline Number number(float x) { return x; }
inline long query_at(long i, long lane) { return i * tile_width + lane; }
inline long value_at(long t, long i, long d) { return t * d + i; }
#endif

/// Scores of R keys for V vectors of queries; `top` becomes the greatest so far.
template <int R, int V>
inline void score(const Number *queries, const Number *keys, long d, float *scores, Lanes *top) {
  Lanes sum[R][V];
  UNROLL for (int r = 0; r < R; r++)
    UNROLL for (int v = 0; v < V; v++) sum[r][v] = 0.f;
#if HALF
  for (long i = 0; i < d; i += 2) {
    __m512bh q[V];
    UNROLL for (int v = 0; v < V; v++) q[v] = load_pairs(queries + query_at(i, v * LANES));
    UNROLL for (int r = 0; r < R; r++) {
      const __m512bh k = pair(keys + r * d + i);
      UNROLL for (int v = 0; v < V; v++) sum[r][v] = _mm512_dpbf16_ps(sum[r][v], k, q[v]);
    }
  }
#else
  for (long i = 0; i < d; i++) {
    Lanes q[V];
    UNROLL for (int v = 0; v < V; v++) q[v] = load(queries + query_at(i, v * LANES));
    UNROLL for (int r = 0; r < R; r++) {
      const Lanes k = keys[r * d + i];
      UNROLL for (int v = 0; v < V; v++) sum[r][v] += k * q[v];
    }
  }
#endif
  UNROLL for (int r = 0; r < R; r++)
    UNROLL for (int v = 0; v < V; v++) {
      store(scores + r * tile_width + v * LANES, sum[r][v]);
      top[v] = __builtin_elementwise_max(top[v], sum[r][v]);
    }
}

/// Adds weighted values to R queries' sums, C vectors of channels wide.
template <int R, int C>
inline void gather(const Number *weights, const Number *values, long keys, long d, float *sums) {
  Lanes sum[R][C];
  UNROLL for (int r = 0; r < R; r++)
    UNROLL for (int c = 0; c < C; c++) sum[r][c] = load(sums + r * d + c * LANES);
#if HALF
  for (long k = 0; k < keys; k += 2) {
    __m512bh x[C];
    UNROLL for (int c = 0; c < C; c++) x[c] = load_pairs(values + k * d + c * 2 * LANES);
    UNROLL for (int r = 0; r < R; r++) {
      const __m512bh w = pair(weights + k * tile_width + 2 * r);
      UNROLL for (int c = 0; c < C; c++) sum[r][c] = _mm512_dpbf16_ps(sum[r][c], w, x[c]);
    }
  }
#else
  for (long k = 0; k < keys; k++) {
    Lanes x[C];
    UNROLL for (int c = 0; c < C; c++) x[c] = load(values + k * d + c * LANES);
    UNROLL for (int r = 0; r < R; r++) {
      const Lanes w = weights[k * tile_width + r];
      UNROLL for (int c = 0; c < C; c++) sum[r][c] += w * x[c];
    }
  }
#endif
  UNROLL for (int r = 0; r < R; r++)
    UNROLL for (int c = 0; c < C; c++) store(sums + r * d + c * LANES, sum[r][c]);
}

/// The channels of R queries from one on, four vectors at a time, then what is left.
template <int R>
inline void gather_rows(const Number *weights, long q, const Number *values, long keys, long d,
                        float *sums) {
  const Number *w = weights + (HALF ? 2 * q : q);
  long c = 0;
  for (; c + GATHER * LANES <= d; c += GATHER * LANES)
    gather<R, GATHER>(w, values + value_at(0, c, d), keys, d, sums + q * d + c);
  for (; c < d; c += LANES)
    gather<R, 1>(w, values + value_at(0, c, d), keys, d, sums + q * d + c);
}

/// Scores to weights, whose sums are added to `total`; returns where the weights are.
template <int V>
inline const Number *weigh(float *scores, long keys, const Lanes *top, Lanes *total) {
#if HALF
  Number *weights = reinterpret_cast<Number *>(scores + block_keys * tile_width);
  for (long k = 0; k < keys; k += 2)
    UNROLL for (int v = 0; v < V; v++) {
      const float *p = scores + k * tile_width + v * LANES;
      const Lanes a = exponential(load(p) - top[v]);
      const Lanes zero = 0.f;
      const Lanes b = k + 1 < keys ? exponential(load(p + tile_width) - top[v]) : zero;
      const Ints both = ((nearest(a) >> 16) & 0xffff) | (nearest(b) & (int)0xffff0000);
      __builtin_memcpy(weights + k * tile_width + 2 * v * LANES, &both, sizeof both);
      total[v] += a + b;
    }
  return weights;
#else
  for (long k = 0; k < keys; k++)
    UNROLL for (int v = 0; v < V; v++) {
      float *p = scores + k * tile_width + v * LANES;
      const Lanes weight = exponential(load(p) - top[v]);
      store(p, weight);
      total[v] += weight;
    }
  return scores;
#endif
}

/// Takes a block of keys and values into a tile.
template <int V>
void add_block(Tile &tile, const Number *keys, const Number *values, long n, long d,
               float *scores) {
  const Number *queries = static_cast<const Number *>(tile.queries);
  Lanes former[V], top[V], total[V];
  UNROLL for (int v = 0; v < V; v++) top[v] = former[v] = load(tile.top + v * LANES);
  long k = 0;
  for (; k + KEYS <= n; k += KEYS)
    score<KEYS, V>(queries, keys + k * d, d, scores + k * tile_width, top);
  for (; k < n; k++) score<1, V>(queries, keys + k * d, d, scores + k * tile_width, top);

  UNROLL for (int v = 0; v < V; v++) {
    const Lanes shrink = exponential(former[v] - top[v]);
    total[v] = load(tile.total + v * LANES) * shrink;
    store(tile.top + v * LANES, top[v]);
    store(tile.total + v * LANES, shrink);  // borrowed for the loop below
  }
  for (long q = 0; q < tile.count; q++)
    if (tile.total[q] != 1.f)
      for (long i = 0; i < d; i++) tile.sums[q * d + i] *= tile.total[q];
  const Number *weights = weigh<V>(scores, n, top, total);
  UNROLL for (int v = 0; v < V; v++) store(tile.total + v * LANES, total[v]);

  long q = 0;
  for (; q + 4 <= tile.count; q += 4) gather_rows<4>(weights, q, values, n, d, tile.sums);
  for (; q < tile.count; q++) gather_rows<1>(weights, q, values, n, d, tile.sums);
}

/// softmax(Q Kᵀ) V for tiles of queries of one head, without dividing by the weights' sum.
///
/// `scores` has room for 3/2 block_keys * tile_width numbers.
void attend(Tile *tiles, long count, const void *keys, const void *values, long n, long d,
            float *scores) {
  for (long k = 0; k < n; k += block_keys) {
    const long some = n - k < block_keys ? n - k : block_keys;
    const Number *from_k = static_cast<const Number *>(keys) + k * d;
    const Number *from_v = static_cast<const Number *>(values) + k * d;
    for (long t = 0; t < count; t++) {
      if (tiles[t].count > LANES)
        add_block<2>(tiles[t], from_k, from_v, some, d, scores);
      else
        add_block<1>(tiles[t], from_k, from_v, some, d, scores);
    }
  }
}

#include "placing_lanes.h"

}  // namespace ISA

#undef UNROLL
