// From a pixel to its colour: closest surface, its material, light, shadow, and one reflection.
//
// Needs no library and allocates nothing, so that CPU compilers and NVRTC compile the same text.
#pragma once
#include "shapes.h"
#include "textures.h"

// What a ray shows.
struct surface {
  real distance;
  vec point, normal, color;
  real reflectivity, shine, glow;
};

// Where a sample falls on the light, each 0..<1.
struct aim {
  real u, v;
};

constexpr int hull = -1;  // the room itself, as an object's index

// How far it is along a ray to the room's inside.
TRACER_FN real meet_room(const tracer_room &room, ray r) {
  vec d = {nonzero(r.direction.x), nonzero(r.direction.y), nonzero(r.direction.z)};
  real zero = 0.0f;
  real x = (select(d.x > 0.0f, real(room.size[0]), zero) - r.origin.x) / d.x;
  real y = (select(d.y > 0.0f, real(room.size[1]), zero) - r.origin.y) / d.y;
  real z = (select(d.z > 0.0f, real(room.size[2]), zero) - r.origin.z) / d.z;
  return max_of(min_of(min_of(x, y), z), zero);
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

// The objects that rays between two groups of points may meet: those whose bounding spheres touch
// the round cone around both groups.
TRACER_FN crowd candidates(const tracer_scene &scene, vec from, vec to) {
  crowd found = {};
#if TRACER_LANES > 1
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

// The first thing that rays meet: its distance, and the object's index or `hull`.
TRACER_FN real closest(const tracer_scene &scene, ray r, integer &object) {
  real best = meet_room(scene.room, r);
  object = integer(hull);
  vec end = r.origin + r.direction * best;
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

// Which lanes have something between a point and a place on the light.
TRACER_FN mask shadowed(const tracer_scene &scene, ray r, real distance) {
  vec end = r.origin + r.direction * distance;
  mask hidden = distance < 0.0f;
  crowd near = candidates(scene, r.origin, end);
  for (int w = 0; w < TRACER_OBJECTS / 64; w++)
    for (auto left = near.word[w]; left; left &= left - 1) {
      hidden = hidden | (meet(scene.objects[w * 64 + lowest_bit(left)], r) < distance);
      if (!any(!hidden)) return hidden;
    }
  return hidden;
}

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

TRACER_FN place place_of(const tracer_scene &scene, vec p, vec &normal) {
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
TRACER_FN void paint(
    const tracer_scene &scene, integer material, real u, real v, real width, surface &s) {
  mask left = material >= 0;
  while (any(left)) {
    int index = lane_of(material, first_lane(left));
    const tracer_material &m = scene.materials[index];
    mask here = material == index;
    s.color = select(here, color_of(m, u, v, width), s.color);
    s.reflectivity = select(here, real(m.reflectivity), s.reflectivity);
    s.shine = select(here, real(m.shine), s.shine);
    s.glow = select(here, real(m.glow), s.glow);
    left = left & !here;
  }
}

// What the rays show. `spread` is a sample's width at a distance of 1.
TRACER_FN surface look(const tracer_scene &scene, ray r, real travelled, float spread) {
  integer object;
  surface s;
  s.distance = closest(scene, r, object);
  s.point = r.origin + r.direction * s.distance;
  place at = {integer(0), integer(0), real(0.0f), real(0.0f)};
  mask left = object >= 0;
  if (any(!left)) at = place_of(scene, s.point, s.normal);
  else s.normal = s.point;
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
    left = left & !here;
  }
  real facing = max_of(-dot(s.normal, r.direction), real(0.06f));
  real width = (s.distance + travelled) * spread / sqrt_of(facing);
  s.color = vec{real(0.0f), real(0.0f), real(0.0f)};
  s.reflectivity = s.shine = s.glow = real(0.0f);
  paint(scene, at.material, at.u, at.v, width, s);
  return s;
}

// How open the place is: darker towards the room's edges and corners.
TRACER_FN real openness(const tracer_room &room, surface s) {
  vec p = s.point + s.normal * real(0.3f);
  vec q = splat(room.size) - p;
  real product = p.x * q.x * p.y * q.y * p.z * q.z;
  constexpr float reach = 0.18f;
  real wider = (p.x + reach) * (q.x + reach) * (p.y + reach) * (q.y + reach) * (p.z + reach)
    * (q.z + reach);
  return max_of(product / wider, real(0.0f));
}

TRACER_FN vec ambient(const tracer_room &room, surface s) {
  vec light = mix(splat(room.ambient_down), splat(room.ambient_up), 0.5f + 0.5f * s.normal.z);
  return light * ((0.8f + 0.4f * dot(s.normal, splat(room.fill))) * openness(room, s));
}

TRACER_FN real power16(real x) {
  x = x * x;
  x = x * x;
  x = x * x;
  return x * x;
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

// How much sun falls on a surface.
TRACER_FN real sunshine(const tracer_scene &scene, surface s, aim a) {
  const float *sun = scene.room.sun_way;
  constexpr float size = 0.03f;
  vec way = {sun[0] + (a.u - 0.5f) * size, sun[1] + (a.v - 0.5f) * size, real(sun[2])};
  ray r = {s.point + s.normal * real(2e-3f), normalized(way)};
  real strength = max_of(dot(s.normal, r.direction), real(0.0f));
  real distance = meet_room(scene.room, r);
  mask lit = strength > 0.0f;
  if (any(lit)) lit = lit & through_window(scene, r.origin + r.direction * distance);
  if (any(lit)) lit = lit & !shadowed(scene, r, distance);
  return select(lit, strength, real(0.0f));
}

// What reaches a surface from one place on the light: how much, and from where.
struct beam {
  vec way;
  real strength;
};

TRACER_FN beam lamp_light(const tracer_scene &scene, surface s, aim a) {
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
  mask lit = strength > 0.0f;
  if (any(lit))
    strength = select(shadowed(scene, {start, way}, distance), real(0.0f), strength);
  return {way, strength};
}

// The light that a surface sends back along a ray, reflections aside.
TRACER_FN vec shade(const tracer_scene &scene, ray r, surface s, aim a) {
  const tracer_room &room = scene.room;
  beam one = lamp_light(scene, s, a);
  beam two = lamp_light(scene, s, {fraction(a.u + 0.5f), fraction(a.v + 0.37f)});
  vec half = normalized(one.way + two.way - r.direction * real(2.0f));
  real gleam = s.shine * power16(max_of(dot(half, s.normal), real(0.0f)));
  vec direct = splat(room.light_color) * (0.5f * (one.strength + two.strength));
  if (room.sun_color[0] > 0.0f)
    direct = direct + splat(room.sun_color) * sunshine(scene, s, a);
  return s.color * (ambient(room, s) + direct + vec{s.glow, s.glow, s.glow}) + direct * gleam;
}

// Lanes that do not reflect borrow a ray from one that does, so that the group stays together.
TRACER_FN vec borrowed(mask m, vec a) {
  int i = first_lane(m);
  return select(m, a, vec{real(lane_of(a.x, i)), real(lane_of(a.y, i)), real(lane_of(a.z, i))});
}

// The colour along rays from inside the room, in linear light.
TRACER_FN vec radiance(const tracer_scene &scene, ray r, float spread, aim a) {
  surface s = look(scene, r, real(0.0f), spread);
  vec color = shade(scene, r, s, a);
  mask mirror = s.reflectivity > 0.0f;
  if (any(mirror)) {
    real facing = clamped(-dot(s.normal, r.direction));
    vec way = r.direction + s.normal * (2.0f * facing);
    ray bounced = {borrowed(mirror, s.point + s.normal * real(2e-3f)), borrowed(mirror, way)};
    surface seen = look(scene, bounced, s.distance, spread);
    vec image = shade(scene, bounced, seen, a);
    real x = 1.0f - facing, x2 = x * x;
    real share = s.reflectivity + (1.0f - s.reflectivity) * x2 * x2 * x * 0.7f;
    color = mix(color, image, select(mirror, share, real(0.0f)));
  }
  return color;
}

// The ray through a pixel coordinate.
TRACER_FN ray through(const tracer_camera &c, real x, real y) {
  real a = (x - c.center[0]) * (1.0f / c.focal[0]), b = (y - c.center[1]) * (1.0f / c.focal[1]);
  vec d = splat(c.forward) + splat(c.right) * a + splat(c.down) * b;
  return {splat(c.position), normalized(d)};
}

// Linear light to what a display takes, 0...1: a soft shoulder, then gamma.
TRACER_FN real developed(real x) {
  constexpr float white = 3.0f;
  x = max_of(x, real(0.0f));
  return clamped(sqrt_of(x * (1.0f + x * (1.0f / (white * white))) / (1.0f + x)));
}

// The bits of an index in reverse: fills 0..<1 evenly as the index grows.
TRACER_FN float spread_out(unsigned int i) {
  unsigned int bits = 0;
  for (int k = 0; k < 16; k++) bits |= (i >> k & 1u) << (15 - k);
  return float(bits) * (1.0f / 65536.0f);
}

TRACER_FN unsigned int scrambled(unsigned int x) {
  x = (x ^ (x >> 16)) * 0x7feb352du;
  x = (x ^ (x >> 15)) * 0x846ca68bu;
  return x ^ (x >> 16);
}

// Where one sample falls in the image, in pixels, and on the light, 0..<1.
struct sample {
  float x, y, u, v;
};

// Sample `s` of `samples` of a pixel: stratified in the pixel, and on the light by its own shift.
TRACER_FN sample sample_of(int x, int y, int s, int samples) {
  float along = (float(s) + 0.5f) / float(samples), across = spread_out(unsigned(s));
  unsigned int key = scrambled(unsigned(x) + unsigned(y) * 65537u);
  float u = across + float(key & 0xffffu) * (1.0f / 65536.0f);
  float v = along + float(key >> 16) * (1.0f / 65536.0f);
  return {float(x) + along, float(y) + across + 0.5f / float(samples), u - float(int(u)),
          v - float(int(v))};
}

// How wide one sample is at a distance of 1.
TRACER_FN float spread_of(const tracer_camera &c, int samples) {
  float cells = samples < 4 ? 1.0f : 2.0f;
  return lane_of(1.4f / sqrt_of(real(c.focal[0] * c.focal[1])), 0) / cells;
}

TRACER_FN unsigned char byte_of(float x) { return (unsigned char)(x * 255.0f + 0.5f); }
