// Styles: levels of light, lines along edges, strokes on paper.
#pragma once
#include "materials.h"
#include "shapes.h"

// Light in a few levels of equal steps to the eye.
TRACER_RARE vec banded(vec light, float exposure, int bands) {
  real strength = (light.x * 0.3f + light.y * 0.5f + light.z * 0.2f) * exposure + 1e-5f;
  real steps = sqrt_of(strength) * float(bands);
  real step = floor_of(steps);
  real level = (step + 0.5f + clamped((steps - step - 0.94f) * 16.0f)) * (1.0f / float(bands));
  return light * (level * level / strength);
}

// How far it is to a room's nearest edge, for a point on its inside.
TRACER_RARE real rim_of(const tracer_room &room, vec p) {
  if (room.open) return real(far_away);
  real x = min_of(p.x, room.size[0] - p.x), y = min_of(p.y, room.size[1] - p.y);
  real z = min_of(p.z, room.size[2] - p.z);
  return max_of(min_of(x, y), min_of(max_of(x, y), z));  // the middle one of the three
}

// Narrows the lines of things that are not much wider than they.
TRACER_FN real narrowed(real rim, real half, float line) {
  return rim * max_of(4.0f * line / half, real(1.0f));
}

TRACER_FN real box_rim(const tracer_object &o, vec p, float line) {
  vec s = scaled(o, p);
  real ax = abs_of(s.x), ay = abs_of(s.y), az = abs_of(s.z);
  mask x = (ax >= ay) & (ax >= az), y = (ay > ax) & (ay >= az);
  real dx = select(x, real(far_away), o.half[0] - abs_of(p.x));
  real dy = select(y, real(far_away), o.half[1] - abs_of(p.y));
  real dz = select(x | y, o.half[2] - abs_of(p.z), real(far_away));
  real hx = select(x, real(far_away), real(o.half[0]));
  real hy = select(y, real(far_away), real(o.half[1]));
  real hz = select(x | y, real(o.half[2]), real(far_away));
  real half = min_of(min_of(hx, hy), hz);
  return narrowed(max_of(min_of(min_of(dx, dy), dz), real(0.0f)), half, line);
}

// How far a point of a round thing is from its outline as the ray sees it.
TRACER_FN real silhouette(vec normal, vec direction, float radius, float line) {
  real facing = clamped(-dot(normal, direction));
  real rim = radius * (1.0f - sqrt_of(max_of(1.0f - facing * facing, real(0.0f))));
  return narrowed(rim, real(radius), line);
}

TRACER_FN real cone_rim(const tracer_object &o, vec p, real outline) {
  vec s = scaled(o, p);
  real from_ends = (1.0f - abs_of(s.z)) * o.half[2];
  real from_side = (1.0f + o.taper * s.z - sqrt_of(s.x * s.x + s.y * s.y)) * o.half[0];
  mask end = abs_of(s.z) > 0.9995f;
  return select(end, max_of(from_side, real(0.0f)), min_of(max_of(from_ends, real(0.0f)), outline));
}

// How far a point of an object is from its edges, or from its outline if it is round.
TRACER_RARE real rim_of(
    const tracer_object &o, vec point, vec normal, vec direction, float line) {
  if (o.shape == TRACER_STICK) return silhouette(normal, direction, o.radius, line);
  vec p = into(o, point - splat(o.center));
  if (o.shape == TRACER_BOX) return box_rim(o, p, line);
  float radius = o.half[0] < o.half[1] ? o.half[0] : o.half[1];
  real outline = silhouette(normal, direction, radius, line);
  return o.shape == TRACER_CONE ? cone_rim(o, p, outline) : outline;
}

// Draws a dark line where the rim is near; thinner than the sample's width it pales.
TRACER_RARE void outline(float line, surface &s) {
  real width = max_of(s.width, real(1e-4f));
  real ink = edge(line - s.rim, width) * min_of(2.0f * line / width, real(1.0f));
  real rest = 1.0f - select(s.beyond, real(0.0f), ink);
  s.color = s.color * (0.06f + 0.94f * rest);
  s.reflectivity = s.reflectivity * rest;
  s.transparency = s.transparency * rest;
  s.glow = s.glow * rest;
}

// Parallel strokes of the pencil, `count` a metre, of a thickness of 0...1: each runs a while,
// bends a little, and is pressed harder or less.
TRACER_FN real strokes(real u, real v, real width, real count, real thickness) {
  real across = v * count, line = floor_of(across);
  real along = u * count * 0.06f + 7.0f * cell_hash(line, real(1.0f), 41u);
  real run = floor_of(along), f = along - run - 0.5f;
  real key = cell_hash(line, run, 43u);
  real thick = clamped(thickness * (0.6f + 0.8f * key));
  real shift = (key - 0.5f) * (0.3f + f * 0.5f);
  real mark = bar(fraction(across) + shift, thick, max_of(width * count, real(1e-3f)));
  mark = mark * clamped((0.5f - abs_of(f)) * 9.0f) * clamped(thick * 12.0f);
  return mix(thick * 0.85f, mark, clamped(1.9f - 2.0f * width * count));
}

// Strokes of a fineness that suits the distance: two sizes, one fading into the other, so that
// each stays where it is on the surface.
TRACER_FN real hatching(real u, real v, real width, real thickness) {
  real wanted = min_of(0.25f / max_of(width, real(1e-5f)), real(399.0f));
  real count = 200.0f;
  for (int i = 0; i < 10; i++) count = select(count > wanted, count * 0.5f, count);
  real finer = clamped(wanted / count - 1.0f);
  return mix(strokes(u, v, width, count, thickness),
             strokes(u, v, width, count * 2.0f, thickness), finer);
}

// A surface as a coloured pencil draws it: a pale wash, and more strokes where it is darker.
TRACER_RARE vec sketched(float amount, float exposure, const surface &s, vec light) {
  real bright = (light.x * 0.3f + light.y * 0.5f + light.z * 0.2f) * exposure;
  real dark = 1.0f - clamped(sqrt_of(max_of(bright, real(0.0f)) / (1.0f + bright * 0.7f)));
  real u = s.u, v = s.v;
  real ink = hatching(0.8f * u - 0.6f * v, 0.6f * u + 0.8f * v, s.width, dark * 0.9f - 0.15f);
  real cross = hatching(0.5f * u + 0.87f * v, 0.5f * v - 0.87f * u, s.width, dark * 1.5f - 0.95f);
  ink = select(s.beyond, real(0.0f), 1.0f - (1.0f - ink) * (1.0f - cross));
  vec paper = {real(2.0f), real(1.93f), real(1.75f)}, white = {real(1.0f), real(1.0f), real(1.0f)};
  vec hue = select(s.beyond, light * real(exposure), s.color);
  hue = hue * (1.0f / (max_of(max_of(hue.x, hue.y), hue.z) + 0.02f));
  vec wash = paper * mix(white, hue, 0.35f + 0.25f * dark) * (1.0f - 0.3f * dark);
  vec pencil = s.color * real(0.45f) + hue * real(0.12f);
  return mix(light, mix(wash, pencil, ink) * real(1.0f / exposure), real(amount));
}
