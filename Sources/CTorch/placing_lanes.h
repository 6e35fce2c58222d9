// What happens to a token's queries, keys and values on their way into attention and out of it. A
// part of attention_lanes.h, included in the middle of it.

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
/// group, or as it is without a table. `offset`: of the head in the table.
inline void place(const Placing &p, long token, const float *x, float *out, long offset = 0) {
  const long half = p.width / 2;
  transform(p.columns, x, half, out);
  if (!p.cosines) {
    __builtin_memmove(out + half, x + half, half * sizeof(float));
    return;
  }
  for (long a = 0; a < p.groups; a++) {
    const long at = offset + token * p.token_stride + a * p.group_stride, n = p.pairs;
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

/// Writes one token's keys to a slot of a head's.
inline void put_key(void *keys, long slot, long d, const float *x) {
  Number *out = static_cast<Number *>(keys) + slot * d;
  for (long i = 0; i < d; i++) out[i] = number(x[i]);
}

inline void put_value(void *values, long slot, long d, const float *x) {
  Number *out = static_cast<Number *>(values) + value_at(slot, 0, d);
  const long step = value_at(0, 1, d);
  for (long i = 0; i < d; i++) out[i * step] = number(x[i]);
}

/// A frame's raw keys of one head, tokens begin..<end, to slots from `first` on.
void place_keys(const Placing &p, long begin, long end, const float *x, long stride, void *keys,
                long first) {
  float y[max_width];
  for (long t = begin; t < end; t++) {
    place(p, t, x + t * stride, y);
    put_key(keys, first + t, p.width, y);
  }
}

void place_values(const Placing &p, long begin, long end, const float *x, long stride,
                  void *values, long first) {
  float y[2 * max_width];
  const long d = p.width;
  long t = begin;
#if HALF
  for (; t < end && ((first + t) % 2 != 0 || t + 1 == end); t++) {
    place(p, t, x + t * stride, y);
    put_value(values, first + t, d, y);
  }
  for (; t + 1 < end; t += 2) {
    float *z = y + max_width;
    place(p, t, x + t * stride, y);
    place(p, t + 1, x + (t + 1) * stride, z);
    Number *out = static_cast<Number *>(values) + value_at(first + t, 0, d);
    for (long i = 0; i < d; i += LANES) {
      const Ints both = ((nearest(load(y + i)) >> 16) & 0xffff) |
                        (nearest(load(z + i)) & (int)0xffff0000);
      __builtin_memcpy(out + 2 * i, &both, sizeof both);
    }
  }
#endif
  for (; t < end; t++) {
    place(p, t, x + t * stride, y);
    put_value(values, first + t, d, y);
  }
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
  const long tile = t / tile_width, lane = t % tile_width, slot = o.slots - o.tokens + t;
  float room[max_width], y[max_width], z[max_width];
  long at = t * (heads + 2 * shared) * d;
  for (long h = 0; h < heads; h++, at += d) {
    const float *x = read(o.projections, at, d, room);
    normalize(x, o.query_gains, o.query_factor, d, y);
    place(o.query, t, y, z);
    Number *panel = static_cast<Number *>(o.queries) + (h * o.tiles + tile) * d * tile_width;
    for (long i = 0; i < d; i++) panel[query_at(i, lane)] = number(z[i]);
  }
  for (long g = 0; g < shared; g++, at += d) {
    const float *x = read(o.projections, at, d, room);
    normalize(x, o.key_gains, 1, d, y);
    if (o.raw_keys) __builtin_memcpy(o.raw_keys + (t * shared + g) * d, y, d * sizeof(float));
    place(o.key, t, y, z);
    put_key(static_cast<Number *>(o.keys) + g * o.key_stride, slot, d, z);
  }
  for (long g = 0; g < shared; g++, at += d) {
    const float *x = read(o.projections, at, d, room);
    if (o.raw_values) __builtin_memcpy(o.raw_values + (t * shared + g) * d, x, d * sizeof(float));
    place(o.value, t, x, z, g * o.value.head_stride);
    put_value(static_cast<Number *>(o.values) + g * o.value_stride, slot, d, z);
  }
}

/// A tile's sums divided by its weights and placed back, into rows of all heads' channels; `first` is
/// its first token, `offset` that of the head in the table.
void finish(const Tile &tile, const Placing &p, long first, long offset, const Numbers &out,
            long at, long stride) {
  const long d = p.width;
  float y[max_width], z[max_width];
  for (long q = 0; q < tile.count; q++) {
    const float share = 1 / tile.total[q];
    for (long i = 0; i < d; i++) y[i] = tile.sums[q * d + i] * share;
    place(p, first + q, y, z, offset);
    write(out, at + q * stride, d, z);
  }
}

/// h + gate y, and its layer norm with a weight and a bias: rows of n numbers. `room` has 2 n.
void add_norm(const Sum &s, long row, float *room) {
  const long n = s.width;
  const float *h = s.stream + row * n, *y = read(s.update, row * n, n, room);
  float *sum = s.sum + row * n, *out = room + n;
  Lanes total = 0.f;
  long i = 0;
  for (; i + LANES <= n; i += LANES) {
    const Lanes v = load(h + i) + load(y + i) * load(s.gate + i);
    store(sum + i, v);
    total += v;
  }
  float mean = 0;
  for (; i < n; i++) mean += sum[i] = h[i] + y[i] * s.gate[i];
  UNROLL for (int l = 0; l < LANES; l++) mean += total[l];
  mean /= n;
  Lanes squares = 0.f;
  for (i = 0; i + LANES <= n; i += LANES) {
    const Lanes v = load(sum + i) - mean;
    squares += v * v;
  }
  float variance = 0;
  for (; i < n; i++) variance += (sum[i] - mean) * (sum[i] - mean);
  UNROLL for (int l = 0; l < LANES; l++) variance += squares[l];
  const float scale = 1 / __builtin_sqrtf(variance / n + 1e-5f);
  for (i = 0; i < n; i++) out[i] = (sum[i] - mean) * scale * s.weight[i] + s.bias[i];
  write(s.normed, row * n, n, out);
}
