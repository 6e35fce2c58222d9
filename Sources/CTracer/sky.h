// The sky and the air: a gradient, clouds, the sun's disc, fog.
#pragma once
#include "camera.h"
#include "noise.h"
#include "scene.h"

// Whether a light is there at all.
TRACER_FN bool lit(const float *color) {
  return color[0] > 0.0f || color[1] > 0.0f || color[2] > 0.0f;
}

// Noise of the clouds' plane, around 0; sizes that the horizon squeezes too much are left out.
TRACER_FN real billows(real u, real v, real width, unsigned int seed) {
  real bend = noise(u * 0.7f, v * 0.7f, seed + 3u) - 0.5f;
  return rich_noise(u + bend, v - bend, width, 1.0f, seed);
}

// How much of the sky behind clouds hide in a direction, and how bright they are there, 0...1.
struct cloud {
  real cover, bright;
};

TRACER_FN cloud cloud_at(const tracer_room &room, vec d) {
  real up = max_of(d.z, real(0.0f)), height = 1.0f / (up + 0.13f);
  real u = d.x * height, v = d.y * height, width = 0.006f * height * height;
  real here = billows(u, v, width, room.sky_seed);
  real sunward = billows(u + 0.25f * room.sun_way[0], v + 0.25f * room.sun_way[1], width,
                         room.sky_seed);
  float least_dense = 0.75f - 1.4f * room.clouds;
  real cover = clamped((here - least_dense) * 2.8f);
  return {cover * cover * (3.0f - 2.0f * cover) * clamped(up * 9.0f),
          clamped(0.62f + 0.9f * (here - sunward) - 0.25f * cover)};
}

TRACER_FN real power3(real x) { return x * x * x; }

// The light from the sky in a direction.
TRACER_RARE vec sky_color(const tracer_room &room, vec d) {
  real up = clamped(d.z);
  vec color = mix(splat(room.sky_zenith), splat(room.sky_horizon), power3(1.0f - up));
  bool sunny = lit(room.sun_color);
  vec sun = splat(room.sun_color);
  real away = 2.0f * max_of(1.0f - dot(d, splat(room.sun_way)), real(0.0f));  // angle squared
  if (sunny) color = color + sun * (0.05f / (1.0f + away * 12.0f) + 0.12f / (1.0f + away * 300.0f));
  real open = 1.0f;
  if (room.clouds > 0.0f) {
    cloud c = cloud_at(room, d);
    vec shade = mix(splat(room.sky_zenith), splat(room.sky_horizon), real(0.7f)) * real(0.75f);
    vec bright = splat(room.sky_horizon) + (sunny ? sun * real(0.22f) : splat(room.sky_horizon));
    color = mix(color, mix(shade, bright, c.bright), c.cover);
    open = power3(1.0f - c.cover);
  }
  if (sunny) color = color + sun * (5.0f * open * clamped((4.5e-4f - away) * 6000.0f));
  return color;
}

// The share of light that fog leaves after a way through it; close to exp(-depth).
TRACER_FN real clear_share(real depth) {
  real x = 1.0f / (1.0f + depth * (1.0f / 16.0f));
  x = x * x;
  x = x * x;
  x = x * x;
  return x * x;
}

// How many metres of fog a ray to the sky goes through: the layer is 40 metres high.
TRACER_FN real fog_way(vec direction) {
  return min_of(40.0f / max_of(direction.z, real(1e-3f)), real(float(TRACER_SKY_DEPTH)));
}
