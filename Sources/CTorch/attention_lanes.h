// Attention for one head on the CPU, in Float32: plain vectors, so that one source serves every
// instruction set. Included once for each, with ISA (a namespace), LANES and KEYS defined.
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

/// Scores of R keys for V vectors of queries; `top` becomes the greatest so far.
template <int R, int V>
inline void score(const float *queries, const float *keys, long d, float *scores, Lanes *top) {
  Lanes sum[R][V];
  UNROLL for (int r = 0; r < R; r++)
    UNROLL for (int v = 0; v < V; v++) sum[r][v] = 0.f;
  for (long i = 0; i < d; i++) {
    Lanes q[V];
    UNROLL for (int v = 0; v < V; v++) q[v] = load(queries + i * tile_width + v * LANES);
    UNROLL for (int r = 0; r < R; r++) {
      const Lanes k = keys[r * d + i];
      UNROLL for (int v = 0; v < V; v++) sum[r][v] += k * q[v];
    }
  }
  UNROLL for (int r = 0; r < R; r++)
    UNROLL for (int v = 0; v < V; v++) {
      store(scores + r * tile_width + v * LANES, sum[r][v]);
      top[v] = __builtin_elementwise_max(top[v], sum[r][v]);
    }
}

/// Adds weighted values to R queries' sums, C vectors of channels wide.
template <int R, int C>
inline void gather(const float *weights, const float *values, long keys, long d, float *sums) {
  Lanes sum[R][C];
  UNROLL for (int r = 0; r < R; r++)
    UNROLL for (int c = 0; c < C; c++) sum[r][c] = load(sums + r * d + c * LANES);
  for (long k = 0; k < keys; k++) {
    Lanes x[C];
    UNROLL for (int c = 0; c < C; c++) x[c] = load(values + k * d + c * LANES);
    UNROLL for (int r = 0; r < R; r++) {
      const Lanes w = weights[k * tile_width + r];
      UNROLL for (int c = 0; c < C; c++) sum[r][c] += w * x[c];
    }
  }
  UNROLL for (int r = 0; r < R; r++)
    UNROLL for (int c = 0; c < C; c++) store(sums + r * d + c * LANES, sum[r][c]);
}

/// The channels of R queries, four vectors at a time, then what is left.
template <int R>
inline void gather_rows(const float *weights, const float *values, long keys, long d, float *sums) {
  long c = 0;
  for (; c + GATHER * LANES <= d; c += GATHER * LANES)
    gather<R, GATHER>(weights, values + c, keys, d, sums + c);
  for (; c < d; c += LANES) gather<R, 1>(weights, values + c, keys, d, sums + c);
}

template <int V>
void add_block(Tile &tile, const float *keys, const float *values, long n, long d, float *scores) {
  Lanes former[V], top[V], total[V];
  UNROLL for (int v = 0; v < V; v++) top[v] = former[v] = load(tile.top + v * LANES);
  long k = 0;
  for (; k + KEYS <= n; k += KEYS)
    score<KEYS, V>(tile.queries, keys + k * d, d, scores + k * tile_width, top);
  for (; k < n; k++) score<1, V>(tile.queries, keys + k * d, d, scores + k * tile_width, top);

  UNROLL for (int v = 0; v < V; v++) {
    const Lanes shrink = exponential(former[v] - top[v]);
    total[v] = load(tile.total + v * LANES) * shrink;
    store(tile.top + v * LANES, top[v]);
    store(tile.total + v * LANES, shrink);  // borrowed for the loop below
  }
  for (long q = 0; q < tile.count; q++)
    if (tile.total[q] != 1.f)
      for (long i = 0; i < d; i++) tile.sums[q * d + i] *= tile.total[q];
  for (k = 0; k < n; k++)
    UNROLL for (int v = 0; v < V; v++) {
      float *p = scores + k * tile_width + v * LANES;
      const Lanes weight = exponential(load(p) - top[v]);
      store(p, weight);
      total[v] += weight;
    }
  UNROLL for (int v = 0; v < V; v++) store(tile.total + v * LANES, total[v]);

  long q = 0;
  for (; q + 4 <= tile.count; q += 4)
    gather_rows<4>(scores + q, values, n, d, tile.sums + q * d);
  for (; q < tile.count; q++) gather_rows<1>(scores + q, values, n, d, tile.sums + q * d);
}

/// softmax(Q Kᵀ) V for tiles of queries of one head, without dividing by the weights' sum.
///
/// `scores` has room for block_keys * tile_width numbers.
void attend(Tile *tiles, long count, const float *keys, const float *values, long n, long d,
            float *scores) {
  for (long k = 0; k < n; k += block_keys) {
    const long some = n - k < block_keys ? n - k : block_keys;
    for (long t = 0; t < count; t++) {
      if (tiles[t].count > LANES)
        add_block<2>(tiles[t], keys + k * d, values + k * d, some, d, scores);
      else
        add_block<1>(tiles[t], keys + k * d, values + k * d, some, d, scores);
    }
  }
}

/// Channel j of every four, four times.
template <int j>
inline Lanes spread(Lanes x) {
#if LANES == 16
  return __builtin_shufflevector(x, x, j, j, j, j, 4 + j, 4 + j, 4 + j, 4 + j, 8 + j, 8 + j, 8 + j,
                                 8 + j, 12 + j, 12 + j, 12 + j, 12 + j);
#elif LANES == 8
  return __builtin_shufflevector(x, x, j, j, j, j, 4 + j, 4 + j, 4 + j, 4 + j);
#else
  return __builtin_shufflevector(x, x, j, j, j, j);
#endif
}

