// Numbers as kernels read and write them: one text for NVRTC and for the C++ compiler.
#pragma once

#ifdef __CUDACC_RTC__
#define NUMBERS_DEVICE __device__ inline
#else
#define NUMBERS_DEVICE inline
#include <cmath>
#endif

namespace numbers {

/// Numbers of 16 bits with a float's exponent.
struct Half {
  unsigned short bits;
};

NUMBERS_DEVICE float number(float x) { return x; }
NUMBERS_DEVICE float number(Half x) {
  union {
    unsigned bits;
    float value;
  } u = {unsigned(x.bits) << 16};
  return u.value;
}

NUMBERS_DEVICE void set(float &to, float x) { to = x; }
NUMBERS_DEVICE void set(Half &to, float x) {
  union {
    float value;
    unsigned bits;
  } u = {x};
  const unsigned nearest = u.bits + 0x7fff + ((u.bits >> 16) & 1);  // to even
  to.bits = x != x ? 0x7fc0 : (unsigned short)(nearest >> 16);
}

/// Neighbours, to be moved at once.
template <class N, int count>
struct alignas(count * sizeof(N)) Several {
  N at[count];
};

#ifdef __CUDACC_RTC__
NUMBERS_DEVICE float square_root(float x) { return sqrtf(x); }
NUMBERS_DEVICE float exponential(float x) { return expf(x); }
#else
NUMBERS_DEVICE float square_root(float x) { return std::sqrt(x); }
NUMBERS_DEVICE float exponential(float x) { return std::exp(x); }
#endif

}  // namespace numbers
