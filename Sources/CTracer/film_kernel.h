// The tracer's doors on a GPU: any number of cameras in any number of scenes at once.
//
// Compiled by NVRTC, with TRACER_SCENE_BYTES and TRACER_LENS_BYTES as the CPU counts them.
#pragma once
#include "film_pixel.h"

static_assert(sizeof(tracer_scene) == TRACER_SCENE_BYTES, "CPU and GPU lay scenes out alike");
static_assert(sizeof(tracer_lens) == TRACER_LENS_BYTES, "and lenses");

// One camera a thread: what strays in its lens.
extern "C" __global__ void lens(
    const tracer_scene *scenes, const int *scene_of, const tracer_camera *cameras, int views,
    tracer_lens *lenses) {
  int view = blockIdx.x * blockDim.x + threadIdx.x;
  if (view < views) lenses[view] = lens_of(scenes[scene_of[view]], cameras[view]);
}

// One pixel a thread: a block is a square of pixels; the grid's z goes over the cameras. Images lie
// one after the other.
extern "C" __global__ void __launch_bounds__(64, 10) film(
    const tracer_scene *scenes, const int *scene_of, const tracer_camera *cameras,
    const tracer_lens *lenses, int samples, unsigned char *pixels, float *depth,
    unsigned char *reflective) {
  int view = blockIdx.z;
  int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y;
  const tracer_camera &camera = cameras[view];
  if (x >= camera.width || y >= camera.height) return;
  long first = long(camera.width) * camera.height * view;
  film_pixel(
      scenes[scene_of[view]], camera, lenses[view], samples, x, y, pixels + first * 3,
      depth + first, reflective + first);
}
