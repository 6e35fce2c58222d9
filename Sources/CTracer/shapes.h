// Where rays meet solids.
#pragma once
#include "lanes.h"
#include "scene.h"

struct ray {
  vec origin, direction;  // direction of length 1
};

// A surface point in an object's frame.
struct local {
  vec normal;     // in world coordinates
  real u, v;      // metres on the surface
  integer face;   // which of the object's materials
};

constexpr float nearest_hit = 1e-3f;
constexpr float far_away = 1e9f;

// Turns a vector about z by minus the object's rotation.
TRACER_FN vec into(const tracer_object &o, vec a) {
  return {a.x * o.turn[0] + a.y * o.turn[1], a.y * o.turn[0] - a.x * o.turn[1], a.z};
}

TRACER_FN vec out_of(const tracer_object &o, vec a) {
  return {a.x * o.turn[0] - a.y * o.turn[1], a.y * o.turn[0] + a.x * o.turn[1], a.z};
}

TRACER_FN vec scaled(const tracer_object &o, vec a) {
  return {a.x * (1.0f / o.half[0]), a.y * (1.0f / o.half[1]), a.z * (1.0f / o.half[2])};
}

TRACER_FN real usable(mask good, real t) {
  return select(good & (t > nearest_hit), t, real(far_away));
}

TRACER_FN real meet_box(const tracer_object &o, vec q, vec d) {
  real ix = 1.0f / nonzero(d.x), iy = 1.0f / nonzero(d.y), iz = 1.0f / nonzero(d.z);
  real kx = abs_of(ix) * o.half[0], ky = abs_of(iy) * o.half[1], kz = abs_of(iz) * o.half[2];
  real nx = q.x * ix, ny = q.y * iy, nz = q.z * iz;
  real enter = max_of(max_of(-nx - kx, -ny - ky), -nz - kz);
  real leave = min_of(min_of(kx - nx, ky - ny), kz - nz);
  return usable(enter < leave, enter);
}

TRACER_FN real meet_ellipsoid(const tracer_object &o, vec q, vec d) {
  q = scaled(o, q);
  d = scaled(o, d);
  real a = dot(d, d), b = dot(q, d), c = dot(q, q) - 1.0f;
  real inside = b * b - a * c;
  return usable(inside > 0.0f, (-b - sqrt_of(max_of(inside, real(0.0f)))) / a);
}

// The nearer of a cone's side and its two end discs.
TRACER_FN real meet_cone(const tracer_object &o, vec q, vec d) {
  q = scaled(o, q);
  d = scaled(o, d);
  float k = o.taper;
  real r = 1.0f + k * q.z, s = k * d.z;
  real a = nonzero(d.x * d.x + d.y * d.y - s * s), b = q.x * d.x + q.y * d.y - r * s;
  real c = q.x * q.x + q.y * q.y - r * r;
  real inside = b * b - a * c;
  real root = sqrt_of(max_of(inside, real(0.0f)));
  real one = (-b - root) / a, two = (-b + root) / a;
  real first = min_of(one, two), last = max_of(one, two);
  // A ray steeper than the side meets the cone's mirror image beyond the tip, too, and maybe first.
  mask mirrored = (a < 0.0f) & (abs_of(q.z + first * d.z) > 1.0f);
  real t = select(mirrored, last, first), z = q.z + t * d.z;
  real side = usable((inside > 0.0f) & (abs_of(z) <= 1.0f), t);
  real end = select(d.z > 0.0f, real(-1.0f), real(1.0f));
  real e = (end - q.z) / nonzero(d.z);
  real x = q.x + e * d.x, y = q.y + e * d.y, rim = 1.0f + k * end;
  return min_of(side, usable(x * x + y * y <= rim * rim, e));
}

