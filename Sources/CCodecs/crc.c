#include "CCodecs.h"

#include <zlib.h>

uint32_t codecs_crc32(uint32_t before, const void *data, size_t count) {
  return (uint32_t)crc32_z(before, data, count);
}
