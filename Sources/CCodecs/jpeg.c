#include "CCodecs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <turbojpeg.h>

static int fail(char *reason, const char *text) {
  snprintf(reason, CODECS_REASON, "%s", text);
  return 1;
}

// Some cameras leave stray bytes before a mark: the picture is whole all the same.
static int is_harmless(tjhandle handle) {
  return tjGetErrorCode(handle) == TJERR_WARNING
         && strstr(tjGetErrorStr2(handle), "extraneous bytes");
}

static int read_header(
  tjhandle handle, const uint8_t *data, size_t count, int *width, int *height, int *space,
  char *reason) {
  int subsampling;
  int result = tjDecompressHeader3(handle, data, count, width, height, &subsampling, space);
  return result == 0 || is_harmless(handle) ? 0 : fail(reason, tjGetErrorStr2(handle));
}

int codecs_jpeg_size(const uint8_t *data, size_t count, int *width, int *height, char *reason) {
  tjhandle handle = tjInitDecompress();
  if (!handle) return fail(reason, "out of memory");
  int space, failed = read_header(handle, data, count, width, height, &space, reason);
  tjDestroy(handle);
  return failed;
}

// Whether the last scan is followed by an end mark (in a scan, FF is always followed by 00 or a
// restart mark). TurboJPEG reports only the first warning: after a harmless one, this tells
// whether the file was cut off, too.
static int is_ended(const uint8_t *data, size_t count) {
  for (size_t i = count; i >= 2; i--) {
    if (data[i - 2] != 0xFF) continue;
    if (data[i - 1] == 0xD9) return 1;
    if (data[i - 1] == 0xDA) return 0;
  }
  return 0;
}

static int decode(
  tjhandle handle, const uint8_t *data, size_t count, uint8_t *pixels, int width, int height,
  int format, char *reason) {
  int result = tjDecompress2(
    handle, data, count, pixels, width, 0, height, format, TJFLAG_LIMITSCANS);
  if (result == 0 || (is_harmless(handle) && is_ended(data, count))) return 0;
  return fail(reason, tjGetErrorStr2(handle));
}

// CMYK in JPEG files is stored inverted (255: no ink), so that inks multiply.
static int decode_inks(
  tjhandle handle, const uint8_t *data, size_t count, uint8_t *rgb, int width, int height,
  char *reason) {
  size_t pixels = (size_t)width * height;
  uint8_t *inks = malloc(pixels * 4);
  if (!inks) return fail(reason, "out of memory");
  int failed = decode(handle, data, count, inks, width, height, TJPF_CMYK, reason);
  for (size_t i = 0; !failed && i < pixels; i++) {
    for (int c = 0; c < 3; c++) {
      rgb[i * 3 + c] = (uint8_t)((inks[i * 4 + c] * inks[i * 4 + 3] + 127) / 255);
    }
  }
  free(inks);
  return failed;
}

// Whether a picture can be decoded with a size: its own, a half, a quarter or an eighth of it.
static int is_part(int w, int h, int width, int height) {
  for (int part = 1; part <= 8; part *= 2)
    if (w == width * part && h == height * part) return 1;
  return 0;
}

int codecs_jpeg_decode(
  const uint8_t *data, size_t count, uint8_t *rgb, int width, int height, char *reason) {
  tjhandle handle = tjInitDecompress();
  if (!handle) return fail(reason, "out of memory");
  int w, h, space, failed = 1;
  if (read_header(handle, data, count, &w, &h, &space, reason) != 0) {
    // The reason is written.
  } else if (!is_part(w, h, width, height)) {
    failed = fail(reason, "its size is not the one asked for");
  } else if (space == TJCS_CMYK || space == TJCS_YCCK) {
    failed = decode_inks(handle, data, count, rgb, width, height, reason);
  } else {
    failed = decode(handle, data, count, rgb, width, height, TJPF_RGB, reason);
  }
  tjDestroy(handle);
  return failed;
}

struct codecs_encoder {
  tjhandle handle;
  uint8_t *buffer;
  size_t capacity;
};

codecs_encoder *codecs_encoder_create(void) {
  codecs_encoder *encoder = calloc(1, sizeof *encoder);
  if (!encoder) return NULL;
  encoder->handle = tjInitCompress();
  if (encoder->handle) return encoder;
  free(encoder);
  return NULL;
}

void codecs_encoder_destroy(codecs_encoder *encoder) {
  tjDestroy(encoder->handle);
  free(encoder->buffer);
  free(encoder);
}

// Makes room for the worst case, so that TurboJPEG never has to grow the buffer.
static int reserve(codecs_encoder *encoder, int width, int height, int subsampling) {
  size_t needed = tjBufSize(width, height, subsampling);
  if (needed == (size_t)-1) return 0;
  if (needed <= encoder->capacity) return 1;
  free(encoder->buffer);
  encoder->buffer = malloc(needed);
  encoder->capacity = encoder->buffer ? needed : 0;
  return encoder->buffer != NULL;
}

int codecs_jpeg_encode(
  codecs_encoder *encoder, const uint8_t *rgb, int width, int height, int quality,
  int full_color, const uint8_t **bytes, size_t *count, char *reason) {
  int subsampling = full_color ? TJSAMP_444 : TJSAMP_420;
  if (!reserve(encoder, width, height, subsampling)) return fail(reason, "out of memory");
  unsigned long size = encoder->capacity;
  int result = tjCompress2(
    encoder->handle, rgb, width, 0, height, TJPF_RGB, &encoder->buffer, &size, subsampling,
    quality, TJFLAG_NOREALLOC | TJFLAG_ACCURATEDCT);
  if (result != 0) return fail(reason, tjGetErrorStr2(encoder->handle));
  *bytes = encoder->buffer;
  *count = size;
  return 0;
}
