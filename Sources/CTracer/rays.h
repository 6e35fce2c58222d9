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

// A ball around a group's points.
struct ball {
  float x, y, z, radius;
};

TRACER_FN ball ball_of(float lx, float ly, float lz, float hx, float hy, float hz) {
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

// The round cone around two balls: how far apart they are, and by how much it widens.
struct cone {
  ball from;
  float dx, dy, dz, inverse2, widening, squeeze;
};

TRACER_FN cone cone_of(ball a, ball b) {
  cone c = {a, b.x - a.x, b.y - a.y, b.z - a.z, 0.0f, b.radius - a.radius, 0.0f};
  c.inverse2 = 1.0f / (c.dx * c.dx + c.dy * c.dy + c.dz * c.dz + 1e-9f);
  c.squeeze = 1.0f - c.widening * c.widening * c.inverse2;
  c.squeeze = c.squeeze < 0.0f ? 0.0f : c.squeeze;
  return c;
}

// Which spheres touch it.
TRACER_FN mask touches(const cone &c, real x, real y, real z, real radius) {
  x = x - c.from.x;
  y = y - c.from.y;
  z = z - c.from.z;
  real t = clamped((x * c.dx + y * c.dy + z * c.dz) * c.inverse2);
  real px = x - t * c.dx, py = y - t * c.dy, pz = z - t * c.dz;
  real reach = radius + c.from.radius + c.widening * t;
  return (px * px + py * py + pz * pz) * c.squeeze <= reach * reach;
}

#if TRACER_LANES == 1
#ifdef TRACER_ONE_LANE
static thread_local bool one_lane_culls = false;  // so that both ways can be compared on a CPU
#define TRACER_CULLS one_lane_culls
#else
#define TRACER_CULLS true
#endif

TRACER_FN ball around(unsigned group, vec p) {
  return ball_of(
      least_in(group, p.x), least_in(group, p.y), least_in(group, p.z), greatest_in(group, p.x),
      greatest_in(group, p.y), greatest_in(group, p.z));
}

// Each thread of the group tests its share of the objects against the cone around all their rays: all
// then try the same few objects, side by side.
TRACER_FN crowd touched(const tracer_scene &scene, vec from, vec to) {
  crowd found = {};
  unsigned group = company();
  int first = rank_in(group), step = __popc(group);
  cone c = cone_of(around(group, from), around(group, to));
  for (int w = 0; w < TRACER_OBJECTS / 64; w++) {
    unsigned low = 0, high = 0;
    int count = scene.object_count - w * 64;
    count = count < 64 ? count : 64;
    for (int k = first; k < count; k += step) {
      int i = w * 64 + k;
      if (!touches(
              c, scene.bound_x[i], scene.bound_y[i], scene.bound_z[i], scene.bound_radius[i]))
        continue;
      if (k < 32) low |= 1u << k; else high |= 1u << (k - 32);
    }
    low = either_in(group, low);
    high = either_in(group, high);
    found.word[w] = (unsigned long long)high << 32 | low;
  }
  return found;
}
#else
TRACER_FN ball around(vec p) {
  return ball_of(
      least(p.x), least(p.y), least(p.z), greatest(p.x), greatest(p.y), greatest(p.z));
}
#endif

// The objects that rays between two groups of points may meet: those whose bounding spheres touch
// the round cone around both groups.
TRACER_FN crowd candidates(const tracer_scene &scene, vec from, vec to) {
  crowd found = {};
#if TRACER_LANES == 1
  if (TRACER_CULLS) return touched(scene, from, to);
#else
  cone c = cone_of(around(from), around(to));
  for (int i = 0; i < scene.object_count; i += TRACER_LANES) {
    mask near = touches(
        c, *(const real *)(scene.bound_x + i), *(const real *)(scene.bound_y + i),
        *(const real *)(scene.bound_z + i), *(const real *)(scene.bound_radius + i));
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
