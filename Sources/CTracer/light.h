// What lights a surface: the ambient light, the lamp, the sun.
#pragma once
#include "camera.h"
#include "sky.h"
#include "surface.h"

// How open the place is: darker towards the room's edges and corners.
TRACER_FN real openness(const tracer_room &room, surface s) {
  vec p = s.point + s.normal * real(0.3f);
  constexpr float reach = 0.18f;
  if (room.open) return max_of(p.z, real(0.0f)) / (max_of(p.z, real(0.0f)) + reach);
  vec q = splat(room.size) - p;
  real product = p.x * q.x * p.y * q.y * p.z * q.z;
  real wider = (p.x + reach) * (q.x + reach) * (p.y + reach) * (q.y + reach) * (p.z + reach)
    * (q.z + reach);
  return max_of(product / wider, real(0.0f));
}

TRACER_FN vec ambient(const tracer_room &room, surface s) {
  vec light = mix(splat(room.ambient_down), splat(room.ambient_up), 0.5f + 0.5f * s.normal.z);
  return light * ((0.8f + 0.4f * dot(s.normal, splat(room.fill))) * openness(room, s));
}

// Which lanes' rays leave the room by a window.
TRACER_FN mask through_window(const tracer_scene &scene, vec exit) {
  vec normal;
  place at = place_of(scene, exit, normal);
  mask inside = at.wall < 0;
  for (int i = 0; i < scene.decal_count; i++) {
    const tracer_decal &d = scene.decals[i];
    if (!d.window) continue;
    inside = inside | ((at.wall == d.wall) & (at.u > d.low[0] + d.frame)
      & (at.u < d.high[0] - d.frame) & (at.v > d.low[1] + d.frame) & (at.v < d.high[1] - d.frame));
  }
  return inside;
}

// What reaches a surface from one place on a light: how much, and from where.
struct beam {
  vec way, strength;
};

TRACER_FN beam sunlight(const tracer_scene &scene, const surface &s, aim a) {
  const float *sun = scene.room.sun_way;
  float size = scene.room.open ? 0.012f : 0.03f;
  vec way = {sun[0] + (a.u - 0.5f) * size, sun[1] + (a.v - 0.5f) * size, real(sun[2])};
  ray r = {s.point + s.normal * real(2e-3f), normalized(way)};
  real strength = max_of(dot(s.normal, r.direction), real(0.0f));
  mask lit = (strength > 0.0f) & !s.beyond;
  vec light = {real(0.0f), real(0.0f), real(0.0f)};
  if (!any(lit)) return {r.direction, light};
  real distance = scene.room.open ? span(scene, r.origin) : meet_room(scene.room, r);
  if (!scene.room.open) lit = lit & through_window(scene, r.origin + r.direction * distance);
  if (any(lit)) light = passing(scene, r, distance, select(lit, strength, real(0.0f)));
  return {r.direction, light};
}

TRACER_FN beam lamplight(const tracer_scene &scene, const surface &s, aim a) {
  const tracer_room &room = scene.room;
  vec lamp = {room.light_center[0] + (a.u * 2.0f - 1.0f) * room.light_half[0],
              room.light_center[1] + (a.v * 2.0f - 1.0f) * room.light_half[1],
              real(room.light_center[2])};
  vec start = s.point + s.normal * real(2e-3f);
  vec way = lamp - start;
  real distance = sqrt_of(dot(way, way) + 1e-6f);
  way = way * (1.0f / distance);
  real facing = max_of(dot(s.normal, way), real(0.0f));
  real strength = facing * (0.15f + max_of(way.z, real(0.0f))) / (0.6f + distance * distance);
  mask lit = (strength > 0.0f) & !s.beyond;
  vec light = {real(0.0f), real(0.0f), real(0.0f)};
  if (any(lit)) light = passing(scene, {start, way}, distance, strength);
  return {way, light};
}

TRACER_FN real power16(real x) {
  x = x * x;
  x = x * x;
  x = x * x;
  return x * x;
}

// The light that a surface sends back along a ray: scattered, and as a highlight.
struct glow {
  vec diffuse, gleam;
};

TRACER_FN vec highlight(const surface &s, vec toward, vec way) {
  real facing = max_of(dot(normalized(toward + way), s.normal), real(0.0f));
  real gleam = s.shine * power16(facing);
  return {gleam, gleam, gleam};
}

// The lamp's share: two places on it, or its middle where shadows are drawn hard.
TRACER_FN void add_lamp(const tracer_scene &scene, vec back, const surface &s, aim a, glow &g) {
  const tracer_room &room = scene.room;
  beam one = lamplight(scene, s, a), two = one;
  if (room.bands == 0) two = lamplight(scene, s, {fraction(a.u + 0.5f), fraction(a.v + 0.37f)});
  vec direct = splat(room.light_color) * (one.strength + two.strength) * real(0.5f);
  g.diffuse = g.diffuse + direct;
  g.gleam = g.gleam + direct * highlight(s, back * real(2.0f), one.way + two.way);
}

TRACER_FN void add_sun(const tracer_scene &scene, vec back, const surface &s, aim a, glow &g) {
  beam one = sunlight(scene, s, a);
  vec direct = splat(scene.room.sun_color) * one.strength;
  g.diffuse = g.diffuse + direct;
  g.gleam = g.gleam + direct * highlight(s, back, one.way);
}

TRACER_FN glow shade(const tracer_scene &scene, ray r, const surface &s, aim a) {
  const tracer_room &room = scene.room;
  vec back = r.direction * real(-1.0f), none = {real(0.0f), real(0.0f), real(0.0f)};
  glow g = {ambient(room, s), none};
  if (any(!s.beyond)) {
    if (lit(room.light_color)) add_lamp(scene, back, s, a, g);
    if (lit(room.sun_color)) add_sun(scene, back, s, a, g);
  }
  if (room.bands > 0) g.diffuse = banded(g.diffuse, scene.exposure, room.bands);
  g.diffuse = s.color * (g.diffuse + vec{s.glow, s.glow, s.glow});
  if (any(s.beyond)) {
    g.diffuse = select(s.beyond, sky_color(room, r.direction), g.diffuse);
    g.gleam = select(s.beyond, none, g.gleam);
  }
  if (room.hatch > 0.0f) g.diffuse = sketched(room.hatch, scene.exposure, s, g.diffuse);
  return g;
}
