// Placing heads' channels on a CPU, one token of all heads at a time: included by placing.cpp once for each
// instruction set, in a namespace of its own.

namespace ISA {

/// Four channels by four times a matrix given by its columns.
template <class N>
inline void transform(const Four *columns, const N *x, long n, float *out) {
  for (long i = 0; i < n; i += 4) {
    const Four y = columns[0] * number(x[i]) + columns[1] * number(x[i + 1]) +
                   columns[2] * number(x[i + 2]) + columns[3] * number(x[i + 3]);
    __builtin_memcpy(out + i, &y, sizeof y);
  }
}

/// A group's pairs turned by the table's angles, or back (way = -1).
template <int way, class N>
inline void turn(const N *cosines, const N *sines, const N *x, long pairs, float *out) {
  for (long i = 0; i < pairs; i++) {
    const float cosine = number(cosines[i]), sine = way * number(sines[i]);
    const float a = number(x[i]), b = number(x[i + pairs]);
    out[i] = a * cosine - b * sine;
    out[i + pairs] = a * sine + b * cosine;
  }
}

/// Where the table of a token's head begins.
inline Long table_at(const Shape &s, const Lead &lead, long token, long head) {
  return lead.offset(s.table) + token * s.table_token + head / s.share * s.table_head;
}

/// One head's channels placed by the table from j on, or, by the transposed matrix, a gradient brought
/// back (way = -1).
template <int way, class N>
inline void place(
    const Shape &s, const Four *columns, const N *x, const N *cosines, const N *sines, Long j,
    float *out) {
  const long half = s.width / 2;
  transform(columns, x, half, out);
  if (!cosines) {
    for (long i = half; i < s.width; i++) out[i] = number(x[i]);
    return;
  }
  for (long g = 0; g < s.groups; g++)
    turn<way>(cosines + j + g * s.table_group, sines + j + g * s.table_group,
              x + half + g * 2 * s.pairs, s.pairs, out + half + g * 2 * s.pairs);
}

/// One token of the result; `before`: where it is on the leading axes.
template <class N>
void forward(
    const Shape &s, Long before, long token, const N *x, const float *matrix, const N *cosines,
    const N *sines, N *y) {
  float out[max_width];
  Four columns[4];
  read_columns(matrix + 16 * before, columns, false);
  const Lead at(before, s);
  const N *from = x + at.offset(s.from) + token * s.heads * s.width;
  N *to = y + at.offset(s.to) + token * s.heads * s.width;
  for (long h = 0; h < s.heads; h++, from += s.width, to += s.width) {
    place<1>(s, columns, from, cosines, sines, table_at(s, at, token, h), out);
    for (long i = 0; i < s.width; i++) set(to[i], out[i]);
  }
}

/// One token of the gradient of x: a sum over the results that are made of it.
template <class N>
void backward(
    const Shape &s, Long own, long token, const N *dy, const float *matrix, const N *cosines,
    const N *sines, N *dx) {
  float out[max_width], sum[max_width];
  Four columns[4];
  for (long h = 0; h < s.heads; h++) {
    for (long i = 0; i < s.width; i++) sum[i] = 0;
    for_results(own, s, [&](const Lead &at) {
      read_columns(matrix + 16 * at.number(s), columns, true);
      const N *from = dy + at.offset(s.to) + (token * s.heads + h) * s.width;
      const Long j = table_at(s, at, token, h);
      place<-1>(s, columns, from, cosines, sines, j, out);
      for (long i = 0; i < s.width; i++) sum[i] += out[i];
    });
    N *to = dx + ((own * s.tokens + token) * s.heads + h) * s.width;
    for (long i = 0; i < s.width; i++) set(to[i], sum[i]);
  }
}

}  // namespace ISA
