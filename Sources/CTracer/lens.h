// Stray light in a camera's lens: a veil around the lights that it sees, and their ghosts.
#pragma once
#include "tracer_core.h"

constexpr int probes = 16;  // rays that look for a light

// Points on a light for a group of probes, each 0..<1.
TRACER_FN aim probe_aim(int first) {
  aim a = {real(0.0f), real(0.0f)};
  for (int k = 0; k < TRACER_LANES; k++) {
    set_lane(a.u, k, spread_out(unsigned(first + k)));
    set_lane(a.v, k, (float(first + k) + 0.5f) * (1.0f / float(probes)));
  }
  return a;
}

TRACER_FN float brightness(vec light) {
  return sum_of(light.x * 0.3f + light.y * 0.5f + light.z * 0.2f);
}

// How much of the sky's light comes through along rays; panes colour it.
TRACER_FN vec open_sky(const tracer_scene &scene, ray r) {
  real zero = 0.0f, one = 1.0f;
  vec light = {one, one, one}, seen = {zero, zero, zero};
  mask active = zero < one;
  for (int panes = 0;; panes++) {
    surface s = look(scene, r, zero, 0.01f);
    mask glass = active & passable(scene.room, s);
    vec dimmed = light * s.color * s.transparency;
    seen = select(active & s.beyond, light, select(glass & s.hull, dimmed, seen));
    light = dimmed;
    active = glass & !s.hull;
    if (!any(active) || panes >= most_panes) return seen;
    r = borrowed(active, onward(r, s));
  }
}

// Where a light stands in the image; its share falls to 0 at the side of the camera.
TRACER_FN tracer_glint placed(const tracer_camera &c, const float *way, const float *color) {
  tracer_glint g = {};
  float depth = 0.0f, right = 0.0f, down = 0.0f, brightest = 1e-9f;
  for (int k = 0; k < 3; k++) {
    depth += way[k] * c.forward[k];
    right += way[k] * c.right[k];
    down += way[k] * c.down[k];
    g.way[k] = way[k];
    brightest = color[k] > brightest ? color[k] : brightest;
  }
  for (int k = 0; k < 3; k++) g.color[k] = color[k] / brightest;
  if (depth < 0.05f) return g;
  g.x = c.center[0] + c.focal[0] * right / depth;
  g.y = c.center[1] + c.focal[1] * down / depth;
  g.share = depth > 0.3f ? 1.0f : (depth - 0.05f) * 4.0f;
  return g;
}

TRACER_FN tracer_glint sun_glint(const tracer_scene &scene, const tracer_camera &c) {
  const tracer_room &room = scene.room;
  tracer_glint g = placed(c, room.sun_way, room.sun_color);
  if (g.share <= 0.0f) return g;
  float light = 0.0f;
  for (int i = 0; i < probes; i += TRACER_LANES) {
    aim a = probe_aim(i);
    vec way = splat(room.sun_way) + splat(c.right) * ((a.u - 0.5f) * 0.04f)
      + splat(c.down) * ((a.v - 0.5f) * 0.04f);
    ray r = {splat(c.position), normalized(way)};
    vec seen = open_sky(scene, r);
    if (room.clouds > 0.0f) seen = seen * power3(1.0f - cloud_at(room, r.direction).cover);
    light += brightness(seen);
  }
  g.share *= light / float(probes);
  return g;
}

TRACER_FN tracer_glint lamp_glint(const tracer_scene &scene, const tracer_camera &c) {
  const tracer_room &room = scene.room;
  vec middle = normalized(splat(room.light_center) - splat(c.position));
  float way[3] = {lane_of(middle.x, 0), lane_of(middle.y, 0), lane_of(middle.z, 0)};
  tracer_glint g = placed(c, way, room.light_color);
  if (g.share <= 0.0f) return g;
  float light = 0.0f;
  for (int i = 0; i < probes; i += TRACER_LANES) {
    aim a = probe_aim(i);
    vec lamp = {room.light_center[0] + (a.u * 2.0f - 1.0f) * room.light_half[0],
                room.light_center[1] + (a.v * 2.0f - 1.0f) * room.light_half[1],
                real(room.light_center[2])};
    vec to = lamp - splat(c.position);
    real distance = sqrt_of(dot(to, to) + 1e-6f);
    ray r = {splat(c.position), to * (1.0f / distance)};
    real strength = 1.0f / (1.0f + distance * distance * 0.06f);
    light += brightness(passing(scene, r, distance * 0.99f, strength));
  }
  g.share *= light / float(probes);
  return g;
}

