// Patterns: what is drawn at a point of a surface, already smoothed over the sample's width.
#pragma once
#include "noise.h"
#include "scene.h"

// What a pattern says about a point: how much of it is figure, and a number of the cell it is in.
struct mark {
  real figure, cell;
};

// A point in a pattern's own cells, and the sample's width in cells.
struct spot {
  real u, v, width;
};

// A soft step from 0 to 1 at 0.
TRACER_FN real edge(real x, real width) { return clamped(x / width + 0.5f); }

// 1 where the fraction f of a period lies within `size` of its ends' middle, smoothed.
TRACER_FN real bar(real f, real size, real width) {
  return edge(size * 0.5f - abs_of(f - 0.5f), width);
}

// A square wave of period 2, -1...1, smoothed.
TRACER_FN real square(real x, real width) {
  real triangle = abs_of(fraction(x * 0.5f) * 2.0f - 1.0f) * 2.0f - 1.0f;
  real w = max_of(width * 2.0f, real(1e-4f));
  return min_of(max_of(triangle / w * 2.0f, real(-1.0f)), real(1.0f));
}

TRACER_FN mark checker(spot p, unsigned int seed) {
  real s = square(p.u, p.width) * square(p.v, p.width);
  return {0.5f + 0.5f * s, cell_hash(floor_of(p.u), floor_of(p.v), seed)};
}

TRACER_FN mark stripes(spot p, float line, unsigned int seed) {
  return {bar(fraction(p.u), line, p.width), cell_hash(floor_of(p.u), real(0.0f), seed)};
}

// Cells with joints between them; every other row shifted.
TRACER_FN mark bricks(spot p, float line, float shift, unsigned int seed) {
  real row = floor_of(p.v);
  real u = p.u + row * shift;
  real inside = bar(fraction(u), 1.0f - line, p.width) * bar(fraction(p.v), 1.0f - line, p.width);
  return {1.0f - inside, cell_hash(floor_of(u), row, seed)};
}

// Long boards with rings of wood.
TRACER_FN mark planks(spot p, float line, unsigned int seed) {
  real row = floor_of(p.v);
  real board = cell_hash(row, real(7.0f), seed);
  real u = p.u * 0.25f + board * 9.0f;
  real joint = 1.0f - bar(fraction(p.v), 1.0f - line * 0.4f, p.width)
    * bar(fraction(u), 1.0f - line * 0.1f, p.width * 0.25f);
  real bend = noise(p.u * 0.6f + board * 50.0f, p.v * 2.0f, seed) * 1.6f;
  real rings = 0.5f + 0.5f * wave(p.v * 3.0f + bend + board * 5.0f) * clamped(1.6f - p.width * 3.0f);
  return {max_of(joint, rings * 0.6f), cell_hash(floor_of(u), row, seed)};
}

TRACER_FN mark marble(spot p, unsigned int seed) {
  real bend = rich_noise(p.u, p.v, p.width, 1.0f, seed);
  real vein = 1.0f - abs_of(wave(p.u * 0.5f + bend * 0.9f));
  return {vein * vein * vein * kept(p.width, 0.7f), noise(p.u, p.v, seed + 5u)};
}

TRACER_FN mark plaid(spot p, float line, unsigned int seed) {
  real a = bar(fraction(p.u), line, p.width), b = bar(fraction(p.v), line, p.width);
  real thin = bar(fraction(p.u + 0.5f), 0.1f, p.width) + bar(fraction(p.v + 0.5f), 0.1f, p.width);
  return {clamped(0.45f * (a + b) + 0.6f * thin), 0.5f * (a + b)};
}

TRACER_FN mark weave(spot p, unsigned int seed) {
  real over = square(p.u, p.width) * square(p.v, p.width);
  real thread = select(over > 0.0f, wave(p.u), wave(p.v));
  return {0.5f + 0.5f * thread * clamped(1.6f - p.width * 2.0f),
          cell_hash(floor_of(p.u), floor_of(p.v), seed)};
}

TRACER_FN mark blobs(spot p, float line, unsigned int seed) {
  real n = rich_noise(p.u, p.v, p.width, 1.0f, seed);
  return {edge(n - 0.4f + line, p.width + 0.1f), n * 0.5f + 0.5f};
}

// The nearest of points scattered one a cell: which, how far its neighbour's border, and the way
// to it.
struct pebble {
  real gap, cell, du, dv;
};

TRACER_FN pebble pebble_at(spot p, unsigned int seed) {
  real i = floor_of(p.u), j = floor_of(p.v);
  real nearest = 9.0f, second = 9.0f;
  pebble found = {real(0.0f), real(0.0f), real(0.0f), real(0.0f)};
  for (int k = 0; k < 9; k++) {
    real a = i + float(k % 3 - 1), b = j + float(k / 3 - 1);
    natural key = key_of(int_of(a), int_of(b), seed);
    real du = a + 0.1f + 0.8f * hash(key) - p.u, dv = b + 0.1f + 0.8f * hash(key + 77u) - p.v;
    real d = du * du + dv * dv;
    mask closer = d < nearest;
    second = select(closer, nearest, min_of(second, d));
    found = {real(0.0f), select(closer, hash(key + 155u), found.cell),
             select(closer, du, found.du), select(closer, dv, found.dv)};
    nearest = min_of(nearest, d);
  }
  found.gap = sqrt_of(second) - sqrt_of(nearest);
  return found;
}

