// More patterns of a figure on a ground: floors, stones, plants, water.
#pragma once
#include "textures.h"

// How much of a detail of `count` periods a cell survives in a sample.
TRACER_FN real fine(spot p, float count) { return clamped(1.8f - 2.0f * p.width * count); }

// Boards three cells long, at right angles to their neighbours.
TRACER_FN mark herringbone(spot p, float line, unsigned int seed) {
  constexpr float boards = 3.0f;
  real i = floor_of(p.u), j = floor_of(p.v);
  real phase = fraction((i - j + 0.25f) * (0.5f / boards)) * (2.0f * boards);
  real k = floor_of(phase);
  mask level = k < boards;
  real behind = select(level, k, 2.0f * boards - 1.0f - k);
  real along = behind + select(level, p.u - i, p.v - j);
  real across = select(level, p.v - j, p.u - i);
  real cell = select(level, cell_hash(i - behind, j, seed), cell_hash(i, j - behind, seed + 7u));
  real inside = bar(across, 1.0f - line, p.width)
    * edge(min_of(along, boards - along) - line * 0.5f, p.width);
  real rings = 0.5f + 0.5f * wave(across * 2.0f + cell * 9.0f
    + noise(along * 0.5f + cell * 60.0f, across * 2.0f, seed) * 1.5f);
  return {max_of(1.0f - inside, rings * 0.45f * fine(p, 2.0f)), cell};
}

TRACER_FN mark hexagons(spot p, float line, unsigned int seed) {
  constexpr float high = 1.7320508f;
  real i = floor_of(p.u + 0.5f), j = floor_of(p.v * (1.0f / high) + 0.5f);
  real au = p.u - i, av = p.v - j * high;
  real k = floor_of(p.u), l = floor_of(p.v * (1.0f / high));
  real bu = p.u - k - 0.5f, bv = p.v - (l + 0.5f) * high;
  mask first = au * au + av * av < bu * bu + bv * bv;
  real u = abs_of(select(first, au, bu)), v = abs_of(select(first, av, bv));
  real off = 0.5f - max_of(u, 0.5f * u + 0.8660254f * v);
  real cell = select(first, cell_hash(i, j, seed), cell_hash(k, l, seed + 7u));
  return {edge(line * 0.5f - off, p.width), cell};
}

// Rounded stones: dark joints, and a side in shade.
TRACER_FN mark cobbles(spot p, float line, unsigned int seed) {
  pebble at = pebble_at(p, seed);
  real dome = clamped(at.gap * 2.2f);
  real shade = (0.5f + 0.9f * (at.du * 0.6f + at.dv * 0.8f)) * (1.0f - dome * 0.35f);
  real joint = edge(line * 0.5f - at.gap, p.width + 0.12f);
  return {max_of(joint, clamped(shade) * 0.55f * fine(p, 1.0f)), at.cell};
}

// One layer of leaves, a cell each, turned as they fell. Covers what is below.
TRACER_FN void leaf(spot p, natural key, real u, real v, mark &m) {
  real turn = hash(key), c = wave(turn), s = wave(turn + 0.25f);
  real x = u * c - v * s, y = u * s + v * c;
  real across = abs_of(y), half = 0.2f + 0.1f * hash(key + 31u);
  real inside = edge(half * (1.0f - x * x * 4.4f) - across, p.width + 0.02f);
  real rib = edge(0.018f - across, p.width + 0.01f) * fine(p, 4.0f);
  real side = select(y > 0.0f, real(0.1f), real(-0.06f)) * fine(p, 1.5f);
  real tone = clamped(0.15f + 0.7f * hash(key + 62u) + side + 0.25f * rib + 0.25f * x);
  m = {mix(m.figure, 0.55f + 0.45f * tone, inside), mix(m.cell, tone, inside)};
}

TRACER_FN mark leaves(spot p, float line, unsigned int seed) {
  mark m = {real(0.0f), 0.25f + 0.3f * noise(p.u * 2.0f, p.v * 2.0f, seed)};
  int layers = 3 + int(line * 4.0f);
  for (int k = 0; k < layers; k++) {
    real u = p.u + float(k) * 0.37f, v = p.v + float(k) * 0.61f;
    u = u + 0.5f * floor_of(v);
    real i = floor_of(u), j = floor_of(v);
    natural key = key_of(int_of(i), int_of(j), seed + unsigned(k) * 977u);
    leaf(p, key, u - i - 0.5f, v - j - 0.5f, m);
  }
  return m;
}

// Blades in front of blades; they lean, and are brighter at their tips.
TRACER_FN mark grass(spot p, unsigned int seed) {
  real tone = 0.2f, drift = noise(p.u * 0.5f, p.v * 0.5f, seed + 5u) - 0.5f;
  for (int k = 0; k < 4; k++) {
    real row = p.v * 1.3f + float(k) * 0.31f;
    real j = floor_of(row), up = row - j;
    real lean = (cell_hash(j, real(float(k)), seed) - 0.5f) * 0.8f + drift;
    real u = p.u * 5.0f + float(k) * 0.4f + lean * up * up * 2.5f + j * 0.53f;
    real i = floor_of(u);
    natural key = key_of(int_of(i), int_of(j), seed + unsigned(k) * 977u);
    real tall = 0.55f + 0.45f * hash(key);
    real half = 0.42f * clamped(1.0f - up / tall);
    real blade = edge(half - abs_of(u - i - 0.5f), p.width * 5.0f + 0.08f)
      * clamped(half * 20.0f);
    tone = mix(tone, clamped(0.12f + 0.55f * up + 0.5f * hash(key + 31u)), blade);
  }
  real near = mix(real(0.42f), tone, fine(p, 3.0f));
  return {near, clamped(near + drift * 0.5f)};
}

