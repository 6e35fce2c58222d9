/* A ray tracer for small furnished scenes, the same source for CPU and GPU.
 *
 * A scene is a rectangular room or an open place under a sky, objects in it, flat decals on its
 * walls, one rectangular light, a sun, and materials that the rest refers to by index. World axes:
 * z up, metres; the room spans 0...size. A field of 0 means that a thing is not there. Build a
 * scene once (tracer_scene_new, the add functions, then tracer_scene_finish); afterwards it is
 * read-only and any number of threads may film it. Nothing here fails: an add beyond a limit is
 * ignored and returns -1.
 */
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

enum { TRACER_OBJECTS = 128, TRACER_MATERIALS = 256, TRACER_DECALS = 32 };

/* The depth of the sky, in metres, and of whatever is farther. */
enum { TRACER_SKY_DEPTH = 1000 };

/* What a material's pattern draws; everything in it can be scaled, turned, warped and recoloured. */
typedef enum {
  TRACER_PLAIN, TRACER_CHECKER, TRACER_STRIPES, TRACER_BRICKS, TRACER_TILES, TRACER_PLANKS,
  TRACER_MARBLE, TRACER_PLAID, TRACER_WEAVE, TRACER_BLOBS, TRACER_VORONOI, TRACER_SPOTS,
  TRACER_GLYPHS, TRACER_GRADIENT, TRACER_RINGS, TRACER_ZIGZAG, TRACER_TRUCHET, TRACER_BOOKS,
  TRACER_LANDSCAPE, TRACER_PANES,
  TRACER_PHOTO,       /* warped noise on noise in all the colours, as rich as a photograph */
  TRACER_HERRINGBONE, TRACER_HEXAGONS,
  TRACER_COBBLES,     /* rounded stones, lit by their own shape */
  TRACER_LEAVES,      /* overlapping leaves at all angles: foliage, litter */
  TRACER_GRASS,       /* blades, longer than wide along v */
  TRACER_WAVES,       /* ripples of water or sand */
  TRACER_CRACKS,      /* dried mud, old paint */
  TRACER_FACADE,      /* windows in a wall, a cell each; only they glow, and not all of them */
  TRACER_POSTERS,     /* sheets with a picture, headings and lines, a cell each */
  TRACER_KNIT,        /* rows of stitches */
  TRACER_RUG,         /* bands and diamonds of an oriental carpet; 4 x 4 cells repeat */
  TRACER_TERRAZZO,    /* chips of several colours in a ground */
  TRACER_SHINGLES,    /* rows of rounded scales: roofs, fish */
  TRACER_PATTERNS
} tracer_pattern;

/* A surface: a figure drawn by the pattern on a ground, both ramps of two linear RGB colours. */
typedef struct {
  int pattern;
  unsigned int seed;
  float scale;        /* pattern cells a metre */
  float aspect;       /* a cell's width over its height */
  float turn[2];      /* cosine and sine of the pattern's rotation */
  float line;         /* width of joints, bars or spots, as a fraction of a cell */
  float warp;         /* how far noise bends the pattern, in cells */
  float vary;         /* how much cells differ in brightness, 0...1 */
  float grain;        /* contrast of the noise on top, 0...2 */
  float grain_scale;  /* its lowest frequency, cells a metre */
  float ground[2][3];
  float figure[2][3];
  float reflectivity; /* facing; grows towards grazing. 0: none, 0.9: a mirror */
  float shine;        /* strength of the light's highlight */
  float glow;         /* its own light, as a multiple of its colour */
  /* The share of light that passes, times the colour: glass. Of an object; a closed room's wall
   * shows the sky through it. A ray passes two objects at most; a third is opaque. */
  float transparency;
} tracer_material;

typedef enum { TRACER_BOX, TRACER_ELLIPSOID, TRACER_CONE, TRACER_STICK } tracer_shape;

/* A solid. Boxes, ellipsoids and cones (upright cylinders if taper is 0) are turned about z;
 * a stick is a round-ended rod from center - half to center + half. */
typedef struct {
  int shape;
  int materials[3];   /* of a box's faces across x, y, z; others use the first, cones' ends the last */
  float center[3];
  float half[3];      /* half extents, radii, or half of a stick's axis */
  float turn[2];      /* cosine and sine of the rotation about z */
  float taper;        /* a cone's radius is 1 - taper at the bottom and 1 + taper at the top */
  float radius;       /* of a stick */
} tracer_object;

/* A rectangle on a wall: 0, 1 across x; 2, 3 across y; 4 floor; 5 ceiling. Coordinates on it are
 * (y, z), (x, z) or (x, y) in metres. Later decals cover earlier ones. */
typedef struct {
  int wall;
  float low[2], high[2];
  int material;
  int frame_material;
  float frame;        /* width of the border in metres, 0 for none */
  int window;         /* 1: the sun shines in through it */
} tracer_decal;

