// Patterns of more than two colours, as rich as what hangs on walls and lies on floors.
#pragma once
#include "patterns.h"

// A surface's colour, and how much of its own light shines there.
struct coat {
  vec color;
  real glow;
};

// One of a material's four colours by a number in 0..<1.
TRACER_FN vec tint_of(const tracer_material &m, real which) {
  vec low = select(which < 0.25f, splat(m.ground[0]), splat(m.ground[1]));
  vec high = select(which < 0.75f, splat(m.figure[0]), splat(m.figure[1]));
  return select(which < 0.5f, low, high);
}

TRACER_FN vec mean_tint(const tracer_material &m) {
  return (splat(m.ground[0]) + splat(m.ground[1]) + splat(m.figure[0]) + splat(m.figure[1]))
    * real(0.25f);
}

// A number that steps through 0, 0.25, 0.5, 0.75 at random, smoothly from one to the next.
TRACER_FN vec blended(const tracer_material &m, real x, real width, unsigned int seed) {
  real i = floor_of(x);
  vec here = tint_of(m, cell_hash(i, real(1.0f), seed));
  vec next = tint_of(m, cell_hash(i + 1.0f, real(1.0f), seed));
  return mix(here, next, edge(x - i - 1.0f, max_of(width, real(1e-3f)) * 2.0f) * 2.0f);
}

// Noise that bends noise that bends noise, in all the colours, with relief and speckles.
TRACER_FN coat photo(const tracer_material &m, spot p) {
  unsigned int seed = m.seed;
  real a = rich_noise(p.u, p.v, p.width, 0.5f, seed);
  real b = rich_noise(p.u, p.v, p.width, 0.5f, seed + 17u);
  real c = rich_noise(p.u + 2.2f * a, p.v + 2.2f * b, p.width * 2.0f, 0.8f, seed + 31u);
  real d = rich_noise(p.u - 1.5f * c, p.v + 1.5f * c, p.width * 2.5f, 2.3f, seed + 47u);
  vec ground = mix(splat(m.ground[0]), splat(m.ground[1]), clamped(0.5f + 1.3f * c));
  vec figure = mix(splat(m.figure[0]), splat(m.figure[1]), clamped(0.5f + 1.2f * b));
  vec color = mix(ground, figure, clamped((a + 0.5f * d) * 1.8f + 0.4f));
  real vein = 1.0f - clamped(abs_of(c + 0.3f * d) * 9.0f);
  color = color * (1.0f - 0.45f * vein * fine(p, 1.0f));
  return {color * clamped(0.85f + 0.7f * d) * real(1.15f), real(1.0f)};
}

// Windows in a wall: their frames, what is behind the lit ones; only these glow.
TRACER_FN coat facade(const tracer_material &m, spot p, float line) {
  real i = floor_of(p.u), j = floor_of(p.v), u = p.u - i, v = p.v - j;
  natural key = key_of(int_of(i), int_of(j), m.seed);
  real lit = select(hash(key) < line, 0.45f + 0.55f * hash(key + 31u), real(0.0f));
  real pane = bar(u, 0.56f, p.width) * bar(v, 0.64f, p.width);
  real casing = bar(u, 0.68f, p.width) * bar(v, 0.76f, p.width);
  real cross = max_of(bar(u, 0.035f, p.width), bar(fraction(v + 0.35f), 0.035f, p.width));
  real blind = edge(v - 0.82f + 0.5f * hash(key + 62u), p.width + 0.02f);
  real stain = 0.75f + 0.5f * noise(p.u * 3.0f, p.v * 2.0f, m.seed + 5u);
  vec wall = mix(splat(m.ground[0]), splat(m.ground[1]), clamped(0.5f * stain));
  real sill = bar(fraction(v + 0.37f), 0.05f, p.width) * bar(u, 0.74f, p.width);
  wall = wall * (1.0f - 0.35f * sill);
  vec dark = splat(m.figure[0]) * (0.25f + 0.5f * v);
  vec bright = splat(m.figure[1]) * (0.45f + 0.55f * lit - 0.35f * blind);
  vec glass = mix(dark, bright, select(lit > 0.0f, real(1.0f), real(0.0f)));
  pane = pane * (1.0f - cross * fine(p, 8.0f));
  vec color = mix(wall, splat(m.ground[1]) * real(0.8f), casing - min_of(casing, pane));
  return {mix(color, glass, pane), pane * lit};
}