// Ripples that bend, fork and fade.
TRACER_FN mark waves(spot p, unsigned int seed) {
  real drift = noise(p.u * 0.35f, p.v * 0.5f, seed) - 0.5f;
  real bend = noise(p.u * 0.8f, p.v * 1.1f, seed + 3u) - 0.5f + 1.5f * drift;
  real a = wave(p.v + bend), b = wave(p.v * 0.73f + p.u * 0.14f + bend * 1.2f + 0.3f);
  real c = wave(p.v * 2.3f - p.u * 0.25f + bend * 1.7f) * fine(p, 2.5f);
  real height = clamped(0.5f + 0.25f * (0.9f * a + 0.7f * b + 0.4f * c));
  real crest = height * height * (3.0f - 2.0f * height);
  return {mix(real(0.4f), crest, fine(p, 1.0f)), clamped(0.5f + drift + 0.3f * (height - 0.5f))};
}

// Cracks in cells, and finer ones within.
TRACER_FN mark cracks(spot p, float line, unsigned int seed) {
  real bend = rich_noise(p.u, p.v, p.width, 1.5f, seed + 3u) * 0.35f;
  spot q = {p.u + bend, p.v - bend, p.width};
  pebble coarse = pebble_at(q, seed);
  pebble small = pebble_at({q.u * 2.7f, q.v * 2.7f, p.width * 2.7f}, seed + 9u);
  real wide = line * 0.16f * (0.4f + noise(p.u * 0.8f, p.v * 0.8f, seed + 21u));
  real first = edge(wide - coarse.gap, p.width + 0.01f)
    * clamped(2.5f * wide / (p.width + 0.01f));
  real second = edge(wide * 1.2f - small.gap, p.width * 2.7f + 0.02f) * 0.7f * fine(p, 2.7f)
    * edge(coarse.cell - 0.35f, real(0.2f));
  real curl = clamped(1.0f - coarse.gap * 4.0f) * 0.2f * fine(p, 1.5f);
  return {max_of(max_of(first, second), curl), mix(coarse.cell, small.cell, 0.35f * fine(p, 2.7f))};
}

// Rows of rounded scales, each row over the one below, with a shadow at the rim.
TRACER_FN mark shingles(spot p, float line, unsigned int seed) {
  real row = floor_of(p.v), v = p.v - row;
  real u = p.u + 0.5f * fraction(row * 0.5f) * 2.0f;
  real i = floor_of(u), f = u - i - 0.5f;
  real arc = 0.5f - sqrt_of(max_of(0.26f - f * f, real(0.0f)));  // the rim's height over v = 0
  mask own = v > arc;
  real other = row - 1.0f, w = p.u + 0.5f * fraction(other * 0.5f) * 2.0f;
  real cell = select(own, cell_hash(i, row, seed), cell_hash(floor_of(w), other, seed));
  real shadow = clamped(1.0f - (arc - v) * (3.0f / (0.3f + line))) * 0.8f;
  real rim = edge(line * 0.12f - abs_of(v - arc), p.width) * 0.6f;
  real inside = select(own, clamped((v - arc) * 0.35f), shadow);
  return {max_of(inside, rim) * fine(p, 1.0f) + 0.3f * (1.0f - fine(p, 1.0f)), cell};
}

// Rows of stitches in the shape of a V, some in a second colour as a motif that repeats.
TRACER_FN mark knit(spot p, float line, unsigned int seed) {
  real f = fraction(p.u), slant = abs_of(f - 0.5f);
  real v = p.v * 1.3f + slant * 1.5f, row = floor_of(v), g = v - row - 0.5f;
  real side = abs_of(slant - 0.25f) * 4.0f;  // 0 in the middle of a stitch's leg, 1 beside it
  real round = clamped(1.15f - side * side * 0.8f - 3.2f * g * g);
  real fibre = noise(p.u * 5.0f + v * 4.0f, v * 9.0f - slant * 9.0f, seed + 3u) - 0.5f;
  real lit = clamped(round + 0.4f * fibre * fine(p, 6.0f));
  real x = abs_of(fraction((floor_of(p.u) + 0.5f) * (1.0f / 12.0f)) - 0.5f) * 12.0f;
  real y = row - 16.0f * floor_of(row * (1.0f / 16.0f));
  real motif = cell_hash(floor_of(x), y, seed);
  real coloured = select(motif < line, real(1.0f), real(0.0f));
  return {mix(real(line), coloured, fine(p, 1.0f)), mix(real(0.5f), lit, fine(p, 1.2f))};
}