TRACER_FN real meet_stick(const tracer_object &o, vec q, vec d) {
  vec axis = splat(o.half);
  real length2 = dot(axis, axis), along = dot(axis, d), start = dot(axis, q);
  real a = nonzero(length2 - along * along), b = length2 * dot(q, d) - start * along;
  real c = length2 * dot(q, q) - start * start - o.radius * o.radius * length2;
  real inside = b * b - a * c;
  real t = (-b - sqrt_of(max_of(inside, real(0.0f)))) / a, y = start + t * along;
  mask barrel = (inside > 0.0f) & (abs_of(y) < length2);
  vec p = q - axis * select(y < 0.0f, real(-1.0f), real(1.0f));
  real e = dot(p, d), f = e * e - dot(p, p) + o.radius * o.radius;
  real cap = -e - sqrt_of(max_of(f, real(0.0f)));
  return usable(barrel | (f > 0.0f), select(barrel, t, cap));
}

// The distance at which a ray enters an object; far_away if it does not.
TRACER_FN real meet(const tracer_object &o, ray r) {
  vec q = r.origin - splat(o.center);
  if (o.shape == TRACER_STICK) return meet_stick(o, q, r.direction);
  q = into(o, q);
  vec d = into(o, r.direction);
  if (o.shape == TRACER_BOX) return meet_box(o, q, d);
  if (o.shape == TRACER_ELLIPSOID) return meet_ellipsoid(o, q, d);
  return meet_cone(o, q, d);
}

TRACER_FN integer face_of(mask x, mask y) {
  return select(x, integer(0), select(y, integer(1), integer(2)));
}

TRACER_FN local box_surface(const tracer_object &o, vec p) {
  vec s = scaled(o, p);
  real ax = abs_of(s.x), ay = abs_of(s.y), az = abs_of(s.z);
  mask x = (ax >= ay) & (ax >= az), y = (ay > ax) & (ay >= az);
  real zero = 0.0f;
  vec n = {select(x, s.x, zero), select(y, s.y, zero), select(x | y, zero, s.z)};
  return {out_of(o, normalized(n)), select(x, p.y, p.x), select(x | y, p.z, p.y), face_of(x, y)};
}

TRACER_FN local round_surface(const tracer_object &o, vec p) {
  vec s = scaled(o, p);
  real zero = 0.0f, around = turns(s.y, s.x) * (6.2831853f * o.half[0]);
  if (o.shape == TRACER_ELLIPSOID) {
    real up = turns(s.z, sqrt_of(s.x * s.x + s.y * s.y)) * (6.2831853f * o.half[2]);
    return {out_of(o, normalized(scaled(o, s))), around, up, integer(0)};
  }
  mask end = abs_of(s.z) > 0.9995f;
  real slope = -o.taper * (1.0f + o.taper * s.z) / o.half[2];
  vec side = {s.x / o.half[0], s.y / o.half[1], slope};
  vec n = select(end, vec{zero, zero, s.z}, side);
  return {out_of(o, normalized(n)), select(end, p.x, around), select(end, p.y, p.z),
          select(end, integer(2), integer(0))};
}

TRACER_FN local stick_surface(const tracer_object &o, vec p) {
  vec axis = splat(o.half);
  real y = dot(axis, p) / dot(axis, axis);
  real clipped = min_of(max_of(y, real(-1.0f)), real(1.0f));
  return {normalized(p - axis * clipped), (p.x + p.y), y * sqrt_of(dot(axis, axis)), integer(0)};
}

// What the surface is like where an object was met.
TRACER_FN local surface_of(const tracer_object &o, vec point) {
  vec p = point - splat(o.center);
  if (o.shape == TRACER_STICK) return stick_surface(o, p);
  p = into(o, p);
  return o.shape == TRACER_BOX ? box_surface(o, p) : round_surface(o, p);
}

// What a ray shows.
struct surface {
  real distance;
  vec point, normal, color;
  real reflectivity, shine, glow, transparency;
  real u, v, width;   // metres on it, and the sample's width there
  real rim;           // metres to its nearest edge or silhouette, if edges are drawn
  mask beyond, hull;  // whether it is the sky, the room itself
};
