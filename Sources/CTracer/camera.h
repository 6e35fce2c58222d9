// From a camera's pixels to rays, and from light to bytes.
#pragma once
#include "shapes.h"

// Where a sample falls on the light, each 0..<1.
struct aim {
  real u, v;
};

// The ray through a pixel coordinate.
TRACER_FN ray through(const tracer_camera &c, real x, real y) {
  real a = (x - c.center[0]) * (1.0f / c.focal[0]), b = (y - c.center[1]) * (1.0f / c.focal[1]);
  vec d = splat(c.forward) + splat(c.right) * a + splat(c.down) * b;
  return {splat(c.position), normalized(d)};
}

// Linear light to what a display takes, 0...1: a soft shoulder, then gamma.
TRACER_FN real developed(real x) {
  constexpr float white = 3.0f;
  x = max_of(x, real(0.0f));
  return clamped(sqrt_of(x * (1.0f + x * (1.0f / (white * white))) / (1.0f + x)));
}

// The bits of an index in reverse: fills 0..<1 evenly as the index grows.
TRACER_FN float spread_out(unsigned int i) {
  unsigned int bits = 0;
  for (int k = 0; k < 16; k++) bits |= (i >> k & 1u) << (15 - k);
  return float(bits) * (1.0f / 65536.0f);
}

TRACER_FN unsigned int scrambled(unsigned int x) {
  x = (x ^ (x >> 16)) * 0x7feb352du;
  x = (x ^ (x >> 15)) * 0x846ca68bu;
  return x ^ (x >> 16);
}

// Where one sample falls in the image, in pixels, and on the light, 0..<1.
struct sample {
  float x, y, u, v;
};

// Sample `s` of `samples` of a pixel: stratified in the pixel, and on the light by its own shift.
TRACER_FN sample sample_of(int x, int y, int s, int samples) {
  float along = (float(s) + 0.5f) / float(samples), across = spread_out(unsigned(s));
  unsigned int key = scrambled(unsigned(x) + unsigned(y) * 65537u);
  float u = across + float(key & 0xffffu) * (1.0f / 65536.0f);
  float v = along + float(key >> 16) * (1.0f / 65536.0f);
  return {float(x) + along, float(y) + across + 0.5f / float(samples), u - float(int(u)),
          v - float(int(v))};
}

// How wide one sample is at a distance of 1.
TRACER_FN float spread_of(const tracer_camera &c, int samples) {
  float cells = samples < 4 ? 1.0f : 2.0f;
  return lane_of(1.4f / sqrt_of(real(c.focal[0] * c.focal[1])), 0) / cells;
}

TRACER_FN unsigned char byte_of(float x) { return (unsigned char)(x * 255.0f + 0.5f); }
