// What a ray shows: where it ends, and what the surface there is like.
#pragma once
#include "materials.h"
#include "rays.h"
#include "styles.h"

// A point on the room's inside: which wall, and where on it.
struct place {
  integer wall, material;
  real u, v;
};

TRACER_FN void put_on(const tracer_decal &d, place &p) {
  mask inside = (p.wall == d.wall) & (p.u > d.low[0]) & (p.u < d.high[0]) & (p.v > d.low[1])
    & (p.v < d.high[1]);
  mask core = (p.u > d.low[0] + d.frame) & (p.u < d.high[0] - d.frame)
    & (p.v > d.low[1] + d.frame) & (p.v < d.high[1] - d.frame);
  p.material =
    select(inside, select(core, integer(d.material), integer(d.frame_material)), p.material);
}

// The ground of an open place, which has no walls.
TRACER_FN place ground_place(const tracer_scene &scene, vec p, vec &normal) {
  normal = {real(0.0f), real(0.0f), real(1.0f)};
  place at = {integer(4), integer(scene.room.walls[4]), p.x, p.y};
  for (int i = 0; i < scene.decal_count; i++) put_on(scene.decals[i], at);
  return at;
}

TRACER_FN place place_of(const tracer_scene &scene, vec p, vec &normal) {
  if (scene.room.open) return ground_place(scene, p, normal);
  const float *size = scene.room.size;
  real zero = 0.0f, one = 1.0f;
  real x = min_of(p.x, size[0] - p.x), y = min_of(p.y, size[1] - p.y);
  real z = min_of(p.z, size[2] - p.z);
  mask mx = (x < y) & (x < z), my = (y <= x) & (y < z);
  mask low = select(mx, p.x * 2.0f - size[0], select(my, p.y * 2.0f - size[1],
    p.z * 2.0f - size[2])) < 0.0f;
  real inward = select(low, one, -one);
  normal = {select(mx, inward, zero), select(my, inward, zero), select(mx | my, zero, inward)};
  integer wall = face_of(mx, my) * 2 + select(low, integer(0), integer(1));
  place at = {wall, integer(0), select(mx, p.y, p.x), select(mx | my, p.z, p.y)};
  for (int i = 0; i < 6; i++)
    at.material = select(wall == i, integer(scene.room.walls[i]), at.material);
  for (int i = 0; i < scene.decal_count; i++) put_on(scene.decals[i], at);
  return at;
}

// Fills in the colour and finish of the lanes, one material at a time.
TRACER_FN void paint(const tracer_scene &scene, integer material, surface &s) {
  mask left = material >= 0;
  while (any(left)) {
    int index = lane_of(material, first_lane(left));
    const tracer_material &m = scene.materials[index];
    mask here = material == index;
    coat c = coat_of(m, s.u, s.v, s.width);
    s.color = select(here, c.color, s.color);
    s.reflectivity = select(here, real(m.reflectivity), s.reflectivity);
    s.shine = select(here, real(m.shine), s.shine);
    s.glow = select(here, m.glow * c.glow, s.glow);
    if (scene.glass) s.transparency = select(here, real(m.transparency), s.transparency);
    left = left & !here;
  }
}

// Fills in the normal and the place on it of the lanes that met an object, one at a time.
TRACER_FN void settle(const tracer_scene &scene, ray r, integer object, surface &s, place &at) {
  mask left = object >= 0;
  while (any(left)) {
    int index = lane_of(object, first_lane(left));
    const tracer_object &o = scene.objects[index];
    local l = surface_of(o, s.point);
    mask here = object == index;
    integer material = select(l.face == 0, integer(o.materials[0]),
      select(l.face == 1, integer(o.materials[1]), integer(o.materials[2])));
    s.normal = select(here, l.normal, s.normal);
    at.u = select(here, l.u, at.u);
    at.v = select(here, l.v, at.v);
    at.material = select(here, material, at.material);
    if (scene.room.edge > 0.0f)
      s.rim = select(here, rim_of(o, s.point, l.normal, r.direction, scene.room.edge), s.rim);
    left = left & !here;
  }
}

// What the rays show. `spread` is a sample's width at a distance of 1.
TRACER_FN surface look(const tracer_scene &scene, ray r, real travelled, float spread) {
  integer object;
  surface s;
  s.distance = closest(scene, r, object);
  s.point = r.origin + r.direction * s.distance;
  s.beyond = object == sky;
  s.hull = object == hull;
  s.rim = real(far_away);
  place at = {integer(0), integer(0), real(0.0f), real(0.0f)};
  s.normal = s.point;
  if (any(s.hull)) {
    at = place_of(scene, s.point, s.normal);
    if (scene.room.edge > 0.0f) s.rim = rim_of(scene.room, s.point);
  }
  settle(scene, r, object, s, at);
  real facing = max_of(-dot(s.normal, r.direction), real(scene.room.open ? 0.012f : 0.06f));
  s.width = (s.distance + travelled) * spread / sqrt_of(facing);
  s.u = at.u;
  s.v = at.v;
  s.color = vec{real(0.0f), real(0.0f), real(0.0f)};
  s.reflectivity = s.shine = s.glow = s.transparency = real(0.0f);
  paint(scene, select(s.beyond, integer(-1), at.material), s);
  if (scene.room.edge > 0.0f) outline(scene.room.edge, s);
  return s;
}