// Crooked cells with joints.
TRACER_FN mark voronoi(spot p, float line, unsigned int seed) {
  pebble at = pebble_at(p, seed);
  return {edge(line * 0.6f - at.gap, p.width + 0.02f), at.cell};
}

TRACER_FN mark spots(spot p, float line, unsigned int seed) {
  real i = floor_of(p.u), j = floor_of(p.v);
  natural key = key_of(int_of(i), int_of(j), seed);
  real radius = 0.12f + 0.33f * line * (0.4f + 0.6f * hash(key));
  real room = 0.5f - radius;
  real du = p.u - i - 0.5f + room * (2.0f * hash(key + 77u) - 1.0f);
  real dv = p.v - j - 0.5f + room * (2.0f * hash(key + 155u) - 1.0f);
  return {edge(radius - sqrt_of(du * du + dv * dv), p.width), hash(key + 233u)};
}

// Lines of made-up letters, each a mirrored grid of 4 x 6 dots, in words.
TRACER_FN mark glyphs(spot p, unsigned int seed) {
  real column = floor_of(p.u), row = floor_of(p.v);
  real fu = (p.u - column) * 5.0f, fv = (p.v - row) * 8.0f;
  real x = floor_of(fu), y = floor_of(fv);
  natural letter = key_of(int_of(column), int_of(row), seed);
  real ink = hash(letter + bits_of(int_of(x * 7.0f + y * 13.0f)) * 2654435761u);
  mask inside = (x < 4.0f) & (y < 6.0f) & (hash(letter + 31u) > 0.2f);
  real dot = select(inside & (ink > 0.45f), real(1.0f), real(0.0f));
  return {mix(real(0.25f), dot, clamped(1.8f - p.width * 6.0f)), hash(letter + 9u)};
}

TRACER_FN mark rings(spot p, float line, unsigned int seed) {
  real u = fraction(p.u) - 0.5f, v = fraction(p.v) - 0.5f;
  real r = sqrt_of(u * u + v * v) * 5.0f;
  real cell = cell_hash(floor_of(p.u), floor_of(p.v), seed);
  real ring = bar(fraction(r + cell), line, p.width * 5.0f);
  return {mix(real(line), ring, clamped(1.8f - p.width * 6.0f)), cell};
}

TRACER_FN mark zigzag(spot p, float line, unsigned int seed) {
  real v = p.v + abs_of(fraction(p.u) - 0.5f) * 1.4f;
  return {bar(fraction(v), line, p.width * 1.7f), cell_hash(floor_of(v), real(3.0f), seed)};
}

// Quarter circles that join across cells into loops.
TRACER_FN mark truchet(spot p, float line, unsigned int seed) {
  real i = floor_of(p.u), j = floor_of(p.v);
  real cell = cell_hash(i, j, seed);
  real u = p.u - i, v = p.v - j;
  u = select(cell > 0.5f, 1.0f - u, u);
  real a = sqrt_of(u * u + v * v);
  real b = sqrt_of((1.0f - u) * (1.0f - u) + (1.0f - v) * (1.0f - v));
  real off = min_of(abs_of(a - 0.5f), abs_of(b - 0.5f));
  return {edge(line * 0.35f - off, p.width), cell};
}

// Backs of books, of different widths and heights.
TRACER_FN mark books(spot p, unsigned int seed) {
  real i = floor_of(p.u);
  real f = p.u - i;
  real split = 0.35f + 0.3f * cell_hash(i, real(1.0f), seed);
  real second = select(f > split, real(1.0f), real(0.0f));
  real book = cell_hash(i * 2.0f + second, real(2.0f), seed);
  real gap = edge(0.05f - min_of(min_of(f, 1.0f - f), abs_of(f - split)), p.width);
  real label = bar(fraction(p.v * 0.5f + book), 0.12f, p.width) * kept(p.width, 0.8f);
  return {max_of(gap * kept(p.width, 0.6f), label * 0.7f), book};
}

// A picture of hills under a sky; one cell is the whole picture.
TRACER_FN mark landscape(spot p, float line, unsigned int seed) {
  real hill = line + 0.5f * (noise(p.u * 3.0f, real(0.5f), seed) - 0.5f)
    + 0.2f * rich_noise(p.u, p.v, p.width, 6.0f, seed + 3u);
  real du = p.u - 0.3f - 0.4f * line, dv = p.v - 0.75f;
  real sun = edge(0.12f - sqrt_of(du * du + dv * dv), p.width);
  return {max_of(edge(hill - p.v, p.width), sun), clamped(p.v)};
}

// A window: glass with bars.
TRACER_FN mark panes(spot p, float line, unsigned int) {
  real glass = bar(fraction(p.u), 1.0f - line, p.width) * bar(fraction(p.v), 1.0f - line, p.width);
  return {1.0f - glass, clamped(p.v * 0.5f)};
}
