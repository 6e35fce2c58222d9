// The arithmetic that the tracer is written in: one lane on a GPU, eight on a CPU.
//
// `real`, `integer` and `mask` are scalars on a GPU (each thread is a lane) and vectors of eight on
// a CPU. Code branches on `any(mask)` and chooses by `select`, so that it reads the same for both.
// TRACER_RARE marks what most scenes do without: no room for it in the hot loop.
#pragma once

#if defined(__CUDACC_RTC__)
#define TRACER_FN __device__ inline
#elif defined(TRACER_ONE_LANE)  // the GPU's form on a CPU, to compare with
#define TRACER_FN static inline
#define floorf __builtin_floorf
#define sqrtf __builtin_sqrtf
#define fabsf __builtin_fabsf
#define fminf __builtin_fminf
#define fmaxf __builtin_fmaxf
#define __ffsll __builtin_ffsll
#define __popc __builtin_popcount
#endif

#ifdef TRACER_FN
#define TRACER_RARE TRACER_FN
#define TRACER_LANES 1
typedef float real;
typedef int integer;
typedef unsigned int natural;
typedef bool mask;
TRACER_FN real floor_of(real x) { return floorf(x); }
TRACER_FN real sqrt_of(real x) { return sqrtf(x); }
TRACER_FN real abs_of(real x) { return fabsf(x); }
TRACER_FN real min_of(real a, real b) { return fminf(a, b); }
TRACER_FN real max_of(real a, real b) { return fmaxf(a, b); }
TRACER_FN integer int_of(real x) { return (int)x; }
TRACER_FN real real_of(integer x) { return (float)x; }
TRACER_FN natural bits_of(integer x) { return (unsigned int)x; }
TRACER_FN real unit_of(natural x) { return (float)(int)x; }
TRACER_FN bool any(mask m) { return m; }
TRACER_FN int first_lane(mask) { return 0; }
TRACER_FN float lane_of(real x, int) { return x; }
TRACER_FN int lane_of(integer x, int) { return x; }
TRACER_FN real select(mask m, real a, real b) { return m ? a : b; }
TRACER_FN integer select(mask m, integer a, integer b) { return m ? a : b; }
TRACER_FN float sum_of(real x) { return x; }
TRACER_FN void set_lane(real &x, int, float value) { x = value; }

// The threads that are here together, a bit each: what is the same for all of them they share out. On a
// GPU up to 32 neighbours; on a CPU one.
#ifdef __CUDACC_RTC__
TRACER_FN unsigned company() { return __activemask(); }
TRACER_FN int rank_in(unsigned company) {
  unsigned below;
  asm("mov.u32 %0, %%lanemask_lt;" : "=r"(below));
  return __popc(company & below);
}
TRACER_FN int least_in(unsigned company, int x) { return __reduce_min_sync(company, x); }
TRACER_FN int greatest_in(unsigned company, int x) { return __reduce_max_sync(company, x); }
TRACER_FN unsigned either_in(unsigned company, unsigned x) { return __reduce_or_sync(company, x); }
TRACER_FN int pattern_of(float x) { return __float_as_int(x); }
TRACER_FN float float_of(int pattern) { return __int_as_float(pattern); }
#else
TRACER_FN unsigned company() { return 1; }
TRACER_FN int rank_in(unsigned) { return 0; }
TRACER_FN int least_in(unsigned, int x) { return x; }
TRACER_FN int greatest_in(unsigned, int x) { return x; }
TRACER_FN unsigned either_in(unsigned, unsigned x) { return x; }
TRACER_FN int pattern_of(float x) { return __builtin_bit_cast(int, x); }
TRACER_FN float float_of(int pattern) { return __builtin_bit_cast(float, pattern); }
#endif

