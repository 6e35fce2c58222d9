// Which object rays meet first, and what stands between two points.
#pragma once
#include "shapes.h"

// What rays meet that meet no object: the room itself or the ground, or nothing at all.
constexpr int hull = -1, sky = -2;

// How far it is along a ray to the room's inside.
TRACER_FN real meet_room(const tracer_room &room, ray r) {
  vec d = {nonzero(r.direction.x), nonzero(r.direction.y), nonzero(r.direction.z)};
  real zero = 0.0f;
  real x = (select(d.x > 0.0f, real(room.size[0]), zero) - r.origin.x) / d.x;
  real y = (select(d.y > 0.0f, real(room.size[1]), zero) - r.origin.y) / d.y;
  real z = (select(d.z > 0.0f, real(room.size[2]), zero) - r.origin.z) / d.z;
  return max_of(min_of(min_of(x, y), z), zero);
}

// How far it is to the ground of an open place, or TRACER_SKY_DEPTH.
TRACER_FN real meet_ground(ray r) {
  real far = float(TRACER_SKY_DEPTH);
  real t = max_of(r.origin.z, real(0.0f)) / max_of(-r.direction.z, real(1e-9f));
  return min_of(t, far);
}

// From how far on rays are past all objects.
TRACER_FN real span(const tracer_scene &scene, vec origin) {
  vec p = origin - splat(scene.middle);
  return sqrt_of(dot(p, p)) + scene.reach;
}

// A ball around the lanes' points.
struct ball {
  float x, y, z, radius;
};

TRACER_FN ball around(vec p) {
  float lx = least(p.x), ly = least(p.y), lz = least(p.z);
  float hx = greatest(p.x), hy = greatest(p.y), hz = greatest(p.z);
  float dx = 0.5f * (hx - lx), dy = 0.5f * (hy - ly), dz = 0.5f * (hz - lz);
  float radius = lane_of(sqrt_of(real(dx * dx + dy * dy + dz * dz)), 0);
  return {lx + dx, ly + dy, lz + dz, radius + 1e-3f};
}

// A set of objects, a bit each.
struct crowd {
  unsigned long long word[TRACER_OBJECTS / 64];
};

TRACER_FN int lowest_bit(unsigned long long bits) {
#if TRACER_LANES > 1
  return __builtin_ctzll(bits);
#else
  return __ffsll((long long)bits) - 1;
#endif
}

#if TRACER_LANES == 1
#ifdef TRACER_ONE_LANE
static thread_local bool one_lane_culls = false;  // so that both ways can be compared on a CPU
#define TRACER_CULLS one_lane_culls
#else
#define TRACER_CULLS true
#endif

// The objects whose bounding spheres touch the way between two points.
TRACER_FN crowd touched(const tracer_scene &scene, vec from, vec to) {
  crowd found = {};
  vec way = to - from;
  float inverse = 1.0f / (dot(way, way) + 1e-9f);
  for (int w = 0; w < TRACER_OBJECTS / 64; w++) {
    int count = scene.object_count - w * 64;
    unsigned long long bits = 0;
    for (int k = 0; k < 64 && k < count; k++) {
      int i = w * 64 + k;
      vec middle = {scene.bound_x[i], scene.bound_y[i], scene.bound_z[i]};
      vec off = middle - from - way * clamped(dot(middle - from, way) * inverse);
      float radius = scene.bound_radius[i];
      if (dot(off, off) <= radius * radius) bits |= 1ull << k;
    }
    found.word[w] = bits;
  }
  return found;
}
#endif