TRACER_FN tracer_lens lens_of(const tracer_scene &scene, const tracer_camera &c) {
  const tracer_room &room = scene.room;
  tracer_lens lens = {};
  if (room.glare <= 0.0f && room.flare <= 0.0f) return lens;
  if (lit(room.sun_color)) lens.sun = sun_glint(scene, c);
  if (lit(room.light_color)) lens.lamp = lamp_glint(scene, c);
  return lens;
}

// The veil around a light: a bright core in a wide haze.
TRACER_FN real veil(const tracer_glint &g, vec direction) {
  real away = 2.0f * max_of(1.0f - dot(direction, splat(g.way)), real(0.0f));
  real core = 1.0f / (1.0f + away * 400.0f), haze = 1.0f / (1.0f + away * 14.0f);
  return core * core * 0.8f + haze * haze * 0.2f;
}

// One of the images of a light that the lens's glasses throw: a disc with a brighter rim.
TRACER_FN real ghost(real x, real y, float radius) {
  real off = sqrt_of(x * x + y * y) * (1.0f / radius);
  return edge(1.0f - off, real(0.25f)) * (0.55f + 0.45f * off * off);
}

// The ghosts of a light, on the line from it through the image's middle.
TRACER_FN vec ghosts(const tracer_glint &g, const tracer_camera &c, real x, real y) {
  float unit = c.focal[0], gx = (g.x - c.center[0]) / unit, gy = (g.y - c.center[1]) / unit;
  float far = gx * gx + gy * gy;
  real u = (x - c.center[0]) * (1.0f / unit), v = (y - c.center[1]) * (1.0f / unit);
  vec light = {real(0.0f), real(0.0f), real(0.0f)};
  if (far > 4.0f) return light;
  const float places[5] = {-0.35f, -0.7f, -1.15f, 0.45f, -1.6f};
  const float sizes[5] = {0.05f, 0.11f, 0.07f, 0.035f, 0.2f};
  for (int k = 0; k < 5; k++) {
    real disc = ghost(u - gx * places[k], v - gy * places[k], sizes[k]) * 0.16f;
    float warm = float(k) * 0.25f;
    light = light + vec{disc * (0.5f + 0.5f * warm), disc * 0.75f, disc * (1.1f - 0.6f * warm)};
  }
  return light * real((4.0f - far) * 0.25f);
}

// What one light adds to a place of the image; 1 is white.
TRACER_FN vec stray(
    const tracer_room &room, const tracer_glint &g, const tracer_camera &c, real x, real y) {
  vec light = {real(0.0f), real(0.0f), real(0.0f)};
  if (g.share <= 0.0f) return light;
  if (room.glare > 0.0f) {
    real v = veil(g, through(c, x, y).direction) * (2.0f * room.glare);
    light = {v, v, v};
  }
  if (room.flare > 0.0f) light = light + ghosts(g, c, x, y) * real(room.flare);
  return light * splat(g.color) * real(g.share);
}

// What both lights add, in linear light before exposure.
TRACER_FN vec stray(
    const tracer_scene &scene, const tracer_lens &lens, const tracer_camera &c, real x, real y) {
  vec light = stray(scene.room, lens.sun, c, x, y) + stray(scene.room, lens.lamp, c, x, y);
  return light * real(1.0f / scene.exposure);
}

TRACER_FN bool dazzles(const tracer_lens &lens) {
  return lens.sun.share > 0.0f || lens.lamp.share > 0.0f;
}