// Whole numbers in the order of the floats that they stand for, and back.
TRACER_FN int ordered(int pattern) { return pattern < 0 ? pattern ^ 0x7fffffff : pattern; }
TRACER_FN float least_in(unsigned company, float x) {
  return float_of(ordered(least_in(company, ordered(pattern_of(x)))));
}
TRACER_FN float greatest_in(unsigned company, float x) {
  return float_of(ordered(greatest_in(company, ordered(pattern_of(x)))));
}
#else
#define TRACER_FN static inline __attribute__((always_inline))
#define TRACER_RARE static __attribute__((noinline, unused))
#define TRACER_LANES 8
typedef float real __attribute__((ext_vector_type(8)));
typedef int integer __attribute__((ext_vector_type(8)));
typedef unsigned int natural __attribute__((ext_vector_type(8)));
typedef int mask __attribute__((ext_vector_type(8)));
TRACER_FN real floor_of(real x) { return __builtin_elementwise_floor(x); }
TRACER_FN real sqrt_of(real x) { return __builtin_elementwise_sqrt(x); }
TRACER_FN real abs_of(real x) { return __builtin_elementwise_abs(x); }
TRACER_FN real min_of(real a, real b) { return __builtin_elementwise_min(a, b); }
TRACER_FN real max_of(real a, real b) { return __builtin_elementwise_max(a, b); }
TRACER_FN integer int_of(real x) { return __builtin_convertvector(x, integer); }
TRACER_FN real real_of(integer x) { return __builtin_convertvector(x, real); }
TRACER_FN natural bits_of(integer x) { return (natural)x; }
TRACER_FN real unit_of(natural x) { return __builtin_convertvector((integer)x, real); }
TRACER_FN bool any(mask m) { return __builtin_reduce_or(m) != 0; }
TRACER_FN int first_lane(mask m) {
  for (int i = 0; i < TRACER_LANES; i++)
    if (m[i]) return i;
  return 0;
}
TRACER_FN float lane_of(real x, int i) { return x[i]; }
TRACER_FN int lane_of(integer x, int i) { return x[i]; }
TRACER_FN real select(mask m, real a, real b) { return m ? a : b; }
TRACER_FN integer select(mask m, integer a, integer b) { return m ? a : b; }
TRACER_FN float least(real x) { return __builtin_reduce_min(x); }
TRACER_FN float greatest(real x) { return __builtin_reduce_max(x); }
TRACER_FN float sum_of(real x) {
  return x[0] + x[1] + x[2] + x[3] + x[4] + x[5] + x[6] + x[7];
}
TRACER_FN void set_lane(real &x, int i, float value) { x[i] = value; }
#endif

struct vec {
  real x, y, z;
};

TRACER_FN vec operator+(vec a, vec b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
TRACER_FN vec operator-(vec a, vec b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
TRACER_FN vec operator*(vec a, vec b) { return {a.x * b.x, a.y * b.y, a.z * b.z}; }
TRACER_FN vec operator*(vec a, real s) { return {a.x * s, a.y * s, a.z * s}; }
TRACER_FN real dot(vec a, vec b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
TRACER_FN vec normalized(vec a) { return a * (1.0f / sqrt_of(dot(a, a) + 1e-20f)); }
TRACER_FN vec mix(vec a, vec b, real t) { return a + (b - a) * t; }
TRACER_FN vec select(mask m, vec a, vec b) {
  return {select(m, a.x, b.x), select(m, a.y, b.y), select(m, a.z, b.z)};
}
TRACER_FN vec splat(const float *v) { return {real(v[0]), real(v[1]), real(v[2])}; }
TRACER_FN real clamped(real x) { return min_of(max_of(x, real(0.0f)), real(1.0f)); }
TRACER_FN real fraction(real x) { return x - floor_of(x); }
TRACER_FN real mix(real a, real b, real t) { return a + (b - a) * t; }

// Never zero, so that it can be divided by.
TRACER_FN real nonzero(real x) {
  return select(abs_of(x) < 1e-7f, real(1e-7f), x);
}

// sin(2 pi x), to 0.001.
TRACER_FN real wave(real x) {
  x = x - floor_of(x + 0.5f);
  real y = 8.0f * x - 16.0f * x * abs_of(x);
  return y * (0.775f + 0.225f * abs_of(y));
}

// The angle of (x, y) in turns, -0.5...0.5, to 0.001.
TRACER_FN real turns(real y, real x) {
  real a = abs_of(x), b = abs_of(y);
  real t = min_of(a, b) / max_of(max_of(a, b), real(1e-12f));
  real s = t * t;
  real r = t * (0.1587f - s * (0.0493f - s * (0.0229f - s * 0.0073f)));
  r = select(b > a, 0.25f - r, r);
  r = select(x < 0.0f, 0.5f - r, r);
  return select(y < 0.0f, -r, r);
}
