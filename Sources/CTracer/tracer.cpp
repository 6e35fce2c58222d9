// The C door of the tracer: building scenes, and filming rows on a CPU, eight samples at a time.
#include "lens.h"

#include <cstdlib>
#include <cstring>

tracer_scene *tracer_scene_new(void) {
  auto *scene = (tracer_scene *)std::aligned_alloc(64, (sizeof(tracer_scene) + 63) / 64 * 64);
  std::memset((void *)scene, 0, sizeof(tracer_scene));
  scene->exposure = 1.0f;
  return scene;
}

void tracer_scene_free(tracer_scene *scene) { std::free(scene); }

unsigned long tracer_scene_bytes(void) { return sizeof(tracer_scene); }

template <typename T>
static int append(T *list, int &count, int limit, const T *item) {
  if (count >= limit) return -1;
  list[count] = *item;
  return count++;
}

int tracer_scene_add_material(tracer_scene *s, const tracer_material *material) {
  return append(s->materials, s->material_count, TRACER_MATERIALS, material);
}

int tracer_scene_add_decal(tracer_scene *s, const tracer_decal *decal) {
  return append(s->decals, s->decal_count, TRACER_DECALS, decal);
}

// The radius of a ball that holds an object.
static float bound(const tracer_object &o) {
  float x = o.half[0], y = o.half[1], z = o.half[2];
  if (o.shape == TRACER_ELLIPSOID) return __builtin_fmaxf(__builtin_fmaxf(x, y), z);
  if (o.shape == TRACER_CONE) {
    float r = __builtin_fmaxf(x, y) * (1.0f + __builtin_fabsf(o.taper));
    return __builtin_sqrtf(r * r + z * z);
  }
  return __builtin_sqrtf(x * x + y * y + z * z) + (o.shape == TRACER_STICK ? o.radius : 0.0f);
}

int tracer_scene_add_object(tracer_scene *s, const tracer_object *object) {
  int i = append(s->objects, s->object_count, TRACER_OBJECTS, object);
  if (i < 0) return i;
  s->bound_x[i] = object->center[0];
  s->bound_y[i] = object->center[1];
  s->bound_z[i] = object->center[2];
  s->bound_radius[i] = bound(*object) + 1e-3f;
  return i;
}

// Eight samples: where they fall in the image and on the light.
struct packet {
  real x, y;
  aim light;
};

static void put(packet &p, int lane, sample s) {
  p.x[lane] = s.x;
  p.y[lane] = s.y;
  p.light.u[lane] = s.u;
  p.light.v[lane] = s.v;
}

static void develop(float *sum, float gain, unsigned char *out) {
  real c = 0.0f;
  for (int k = 0; k < 3; k++) c[k] = sum[k] * gain;
  c = developed(c);
  for (int k = 0; k < 3; k++) {
    out[k] = byte_of(c[k]);
    sum[k] = 0.0f;
  }
}

static __attribute__((noinline)) vec trace(
    const tracer_scene &scene, const tracer_camera &c, const packet &p, float spread) {
  return radiance(scene, through(c, p.x, p.y), spread, p.light);
}

static __attribute__((noinline)) vec dazzle(
    const tracer_scene &scene, const tracer_lens &lens, const tracer_camera &c, const packet &p) {
  return stray(scene, lens, c, p.x, p.y);
}

static void film_row(
    const tracer_scene &scene, const tracer_camera &c, const tracer_lens &lens, int samples, int y,
    unsigned char *out) {
  float spread = spread_of(c, samples), gain = scene.exposure / float(samples);
  float sum[3] = {0, 0, 0};
  int total = c.width * samples;
  for (int first = 0; first < total; first += TRACER_LANES) {
    packet p;
    for (int k = 0; k < TRACER_LANES; k++) {
      int i = first + k < total ? first + k : total - 1;
      put(p, k, sample_of(i / samples, y, i % samples, samples));
    }
    vec color = trace(scene, c, p, spread);
    if (dazzles(lens)) color = color + dazzle(scene, lens, c, p);
    for (int k = 0; k < TRACER_LANES && first + k < total; k++) {
      sum[0] += color.x[k];
      sum[1] += color.y[k];
      sum[2] += color.z[k];
      if ((first + k + 1) % samples == 0) develop(sum, gain, out + (first + k) / samples * 3);
    }
  }
}

// The rays through the centres of eight pixels of a row.
static ray centers(const tracer_camera &c, int first, int y) {
  real x;
  for (int k = 0; k < TRACER_LANES; k++) x[k] = float(first + k) + 0.5f;
  return through(c, x, real(float(y) + 0.5f));
}

static __attribute__((noinline)) sight probe(const tracer_scene &scene, const ray &r) {
  return sighted(scene, r);
}

static void probe_row(
    const tracer_scene &scene, const tracer_camera &c, int y, float *depth,
    unsigned char *reflective) {
  for (int first = 0; first < c.width; first += TRACER_LANES) {
    ray r = centers(c, first, y);
    sight s = probe(scene, r);
    real z = depth_of(c, r, s);
    for (int k = 0; k < TRACER_LANES && first + k < c.width; k++) {
      depth[first + k] = z[k];
      reflective[first + k] = (s.reflective[k] != 0) + (s.mirror[k] != 0);
    }
  }
}

