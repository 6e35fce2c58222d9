// One pixel by one thread, as a GPU films: the same samples as the CPU's rows.
//
// The root of everything that a GPU's compiler needs. `lens` is lens_of(scene, c), worked out once
// for an image, by one thread or on the host.
#pragma once
#include "lens.h"

TRACER_FN void film_pixel(
    const tracer_scene &scene, const tracer_camera &c, const tracer_lens &lens, int samples, int x,
    int y, unsigned char *pixels, float *depth, unsigned char *reflective) {
  float spread = spread_of(c, samples);
  vec sum = {0.0f, 0.0f, 0.0f};
  for (int i = 0; i < samples; i++) {
    sample s = sample_of(x, y, i, samples);
    sum = sum + radiance(scene, through(c, s.x, s.y), spread, {s.u, s.v});
    if (dazzles(lens)) sum = sum + stray(scene, lens, c, s.x, s.y);
  }
  sum = sum * (scene.exposure / float(samples));
  long at = long(y) * c.width + x;
  pixels[at * 3] = byte_of(developed(sum.x));
  pixels[at * 3 + 1] = byte_of(developed(sum.y));
  pixels[at * 3 + 2] = byte_of(developed(sum.z));
  ray r = through(c, float(x) + 0.5f, float(y) + 0.5f);
  sight seen = sighted(scene, r);
  depth[at] = depth_of(c, r, seen);
  reflective[at] = (unsigned char)(seen.reflective + seen.mirror);
}

// The normal of the surface whose depth film_pixel gives.
TRACER_FN void normal_pixel(
    const tracer_scene &scene, const tracer_camera &c, int x, int y, float *normals) {
  vec normal = sighted(scene, through(c, float(x) + 0.5f, float(y) + 0.5f)).normal;
  float *at = normals + (long(y) * c.width + x) * 3;
  at[0] = normal.x;
  at[1] = normal.y;
  at[2] = normal.z;
}
