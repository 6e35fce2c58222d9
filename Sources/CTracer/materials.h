// The colour of a material at a place on a surface, already smoothed over the sample's width.
#pragma once
#include "paints.h"

TRACER_FN mark draw(const tracer_material &m, spot p) {
  switch (m.pattern) {
    case TRACER_CHECKER: return checker(p, m.seed);
    case TRACER_STRIPES: return stripes(p, m.line, m.seed);
    case TRACER_BRICKS: return bricks(p, m.line, 0.5f, m.seed);
    case TRACER_TILES: return bricks(p, m.line, 0.0f, m.seed);
    case TRACER_PLANKS: return planks(p, m.line, m.seed);
    case TRACER_MARBLE: return marble(p, m.seed);
    case TRACER_PLAID: return plaid(p, m.line, m.seed);
    case TRACER_WEAVE: return weave(p, m.seed);
    case TRACER_BLOBS: return blobs(p, m.line, m.seed);
    case TRACER_VORONOI: return voronoi(p, m.line, m.seed);
    case TRACER_SPOTS: return spots(p, m.line, m.seed);
    case TRACER_GLYPHS: return glyphs(p, m.seed);
    case TRACER_GRADIENT: return {clamped(p.v), real(0.5f)};
    case TRACER_RINGS: return rings(p, m.line, m.seed);
    case TRACER_ZIGZAG: return zigzag(p, m.line, m.seed);
    case TRACER_TRUCHET: return truchet(p, m.line, m.seed);
    case TRACER_BOOKS: return books(p, m.seed);
    case TRACER_LANDSCAPE: return landscape(p, m.line, m.seed);
    case TRACER_PANES: return panes(p, m.line, m.seed);
    case TRACER_HERRINGBONE: return herringbone(p, m.line, m.seed);
    case TRACER_HEXAGONS: return hexagons(p, m.line, m.seed);
    case TRACER_COBBLES: return cobbles(p, m.line, m.seed);
    case TRACER_LEAVES: return leaves(p, m.line, m.seed);
    case TRACER_GRASS: return grass(p, m.seed);
    case TRACER_WAVES: return waves(p, m.seed);
    case TRACER_CRACKS: return cracks(p, m.line, m.seed);
    case TRACER_SHINGLES: return shingles(p, m.line, m.seed);
    case TRACER_KNIT: return knit(p, m.line, m.seed);
    default: return {real(0.0f), real(0.5f)};
  }
}

// Whether a pattern chooses its colours itself.
TRACER_FN bool painted(int pattern) {
  return pattern == TRACER_PHOTO || pattern == TRACER_FACADE || pattern == TRACER_POSTERS
    || pattern == TRACER_RUG || pattern == TRACER_TERRAZZO;
}

TRACER_RARE coat painting(const tracer_material &m, spot p) {
  switch (m.pattern) {
    case TRACER_FACADE: return facade(m, p, m.line);
    case TRACER_POSTERS: return posters(m, p, m.line);
    case TRACER_RUG: return rug(m, p);
    case TRACER_TERRAZZO: return terrazzo(m, p, m.line);
    default: return photo(m, p);
  }
}

// Where on a material's pattern a place (u, v) in metres lies.
TRACER_FN spot spot_of(const tracer_material &m, real u, real v, real width) {
  real a = (u * m.turn[0] - v * m.turn[1]) * m.scale / m.aspect;
  real b = (u * m.turn[1] + v * m.turn[0]) * m.scale;
  if (m.warp > 0.0f) {
    a = a + m.warp * (noise(a * 0.7f, b * 0.7f, m.seed + 11u) - 0.5f);
    b = b + m.warp * (noise(a * 0.7f, b * 0.7f, m.seed + 12u) - 0.5f);
  }
  return {a, b, max_of(width * m.scale, real(1e-3f))};
}

// The coat of a material at (u, v) metres on its surface, in linear light.
TRACER_FN coat coat_of(const tracer_material &m, real u, real v, real width) {
  spot p = spot_of(m, u, v, width);
  real keep = clamped(2.0f - p.width * 1.6f);
  real grain = m.grain * rich_noise(u, v, width, m.grain_scale, m.seed + 99u);
  if (painted(m.pattern)) {
    coat c = painting(m, p);
    real kept = m.pattern == TRACER_PHOTO ? real(1.0f) : keep;
    vec color = mix(mean_tint(m), c.color, kept) * clamped(0.75f + grain * 0.5f) * real(1.33f);
    return {color, mix(real(0.15f), c.glow, keep)};
  }
  mark k = draw(m, p);
  real figure = mix(real(0.4f), k.figure, keep);
  real tone = clamped(0.5f + grain + m.vary * (k.cell - 0.5f) * keep);
  vec ground = mix(splat(m.ground[0]), splat(m.ground[1]), tone);
  vec color = mix(ground, mix(splat(m.figure[0]), splat(m.figure[1]), tone), figure);
  return {color, real(1.0f)};
}