/* The place, its light, its air, and the style that it is drawn in. */
typedef struct {
  float size[3];
  int walls[6];           /* materials, in the order of decals' walls */
  float light_center[3];
  float light_half[2];    /* along x and y */
  float light_color[3];
  float ambient_up[3];    /* reaches what faces up */
  float ambient_down[3];
  float sun_way[3];       /* towards the sun, length 1; in a room it shines in through windows only */
  float sun_color[3];     /* black for none */
  float fill[3];          /* where the ambient light is strongest from, length <= 1 */
  float brightness;       /* the exposure that finishing aims at: mean linear value, ~0.2 */

  int open;               /* 1: no walls, no ceiling; an endless ground of walls[4] under a sky */
  float sky_zenith[3], sky_horizon[3];
  float clouds;           /* the share of the sky that they cover, 0...1 */
  unsigned int sky_seed;
  float fog[3];
  float fog_density;      /* per metre: after 1 / density metres 0.6 of what is seen is fog */

  int bands;              /* toon: the number of levels of light */
  float edge;             /* toon: half the width of dark lines along edges, in metres */
  float hatch;            /* sketch: how much strokes on paper replace colour and shade, 0...1 */
  float glare;            /* the veil around the sun and the lamp that the camera sees: 1 is white */
  float flare;            /* the brightness of the ghosts opposite to them in the image */
} tracer_room;

/* A light as a camera sees it: its place in the image in pixels, and how much of it is seen. */
typedef struct {
  float x, y;
  float way[3];           /* towards it, length 1 */
  float color[3];         /* of its veil and ghosts; brightest channel 1 */
  float share;            /* 0: hidden, behind the camera, or none */
} tracer_glint;

/* What stray light does to one camera's image; the same for all its pixels. */
typedef struct {
  tracer_glint sun, lamp;
} tracer_lens;

/* A pinhole: pixel origin at the image's corner, axes x right, y down, z forward. */
typedef struct {
  float position[3];
  float right[3], down[3], forward[3];
  float focal[2], center[2];
  int width, height;
} tracer_camera;

typedef struct tracer_scene tracer_scene;

#ifndef __CUDACC_RTC__ /* a GPU's kernels see the structs only */

/* Owned by the caller; freed with tracer_scene_free. */
tracer_scene *tracer_scene_new(void);
void tracer_scene_free(tracer_scene *scene);
/* The scene's bytes are position-independent: copy them to a GPU as they are. */
unsigned long tracer_scene_bytes(void);

int tracer_scene_add_material(tracer_scene *scene, const tracer_material *material);
int tracer_scene_add_object(tracer_scene *scene, const tracer_object *object);
int tracer_scene_add_decal(tracer_scene *scene, const tracer_decal *decal);
/* Sets the room and works out the exposure. */
void tracer_scene_finish(tracer_scene *scene, const tracer_room *room);

/* Which lights dazzle a camera. tracer_film asks for itself; a GPU's kernel is given it. */
tracer_lens tracer_lens_of(const tracer_scene *scene, const tracer_camera *camera);

/* Films rows first_row ..< first_row + rows of a whole image's buffers: pixels 8-bit sRGB, 3 a
 * pixel; depth along the viewing axis of the first surface behind each pixel's centre that is not
 * glass (TRACER_SKY_DEPTH for the sky); reflective 1 where that surface, or glass before it,
 * is glossy, 2 where it is a mirror. A pixel depends on nothing but scene, camera and samples. */
void tracer_film(
    const tracer_scene *scene, const tracer_camera *camera, int samples, int first_row, int rows,
    unsigned char *pixels, float *depth, unsigned char *reflective);

/* The normals of the surfaces whose depth tracer_film gives, 3 numbers a pixel, in world axes,
 * length 1, towards the camera's side; 0 for the sky. */
void tracer_normals(
    const tracer_scene *scene, const tracer_camera *camera, int first_row, int rows,
    float *normals);

/* The same whole image by the form that GPUs run: one sample at a time. For comparison. */
void tracer_film_one_lane(
    const tracer_scene *scene, const tracer_camera *camera, int samples, unsigned char *pixels,
    float *depth, unsigned char *reflective);

/* The same, with objects passed over as on a GPU whose bounding spheres a ray does not touch. */
void tracer_film_one_lane_culled(
    const tracer_scene *scene, const tracer_camera *camera, int samples, unsigned char *pixels,
    float *depth, unsigned char *reflective);

/* The text of the tracer for a GPU's compiler: the kernel's file first, then what it includes, by the
 * names that it includes. Texts end with a zero byte. None where the compiler could not embed them. */
typedef struct {
  const char *name;
  const unsigned char *text;
} tracer_source;
const tracer_source *tracer_sources(int *count);

#endif

#ifdef __cplusplus
}
#endif