/// A column of a 4 x 4 matrix, repeated.
inline Lanes repeated(Four column) {
  Lanes v;
  UNROLL for (int i = 0; i < LANES; i++) v[i] = column[i % 4];
  return v;
}

/// Channels, four by four, times a 4 x 4 matrix, given by its columns.
inline void transform(const Four *columns, const float *x, long n, float *out) {
  long i = 0;
  const Lanes c0 = repeated(columns[0]), c1 = repeated(columns[1]);
  const Lanes c2 = repeated(columns[2]), c3 = repeated(columns[3]);
  for (; i + LANES <= n; i += LANES) {
    const Lanes v = load(x + i);
    store(out + i, c0 * spread<0>(v) + c1 * spread<1>(v) + c2 * spread<2>(v) + c3 * spread<3>(v));
  }
  for (; i < n; i += 4) {
    const Four y = columns[0] * x[i] + columns[1] * x[i + 1] + columns[2] * x[i + 2] +
                   columns[3] * x[i + 3];
    __builtin_memcpy(out + i, &y, sizeof y);
  }
}

/// Turns N pairs of channels: (x[i], x[i + N]) by the angle of table entry i.
template <int N>
inline void turn(const float *cosines, const float *sines, const float *x, float *out) {
  float u[N], v[N];
  for (int i = 0; i < N; i++) u[i] = x[i] * cosines[i] - x[i + N] * sines[i];
  for (int i = 0; i < N; i++) v[i] = x[i] * sines[i] + x[i + N] * cosines[i];
  __builtin_memcpy(out, u, sizeof u);
  __builtin_memcpy(out + N, v, sizeof v);
}

/// Places one token's channels of one head: the first half by a matrix, the second turned group by
/// group, or as it is without a table.
inline void place(const Placing &p, long token, const float *x, float *out) {
  const long half = p.width / 2;
  transform(p.columns, x, half, out);
  if (!p.cosines) {
    __builtin_memmove(out + half, x + half, half * sizeof(float));
    return;
  }
  for (long a = 0; a < p.groups; a++) {
    const long at = token * p.token_stride + a * p.group_stride, n = p.pairs;
    const float *c = p.cosines + at, *s = p.sines + at, *from = x + half + a * 2 * n;
    float *to = out + half + a * 2 * n;
    if (n == 8) {
      turn<8>(c, s, from, to);
    } else if (n == 16) {
      turn<16>(c, s, from, to);
    } else {
      for (long i = 0; i < n; i++) {
        const float u = from[i], v = from[i + n];
        to[i] = u * c[i] - v * s[i];
        to[i + n] = u * s[i] + v * c[i];
      }
    }
  }
}

/// Tokens in rows, each placed and written with its own stride.
void place_rows(const Placing &p, long tokens, const float *x, long x_stride, float *out,
                long out_stride) {
  for (long t = 0; t < tokens; t++) place(p, t, x + t * x_stride, out + t * out_stride);
}

/// Root mean square 1, then gains and a factor.
inline void normalize(const float *x, const float *gains, float factor, long d, float *out) {
  Four squares = 0.f;
  for (long i = 0; i < d; i += 4) {
    Four v;
    __builtin_memcpy(&v, x + i, sizeof v);
    squares += v * v;
  }
  const float sum = squares[0] + squares[1] + squares[2] + squares[3];
  const float scale = factor / __builtin_sqrtf(sum / d + 1e-6f);
  for (long i = 0; i < d; i++) out[i] = x[i] * scale * gains[i];
}

/// One token's queries, keys and values out of a row of projections.
void own_token(const Own &o, long t) {
  const long d = o.key.width, heads = o.heads, shared = o.shared;
  float y[max_width], z[max_width];
  const float *x = o.projections + t * (heads + 2 * shared) * d;
  const long tile = t / tile_width, lane = t % tile_width;
  for (long h = 0; h < heads; h++, x += d) {
    normalize(x, o.query_gains, o.query_factor, d, y);
    place(o.query, t, y, z);
    float *panel = o.queries + (h * o.tiles + tile) * d * tile_width + lane;
    for (long i = 0; i < d; i++) panel[i * tile_width] = z[i];
  }
  for (long g = 0; g < shared; g++, x += d) {
    normalize(x, o.key_gains, 1, d, y);
    if (o.raw_keys) __builtin_memcpy(o.raw_keys + (t * shared + g) * d, y, d * sizeof(float));
    place(o.key, t, y, o.keys + (g * o.slots + t) * d);
  }
  for (long g = 0; g < shared; g++, x += d) {
    if (o.raw_values) __builtin_memcpy(o.raw_values + (t * shared + g) * d, x, d * sizeof(float));
    place(o.value, t, x, o.values + (g * o.slots + t) * d);
  }
}

/// A tile's sums divided by its weights and placed back, into rows of all heads' channels.
void finish(const Tile &tile, const Placing &out, float *rows, long stride) {
  const long d = out.width;
  float y[max_width];
  for (long q = 0; q < tile.count; q++) {
    const float share = 1 / tile.total[q];
    for (long i = 0; i < d; i++) y[i] = tile.sums[q * d + i] * share;
    place(out, 0, y, rows + q * stride);
  }
}

}  // namespace ISA

#undef UNROLL
