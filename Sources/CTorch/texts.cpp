// The text of the kernels, for NVRTC: what the C++ compiler compiles for tests is what a GPU runs.
#include "include/CTorch.h"

#if defined(__has_embed)
#pragma clang diagnostic ignored "-Wc23-extensions"

namespace {

const unsigned char placing[] = {
#embed "placing_kernel.h" suffix(, 0)
};
const unsigned char rows[] = {
#embed "row_kernel.h" suffix(, 0)
};
const unsigned char numbers[] = {
#embed "half_numbers.h" suffix(, 0)
};

const char *text(const unsigned char *bytes) { return reinterpret_cast<const char *>(bytes); }

}  // namespace

const char *ct_place_heads_text(void) { return text(placing); }
const char *ct_rows_text(void) { return text(rows); }
const char *ct_numbers_text(void) { return text(numbers); }

#else  // clang before 19 can't put files into a program

const char *ct_place_heads_text(void) { return nullptr; }
const char *ct_rows_text(void) { return nullptr; }
const char *ct_numbers_text(void) { return nullptr; }

#endif
