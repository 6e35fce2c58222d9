// From a ray to its colour: surfaces, glass before them, one reflection, fog.
//
// Needs no library and allocates nothing, so that CPU compilers and NVRTC compile the same text.
#pragma once
#include "light.h"

constexpr int most_panes = 2;         // that a ray passes
constexpr float glass_step = 2e-3f;   // metres from a pane to where the ray goes on

// Lanes that do not go on borrow a ray from one that does, so that the group stays together.
TRACER_FN vec borrowed(mask m, vec a) {
  int i = first_lane(m);
  return select(m, a, vec{real(lane_of(a.x, i)), real(lane_of(a.y, i)), real(lane_of(a.z, i))});
}

TRACER_FN ray borrowed(mask m, ray r) {
  return {borrowed(m, r.origin), borrowed(m, r.direction)};
}

// Which surfaces are glass that rays go on behind.
TRACER_FN mask passable(const tracer_room &room, const surface &s) {
  mask outside = s.transparency > 0.0f;
  return room.open ? outside & !s.hull : outside;
}

TRACER_FN ray onward(ray r, const surface &s) {
  return {s.point + r.direction * real(glass_step), r.direction};
}

// Rays on their way: how much of what they meet from here on counts.
struct journey {
  ray r;
  vec weight;
  real travelled;
};

// The share of light that a surface mirrors, and the ray that it comes by.
TRACER_FN real mirrored(ray r, const surface &s, ray &bounced) {
  real facing = clamped(-dot(s.normal, r.direction));
  bounced = {s.point + s.normal * real(2e-3f), r.direction + s.normal * (2.0f * facing)};
  real x = 1.0f - facing, x2 = x * x;
  return s.reflectivity + (1.0f - s.reflectivity) * x2 * x2 * x * 0.7f;
}

// Sets rays aside that the lanes' first mirror throws back.
TRACER_FN void reflect(mask m, const surface &s, journey &j, journey &back) {
  ray bounced;
  real share = select(m, mirrored(j.r, s, bounced), real(0.0f));
  back = {{select(m, bounced.origin, back.r.origin), select(m, bounced.direction,
    back.r.direction)}, select(m, j.weight * share, back.weight),
    select(m, j.travelled + s.distance, back.travelled)};
  j.weight = j.weight * (1.0f - share);
}

// Air between a ray's start and its surface: adds its fog and takes away what it hides.
TRACER_FN void mist(const tracer_room &room, const surface &s, journey &j, vec &color) {
  real way = select(s.beyond, fog_way(j.r.direction), s.distance);
  real clear = clear_share(way * room.fog_density);
  color = color + j.weight * splat(room.fog) * (1.0f - clear);
  j.weight = j.weight * clear;
}

// Sends rays on through glass. Through a room's wall they see the sky.
TRACER_FN void pass(const tracer_scene &scene, mask glass, const surface &s, journey &j,
                    vec &color) {
  j.weight = select(glass, j.weight * s.color * s.transparency,
                    vec{real(0.0f), real(0.0f), real(0.0f)});
  mask out = glass & s.hull;
  if (any(out)) {
    color = color + select(out, j.weight * sky_color(scene.room, j.r.direction),
                           vec{real(0.0f), real(0.0f), real(0.0f)});
    j.weight = select(out, vec{real(0.0f), real(0.0f), real(0.0f)}, j.weight);
  }
  j.r = onward(j.r, s);
  j.travelled = j.travelled + s.distance;
}

// The colour along rays from inside the scene, in linear light.
TRACER_FN vec radiance(const tracer_scene &scene, ray r, float spread, aim a) {
  real zero = 0.0f, one = 1.0f;
  vec color = {zero, zero, zero};
  journey j = {r, {one, one, one}, zero}, back = {r, color, zero};
  if (scene.room.bands > 0) a = {real(0.5f), real(0.5f)};
  mask bounced = zero > one;
  bool returning = false;
  for (int panes = 0;;) {
    surface s = look(scene, j.r, j.travelled, spread);
    glow g = shade(scene, j.r, s, a);
    if (scene.room.fog_density > 0.0f) mist(scene.room, s, j, color);
    mask mirror = (s.reflectivity > 0.0f) & !bounced;
    if (!returning && any(mirror)) {
      reflect(mirror, s, j, back);
      bounced = bounced | mirror;
    }
    vec light = g.diffuse;
    mask glass = passable(scene.room, s);
    bool goes_on = scene.glass && panes < most_panes && any(glass);
    if (goes_on) light = light * (1.0f - select(glass, s.transparency, zero));
    color = color + j.weight * (light + g.gleam);
    if (goes_on) {
      panes++;
      pass(scene, glass, s, j, color);
      mask wanted = glass & !s.hull;
      if (any(wanted)) {
        j.r = borrowed(wanted, j.r);
        continue;
      }
    }
    if (returning || !any(bounced)) return color;
    j = {borrowed(bounced, back.r), select(bounced, back.weight, vec{zero, zero, zero}),
         back.travelled};
    returning = true;
    panes = 0;
  }
}

// What a pixel's centre shows: the first surface that is not glass.
struct sight {
  real distance;
  vec normal;
  mask reflective, mirror, beyond;
};

TRACER_FN sight sighted(const tracer_scene &scene, ray r) {
  real zero = 0.0f;
  mask none = zero > 1.0f, active = !none;
  sight seen = {zero, {zero, zero, zero}, none, none, none};
  for (int panes = 0;; panes++) {
    surface s = look(scene, r, zero, 1.0f);
    seen.reflective = seen.reflective | (active & (s.reflectivity > 0.02f));
    seen.mirror = seen.mirror | (active & (s.reflectivity > 0.5f));
    mask glass = active & passable(scene.room, s);
    if (!scene.glass || panes >= most_panes) glass = none;
    seen.distance = seen.distance + select(active, s.distance, zero)
      + select(glass, real(glass_step), zero);
    seen.normal = select(active, s.normal, seen.normal);
    seen.beyond = seen.beyond | (active & s.beyond) | (glass & s.hull);
    active = glass & !s.hull;
    if (!any(active)) break;
    r = borrowed(active, onward(r, s));
  }
  seen.normal = select(seen.beyond, vec{zero, zero, zero}, seen.normal);
  return seen;
}

// The depth of a sight along the viewing axis.
TRACER_FN real depth_of(const tracer_camera &c, ray r, const sight &s) {
  return select(s.beyond, real(float(TRACER_SKY_DEPTH)),
                s.distance * dot(r.direction, splat(c.forward)));
}