tracer_lens tracer_lens_of(const tracer_scene *scene, const tracer_camera *camera) {
  return lens_of(*scene, *camera);
}

void tracer_film(
    const tracer_scene *scene, const tracer_camera *camera, int samples, int first_row, int rows,
    unsigned char *pixels, float *depth, unsigned char *reflective) {
  tracer_lens lens = lens_of(*scene, *camera);
  for (int y = first_row; y < first_row + rows; y++) {
    long start = long(y) * camera->width;
    film_row(*scene, *camera, lens, samples, y, pixels + start * 3);
    probe_row(*scene, *camera, y, depth + start, reflective + start);
  }
}

void tracer_normals(
    const tracer_scene *scene, const tracer_camera *camera, int first_row, int rows,
    float *normals) {
  for (int y = first_row; y < first_row + rows; y++) {
    float *out = normals + long(y) * camera->width * 3;
    for (int first = 0; first < camera->width; first += TRACER_LANES) {
      vec n = probe(*scene, centers(*camera, first, y)).normal;
      for (int k = 0; k < TRACER_LANES && first + k < camera->width; k++) {
        out[(first + k) * 3] = n.x[k];
        out[(first + k) * 3 + 1] = n.y[k];
        out[(first + k) * 3 + 2] = n.z[k];
      }
    }
  }
}

// The mean light on rays from the middle of the room, in the middle of dark and bright.
static float mean_light(const tracer_scene &scene) {
  constexpr int groups = 64;
  float sum = 0.0f;
  for (int g = 0; g < groups; g++) {
    ray r = {splat(scene.room.size) * real(0.5f), {}};
    if (scene.room.open) r.origin.z = real(1.6f);
    aim a;
    for (int k = 0; k < TRACER_LANES; k++) {
      unsigned int i = unsigned(g * TRACER_LANES + k), key = scrambled(i + 1u);
      r.direction.z[k] = spread_out(i) * 1.2f - 0.8f;
      r.direction.x[k] = float(key & 0xffu) / 127.5f - 1.0f;
      r.direction.y[k] = float(key >> 8 & 0xffu) / 127.5f - 1.0f;
      a.u[k] = float(key >> 16 & 0xffu) / 256.0f;
      a.v[k] = float(key >> 24) / 256.0f;
    }
    r.direction = normalized(r.direction);
    vec c = radiance(scene, r, 0.02f, a);
    real light = c.x * 0.3f + c.y * 0.5f + c.z * 0.2f;
    for (int k = 0; k < TRACER_LANES; k++) sum += __builtin_sqrtf(light[k]);
  }
  float root = sum / float(groups * TRACER_LANES);
  return root * root;
}

// The light that passes a material, by its colours' mean; so that shadows need no pattern.
static void work_out_tint(const tracer_material &m, float *tint) {
  for (int k = 0; k < 3; k++) {
    float ground = 0.5f * (m.ground[0][k] + m.ground[1][k]);
    float figure = 0.5f * (m.figure[0][k] + m.figure[1][k]);
    float share = m.pattern == TRACER_PLAIN ? 0.0f : 0.4f;
    tint[k] = m.transparency * (ground + share * (figure - ground));
  }
}

static void work_out_glass(tracer_scene *s) {
  s->glass = 0;
  for (int i = 0; i < s->material_count; i++) {
    work_out_tint(s->materials[i], s->tints[i]);
    if (s->materials[i].transparency > 0.0f) s->glass = 1;
  }
  for (int w = 0; w < TRACER_OBJECTS / 64; w++) s->panes[w] = 0;
  for (int i = 0; i < s->object_count; i++)
    if (s->materials[s->objects[i].materials[0]].transparency > 0.0f)
      s->panes[i / 64] |= 1ull << (i % 64);
}

// A ball around the middle of the place that holds all objects.
static void work_out_reach(tracer_scene *s) {
  for (int k = 0; k < 3; k++) s->middle[k] = 0.5f * s->room.size[k];
  s->reach = 0.0f;
  for (int i = 0; i < s->object_count; i++) {
    float x = s->bound_x[i] - s->middle[0], y = s->bound_y[i] - s->middle[1];
    float z = s->bound_z[i] - s->middle[2];
    float far = __builtin_sqrtf(x * x + y * y + z * z) + s->bound_radius[i];
    if (far > s->reach) s->reach = far;
  }
}

void tracer_scene_finish(tracer_scene *scene, const tracer_room *room) {
  scene->room = *room;
  scene->room.bands = 0;  // what is metered is the light, whatever the style
  scene->room.edge = scene->room.hatch = 0.0f;
  scene->exposure = 1.0f;
  work_out_glass(scene);
  work_out_reach(scene);
  scene->exposure = room->brightness / (mean_light(*scene) + 1e-6f);
  scene->room = *room;
}
