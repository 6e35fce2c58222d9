// JPEG and PNG for Swift: a thin layer over TurboJPEG 2 and libpng.
//
// Pixels are R G B bytes, rows from the top, without padding. Every buffer belongs to the caller.
// A function that can fail returns 0 when it is done, and otherwise 1 with the reason as one
// line of text in `reason`, which has room for CODECS_REASON characters. Nothing here keeps state
// between calls but the encoder; calls on different encoders may run at the same time.
#ifndef CCODECS_H
#define CCODECS_H

#include <stddef.h>
#include <stdint.h>

#define CODECS_REASON 256

/// The image's size by its header alone.
int codecs_jpeg_size(const uint8_t *data, size_t count, int *width, int *height, char *reason);
int codecs_png_size(const uint8_t *data, size_t count, int *width, int *height, char *reason);

/// Decodes into `rgb`, width * height * 3 bytes, with the size that the header says; a JPEG also with a
/// half, a quarter or an eighth of it, if that is whole.
///
/// Any colour type: grey is repeated, alpha is laid over black, 16 bits become 8. Truncated or
/// corrupt data fails, even where a library would only warn.
int codecs_jpeg_decode(
  const uint8_t *data, size_t count, uint8_t *rgb, int width, int height, char *reason);
int codecs_png_decode(
  const uint8_t *data, size_t count, uint8_t *rgb, int width, int height, char *reason);

/// A JPEG encoder and the buffer that it writes to, both kept between pictures; NULL: no memory.
typedef struct codecs_encoder codecs_encoder;
codecs_encoder *codecs_encoder_create(void);
void codecs_encoder_destroy(codecs_encoder *encoder);

/// Encodes with colours at full resolution (4:4:4) or at half of it (4:2:0). `*bytes` belongs to
/// the encoder and lives until its next call.
int codecs_jpeg_encode(
  codecs_encoder *encoder, const uint8_t *rgb, int width, int height, int quality,
  int full_color, const uint8_t **bytes, size_t *count, char *reason);

/// Encodes into memory that the caller hands to `free`.
int codecs_png_encode(
  const uint8_t *rgb, int width, int height, uint8_t **bytes, size_t *count, char *reason);

/// The CRC-32 of zlib and PNG, carried on from that of what came before (0: nothing).
uint32_t codecs_crc32(uint32_t before, const void *data, size_t count);

#endif
