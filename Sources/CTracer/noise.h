// Hash-based randomness and noise: the same numbers on every machine that runs the tracer.
#pragma once
#include "lanes.h"

// A random number in 0..<1 for a cell of the plane.
TRACER_FN real hash(natural key) {
  key = (key ^ (key >> 13u)) * 1274126177u;
  key = key ^ (key >> 16u);
  return unit_of(key & 0xffffu) * (1.0f / 65536.0f);
}

TRACER_FN natural key_of(integer i, integer j, unsigned int seed) {
  return bits_of(i) * 374761393u + bits_of(j) * 668265263u + seed;
}

TRACER_FN real cell_hash(real i, real j, unsigned int seed) {
  return hash(key_of(int_of(i), int_of(j), seed));
}

// Smooth noise, one lattice point a unit, 0...1.
TRACER_FN real noise(real u, real v, unsigned int seed) {
  real i = floor_of(u), j = floor_of(v);
  real f = u - i, g = v - j;
  f = f * f * (3.0f - 2.0f * f);
  g = g * g * (3.0f - 2.0f * g);
  natural key = key_of(int_of(i), int_of(j), seed);
  real low = mix(hash(key), hash(key + 374761393u), f);
  real high = mix(hash(key + 668265263u), hash(key + 374761393u + 668265263u), f);
  return mix(low, high, g);
}

// How much of a detail of `cells` a metre survives in a sample that is `width` metres wide.
TRACER_FN real kept(real width, float cells) { return clamped(2.2f - 2.0f * width * cells); }

// Noise of many sizes around 0, to about +-1; sizes below the sample's width are left out.
TRACER_FN real rich_noise(real u, real v, real width, float cells, unsigned int seed) {
  real sum = 0.0f;
  float weight = 1.0f;
  for (int octave = 0; octave < 5; octave++) {
    real keep = kept(width, cells);
    if (!any(keep > 0.0f)) break;
    sum = sum + (noise(u * cells, v * cells, seed) - 0.5f) * keep * weight;
    seed += 0x9e3779b9u;
    cells *= 2.17f;
    weight *= 0.62f;
  }
  return sum * 1.3f;
}
