// One pixel by one thread, as a GPU films: the same samples as the CPU's rows.
#pragma once
#include "tracer_core.h"

TRACER_FN void film_pixel(
    const tracer_scene &scene, const tracer_camera &c, int samples, int x, int y,
    unsigned char *pixels, float *depth, unsigned char *reflective) {
  float spread = spread_of(c, samples);
  vec sum = {0.0f, 0.0f, 0.0f};
  for (int i = 0; i < samples; i++) {
    sample s = sample_of(x, y, i, samples);
    sum = sum + radiance(scene, through(c, s.x, s.y), spread, {s.u, s.v});
  }
  sum = sum * (scene.exposure / float(samples));
  long at = long(y) * c.width + x;
  pixels[at * 3] = byte_of(developed(sum.x));
  pixels[at * 3 + 1] = byte_of(developed(sum.y));
  pixels[at * 3 + 2] = byte_of(developed(sum.z));
  ray r = through(c, float(x) + 0.5f, float(y) + 0.5f);
  surface first = look(scene, r, 0.0f, 1.0f);
  depth[at] = first.distance * dot(r.direction, splat(c.forward));
  reflective[at] = first.reflectivity > 0.02f;
}
