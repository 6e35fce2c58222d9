// The tracer's own text, for the compiler of a GPU that it meets at run time.
#include "include/CTracer.h"

#if defined(__has_embed)
#pragma clang diagnostic ignored "-Wc23-extensions"

namespace {

const unsigned char film_kernel_text[] = {
#embed "film_kernel.h" suffix(, 0)
};
const unsigned char film_pixel_text[] = {
#embed "film_pixel.h" suffix(, 0)
};
const unsigned char camera_text[] = {
#embed "camera.h" suffix(, 0)
};
const unsigned char lanes_text[] = {
#embed "lanes.h" suffix(, 0)
};
const unsigned char lens_text[] = {
#embed "lens.h" suffix(, 0)
};
const unsigned char light_text[] = {
#embed "light.h" suffix(, 0)
};
const unsigned char materials_text[] = {
#embed "materials.h" suffix(, 0)
};
const unsigned char noise_text[] = {
#embed "noise.h" suffix(, 0)
};
const unsigned char paints_text[] = {
#embed "paints.h" suffix(, 0)
};
const unsigned char patterns_text[] = {
#embed "patterns.h" suffix(, 0)
};
const unsigned char rays_text[] = {
#embed "rays.h" suffix(, 0)
};
const unsigned char scene_text[] = {
#embed "scene.h" suffix(, 0)
};
const unsigned char shapes_text[] = {
#embed "shapes.h" suffix(, 0)
};
const unsigned char sky_text[] = {
#embed "sky.h" suffix(, 0)
};
const unsigned char styles_text[] = {
#embed "styles.h" suffix(, 0)
};
const unsigned char surface_text[] = {
#embed "surface.h" suffix(, 0)
};
const unsigned char textures_text[] = {
#embed "textures.h" suffix(, 0)
};
const unsigned char tracer_core_text[] = {
#embed "tracer_core.h" suffix(, 0)
};
const unsigned char door_text[] = {
#embed "include/CTracer.h" suffix(, 0)
};

constexpr tracer_source sources[] = {
    {"film_kernel.h", film_kernel_text},
    {"film_pixel.h", film_pixel_text},
    {"camera.h", camera_text},
    {"lanes.h", lanes_text},
    {"lens.h", lens_text},
    {"light.h", light_text},
    {"materials.h", materials_text},
    {"noise.h", noise_text},
    {"paints.h", paints_text},
    {"patterns.h", patterns_text},
    {"rays.h", rays_text},
    {"scene.h", scene_text},
    {"shapes.h", shapes_text},
    {"sky.h", sky_text},
    {"styles.h", styles_text},
    {"surface.h", surface_text},
    {"textures.h", textures_text},
    {"tracer_core.h", tracer_core_text},
    {"include/CTracer.h", door_text},
};

}  // namespace

const tracer_source *tracer_sources(int *count) {
  *count = sizeof sources / sizeof *sources;
  return sources;
}

#else  // clang before 19 can't put files into a program

const tracer_source *tracer_sources(int *count) {
  *count = 0;
  return nullptr;
}

#endif
