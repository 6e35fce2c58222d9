// The tracer as a GPU runs it, compiled for the CPU: one lane. Slow; without culling it is the
// reference that the eight-lane form is compared with.
#define TRACER_ONE_LANE
#include "film_pixel.h"

void tracer_film_one_lane(
    const tracer_scene *scene, const tracer_camera *camera, int samples, unsigned char *pixels,
    float *depth, unsigned char *reflective) {
  tracer_lens lens = lens_of(*scene, *camera);
  for (int y = 0; y < camera->height; y++)
    for (int x = 0; x < camera->width; x++)
      film_pixel(*scene, *camera, lens, samples, x, y, pixels, depth, reflective);
}

void tracer_film_one_lane_culled(
    const tracer_scene *scene, const tracer_camera *camera, int samples, unsigned char *pixels,
    float *depth, unsigned char *reflective) {
  one_lane_culls = true;
  tracer_film_one_lane(scene, camera, samples, pixels, depth, reflective);
  one_lane_culls = false;
}
