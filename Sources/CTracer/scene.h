// The scene as the tracer reads it: plain arrays, no pointers.
#pragma once
#include "include/CTracer.h"

struct tracer_scene {
  // Bounding spheres of the objects, by coordinate, so that eight are tested at once.
  alignas(32) float bound_x[TRACER_OBJECTS];
  alignas(32) float bound_y[TRACER_OBJECTS];
  alignas(32) float bound_z[TRACER_OBJECTS];
  alignas(32) float bound_radius[TRACER_OBJECTS];
  tracer_object objects[TRACER_OBJECTS];
  tracer_material materials[TRACER_MATERIALS];
  tracer_decal decals[TRACER_DECALS];
  tracer_room room;
  float exposure;
  int object_count, material_count, decal_count;
  // Worked out when the scene is finished:
  float middle[3], reach;                              // a ball that holds all objects
  int glass;                                           // whether any material lets light pass
  unsigned long long panes[TRACER_OBJECTS / 64];       // the objects that do, a bit each
  float tints[TRACER_MATERIALS][3];                    // what their shadows keep of the light
};