// A sheet with a picture and lines of writing under a heading, a cell each.
TRACER_FN coat posters(const tracer_material &m, spot p, float line) {
  real i = floor_of(p.u), j = floor_of(p.v), u = p.u - i, v = p.v - j;
  natural key = key_of(int_of(i), int_of(j), m.seed);
  real pick = hash(key), split = 0.3f + 0.35f * hash(key + 31u);
  vec paper = tint_of(m, pick), ink = tint_of(m, fraction(pick + 0.5f));
  vec other = tint_of(m, fraction(pick + 0.25f));
  real ru = (u - 0.5f) * 2.0f, rv = (v - split) / (0.94f - split);
  real bend = rich_noise(p.u, p.v, p.width, 3.0f, m.seed + 3u);
  real kind = hash(key + 62u);
  real disc = edge(0.42f - sqrt_of(ru * ru + (rv - 0.5f) * (rv - 0.5f)), p.width * 2.0f);
  real hill = edge(0.45f + 0.5f * bend + 0.2f * wave(u + pick) - rv, p.width * 2.0f);
  real bars = bar(fraction(u * 4.0f + rv * 3.0f), 0.5f, p.width * 5.0f) * fine(p, 5.0f)
    + 0.5f * (1.0f - fine(p, 5.0f));
  real shape = select(kind < 0.35f, disc, select(kind < 0.7f, hill, bars));
  vec picture = mix(other, ink, clamped(shape * (0.75f + bend)));
  real framed = edge(v - split, p.width) * edge(0.93f - v, p.width) * bar(u, 0.84f, p.width);
  real row = v * (3.5f / split), k = floor_of(row);
  real heading = select(k > 1.5f, real(1.0f), real(0.0f));
  real length = 0.3f + 0.55f * hash(key + bits_of(int_of(k)) * 977u);
  real word = select(heading > 0.5f, real(1.0f), edge(noise(u * 26.0f, k * 9.0f + 0.5f, m.seed)
    - 0.3f, real(0.2f)));
  real text = bar(fraction(row), 0.35f + 0.3f * heading, p.width * 8.0f)
    * bar(u, length, p.width) * mix(real(0.6f), word, fine(p, 14.0f))
    * edge(split * 0.97f - v, p.width) * edge(row - 0.4f, p.width * 8.0f);
  text = mix(real(0.2f), text, fine(p, 5.0f));
  vec sheet = mix(mix(paper, ink, text * 0.9f), picture, framed);
  real edges = bar(u, 1.0f - 0.3f * line, p.width) * bar(v, 1.0f - 0.2f * line, p.width);
  return {mix(mean_tint(m) * real(0.5f), sheet, edges), edges};
}

// Bands and diamonds in a mirrored square of 4 x 4 cells.
TRACER_FN coat rug(const tracer_material &m, spot p) {
  real u = abs_of(fraction(p.u * 0.25f) - 0.5f) * 4.0f;
  real v = abs_of(fraction(p.v * 0.25f) - 0.5f) * 4.0f;  // 0 in the middle, 2 at the border
  real jag = abs_of(fraction(u * 4.0f) - 0.5f) + abs_of(fraction(v * 4.0f) - 0.5f);
  jag = jag * 0.22f * fine(p, 4.0f);
  real rim = max_of(u, v);
  vec field = blended(m, (u + v + jag) * 2.6f, p.width * 4.0f, m.seed);
  vec border = blended(m, rim * 7.0f + jag, p.width * 7.0f, m.seed + 5u);
  real du = fraction(u * 2.5f) - 0.5f, dv = fraction(v * 2.5f) - 0.5f;
  real flower = edge(0.3f - abs_of(du) - abs_of(dv), p.width * 4.0f) * fine(p, 4.0f);
  real which = cell_hash(floor_of(u * 2.5f), floor_of(v * 2.5f), m.seed + 9u);
  field = mix(field, tint_of(m, which), flower * 0.85f);
  vec color = mix(field, border, edge(rim - 1.45f, p.width * 2.0f));
  real pile = 0.86f + 0.28f * noise(p.u * 14.0f, p.v * 14.0f, m.seed + 3u);
  return {color * mix(real(1.0f), pile, fine(p, 9.0f)), real(1.0f)};
}

// Chips of two sizes in a ground.
TRACER_FN coat terrazzo(const tracer_material &m, spot p, float line) {
  vec color = mix(splat(m.ground[0]), splat(m.ground[1]), noise(p.u * 3.0f, p.v * 3.0f, m.seed));
  for (int k = 0; k < 2; k++) {
    float scale = k == 0 ? 2.9f : 1.2f;
    spot q = {p.u * scale + float(k) * 31.3f, p.v * scale, p.width * scale};
    pebble at = pebble_at(q, m.seed + unsigned(k) * 131u);
    real chip = edge(at.gap - 0.34f + 0.3f * line, q.width + 0.03f)
      * edge(at.cell - 0.35f, real(0.02f));
    vec stone = tint_of(m, fraction(at.cell * 7.3f)) * (0.8f + 0.4f * fraction(at.cell * 23.0f));
    color = mix(color, stone, mix(real(0.3f), chip, fine(q, 1.0f)));
  }
  return {color, real(1.0f)};
}
