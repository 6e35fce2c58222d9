#include "CCodecs.h"

#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int fail(char *reason, const char *text) {
  snprintf(reason, CODECS_REASON, "%s", text);
  return 1;
}

// libpng leaves by longjmp to the setjmp in `read_rows` or `write_rows`; what must survive the
// jump lives in these structures and not in local variables.

static void on_error(png_structp png, png_const_charp text) {
  fail(png_get_error_ptr(png), text);
  png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp text) {}

struct reading {
  const uint8_t *data;
  size_t count;
  png_structp png;
  png_infop info;
  uint8_t *rgba;  // only for images with transparency
  png_bytep *rows;
};

static void on_read(png_structp png, png_bytep out, size_t count) {
  struct reading *reading = png_get_io_ptr(png);
  if (count > reading->count) png_error(png, "the data ends too early");
  memcpy(out, reading->data, count);
  reading->data += count;
  reading->count -= count;
}

int codecs_png_size(const uint8_t *data, size_t count, int *width, int *height, char *reason) {
  if (count < 24 || memcmp(data + 12, "IHDR", 4) != 0) return fail(reason, "it has no PNG header");
  uint32_t w = png_get_uint_32(data + 16), h = png_get_uint_32(data + 20);
  if (w == 0 || h == 0 || w > INT32_MAX || h > INT32_MAX) return fail(reason, "its size is invalid");
  *width = (int)w;
  *height = (int)h;
  return 0;
}

// Asks libpng for 8-bit RGB or RGBA whatever the file holds; returns whether there is alpha.
static int unify(png_structp png, png_infop info) {
  int alpha = (png_get_color_type(png, info) & PNG_COLOR_MASK_ALPHA)
              || png_get_valid(png, info, PNG_INFO_tRNS);
  png_set_expand(png);
  png_set_scale_16(png);
  png_set_gray_to_rgb(png);
  png_set_interlace_handling(png);
  png_read_update_info(png, info);
  return alpha;
}

static int read_rows(struct reading *r, uint8_t *rgb, int width, int height) {
  if (setjmp(png_jmpbuf(r->png))) return 1;
  png_set_user_limits(r->png, 0x7fffffff, 0x7fffffff);
  png_set_read_fn(r->png, r, on_read);
  png_read_info(r->png, r->info);
  if (png_get_image_width(r->png, r->info) != (png_uint_32)width
      || png_get_image_height(r->png, r->info) != (png_uint_32)height) {
    png_error(r->png, "its size is not the one asked for");
  }
  int alpha = unify(r->png, r->info);
  if (png_get_rowbytes(r->png, r->info) != (size_t)width * (alpha ? 4 : 3)) {
    png_error(r->png, "its pixels are of an unknown kind");
  }
  if (alpha && !(r->rgba = malloc((size_t)width * height * 4))) png_error(r->png, "out of memory");
  for (int y = 0; y < height; y++) {
    r->rows[y] = alpha ? r->rgba + (size_t)y * width * 4 : rgb + (size_t)y * width * 3;
  }
  png_read_image(r->png, r->rows);
  png_read_end(r->png, NULL);
  return 0;
}

static void lay_over_black(const uint8_t *rgba, uint8_t *rgb, size_t pixels) {
  for (size_t i = 0; i < pixels; i++) {
    int a = rgba[i * 4 + 3];
    for (int c = 0; c < 3; c++) rgb[i * 3 + c] = (uint8_t)((rgba[i * 4 + c] * a + 127) / 255);
  }
}

int codecs_png_decode(
  const uint8_t *data, size_t count, uint8_t *rgb, int width, int height, char *reason) {
  struct reading r = {.data = data, .count = count};
  r.rows = malloc((size_t)height * sizeof *r.rows);
  r.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, reason, on_error, on_warning);
  r.info = r.png ? png_create_info_struct(r.png) : NULL;
  int failed =
    r.rows && r.info ? read_rows(&r, rgb, width, height) : fail(reason, "out of memory");
  if (!failed && r.rgba) lay_over_black(r.rgba, rgb, (size_t)width * height);
  png_destroy_read_struct(&r.png, &r.info, NULL);
  free(r.rgba);
  free(r.rows);
  return failed;
}

struct writing {
  uint8_t *bytes;
  size_t count, capacity;
  png_structp png;
  png_infop info;
};

static void on_write(png_structp png, png_bytep data, size_t count) {
  struct writing *w = png_get_io_ptr(png);
  if (w->count + count > w->capacity) {
    size_t capacity = (w->count + count) * 2;
    uint8_t *grown = realloc(w->bytes, capacity);
    if (!grown) png_error(png, "out of memory");
    w->bytes = grown;
    w->capacity = capacity;
  }
  memcpy(w->bytes + w->count, data, count);
  w->count += count;
}

static void on_flush(png_structp png) {}

static int write_rows(struct writing *w, const uint8_t *rgb, int width, int height) {
  if (setjmp(png_jmpbuf(w->png))) return 1;
  png_set_user_limits(w->png, 0x7fffffff, 0x7fffffff);
  png_set_write_fn(w->png, w, on_write, on_flush);
  png_set_IHDR(
    w->png, w->info, width, height, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
    PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_write_info(w->png, w->info);
  for (int y = 0; y < height; y++) png_write_row(w->png, rgb + (size_t)y * width * 3);
  png_write_end(w->png, NULL);
  return 0;
}

int codecs_png_encode(
  const uint8_t *rgb, int width, int height, uint8_t **bytes, size_t *count, char *reason) {
  struct writing w = {0};
  w.png = png_create_write_struct(PNG_LIBPNG_VER_STRING, reason, on_error, on_warning);
  w.info = w.png ? png_create_info_struct(w.png) : NULL;
  int failed = w.info ? write_rows(&w, rgb, width, height) : fail(reason, "out of memory");
  png_destroy_write_struct(&w.png, &w.info);
  if (failed) {
    free(w.bytes);
    return 1;
  }
  *bytes = w.bytes;
  *count = w.count;
  return 0;
}