// The objects that rays between two groups of points may meet: those whose bounding spheres touch
// the round cone around both groups.
TRACER_FN crowd candidates(const tracer_scene &scene, vec from, vec to) {
  crowd found = {};
#if TRACER_LANES == 1
  if (TRACER_CULLS) return touched(scene, from, to);
#else
  ball a = around(from), b = around(to);
  float dx = b.x - a.x, dy = b.y - a.y, dz = b.z - a.z;
  float length2 = dx * dx + dy * dy + dz * dz + 1e-9f;
  float length = __builtin_sqrtf(length2), slope = (b.radius - a.radius) / length;
  float squeeze = 1.0f - slope * slope;
  squeeze = squeeze < 0.0f ? 0.0f : squeeze;
  for (int i = 0; i < scene.object_count; i += TRACER_LANES) {
    real x = *(const real *)(scene.bound_x + i) - a.x, y = *(const real *)(scene.bound_y + i) - a.y;
    real z = *(const real *)(scene.bound_z + i) - a.z, r = *(const real *)(scene.bound_radius + i);
    real t = clamped((x * dx + y * dy + z * dz) * (1.0f / length2));
    real px = x - t * dx, py = y - t * dy, pz = z - t * dz;
    real reach = r + a.radius + (b.radius - a.radius) * t;
    mask near = (px * px + py * py + pz * pz) * squeeze <= reach * reach;
    unsigned long long bits = 0;
    for (int k = 0; k < TRACER_LANES; k++) bits |= (unsigned long long)(near[k] & 1) << k;
    found.word[i / 64] |= bits << (i % 64);
  }
#endif
  for (int w = 0; w < TRACER_OBJECTS / 64; w++) {
    int count = scene.object_count - w * 64;
    unsigned long long real_ones = count >= 64 ? ~0ull : count > 0 ? ~0ull >> (64 - count) : 0;
    found.word[w] = TRACER_LANES > 1 ? found.word[w] & real_ones : real_ones;
  }
  return found;
}

// The first thing that rays meet: its distance, and the object's index, `hull` or `sky`.
TRACER_FN real closest(const tracer_scene &scene, ray r, integer &object) {
  real best;
  vec end;
  if (scene.room.open) {
    best = meet_ground(r);
    object = select(best < float(TRACER_SKY_DEPTH), integer(hull), integer(sky));
    end = r.origin + r.direction * min_of(best, span(scene, r.origin));
  } else {
    best = meet_room(scene.room, r);
    object = integer(hull);
    end = r.origin + r.direction * best;
  }
  crowd near = candidates(scene, r.origin, end);
  for (int w = 0; w < TRACER_OBJECTS / 64; w++)
    for (auto left = near.word[w]; left; left &= left - 1) {
      int i = w * 64 + lowest_bit(left);
      real t = meet(scene.objects[i], r);
      mask nearer = t < best;
      best = select(nearer, t, best);
      object = select(nearer, integer(i), object);
    }
  return best;
}

// Which rays are stopped by something that is not glass before `distance`.
TRACER_FN mask stopped(const tracer_scene &scene, ray r, real distance, const crowd &near) {
  mask hidden = distance < 0.0f;
  for (int w = 0; w < TRACER_OBJECTS / 64; w++)
    for (auto left = near.word[w] & ~scene.panes[w]; left; left &= left - 1) {
      hidden = hidden | (meet(scene.objects[w * 64 + lowest_bit(left)], r) < distance);
      if (!any(!hidden)) return hidden;
    }
  return hidden;
}

// What glass before `distance` leaves of the light.
TRACER_RARE vec tinted(const tracer_scene &scene, ray r, real distance, const crowd &near) {
  vec light = {real(1.0f), real(1.0f), real(1.0f)};
  for (int w = 0; w < TRACER_OBJECTS / 64; w++)
    for (auto left = near.word[w] & scene.panes[w]; left; left &= left - 1) {
      const tracer_object &o = scene.objects[w * 64 + lowest_bit(left)];
      light = select(meet(o, r) < distance, light * splat(scene.tints[o.materials[0]]), light);
    }
  return light;
}

// The share of a light's strength that comes to a ray's origin from `distance` on, per colour.
TRACER_FN vec passing(const tracer_scene &scene, ray r, real distance, real strength) {
  crowd near = candidates(scene, r.origin, r.origin + r.direction * distance);
  strength = select(stopped(scene, r, distance, near), real(0.0f), strength);
  vec light = {strength, strength, strength};
  return scene.glass ? light * tinted(scene, r, distance, near) : light;
}
