// CUDA's arithmetic and bit intrinsics. Built with -ffp-contract=off, `a * b + c` is two roundings; __fmaf_rn is one.
//
// The approximate intrinsics (__expf, __logf, …) are the C library's accurate ones here: their bits differ from a device's.
#pragma once

#include <math.h>  // the names without std::, as CUDA has them

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

#include "simt/qualifiers.h"

namespace simt::inline SIMT_BUILD {

inline float __fadd_rn(float a, float b) { return a + b; }
inline float __fsub_rn(float a, float b) { return a - b; }
inline float __fmul_rn(float a, float b) { return a * b; }
inline float __fdiv_rn(float a, float b) { return a / b; }
inline float __fmaf_rn(float a, float b, float c) { return std::fma(a, b, c); }
inline float __fsqrt_rn(float a) { return std::sqrt(a); }
inline float __frcp_rn(float a) { return 1.0f / a; }
inline float __fdividef(float a, float b) { return a / b; }
inline double __dadd_rn(double a, double b) { return a + b; }
inline double __dsub_rn(double a, double b) { return a - b; }
inline double __dmul_rn(double a, double b) { return a * b; }
inline double __ddiv_rn(double a, double b) { return a / b; }
inline double __fma_rn(double a, double b, double c) { return std::fma(a, b, c); }
inline float __double2float_rn(double a) { return static_cast<float>(a); }

inline int __float_as_int(float x) { return std::bit_cast<int>(x); }
inline unsigned __float_as_uint(float x) { return std::bit_cast<unsigned>(x); }
inline float __int_as_float(int x) { return std::bit_cast<float>(x); }
inline float __uint_as_float(unsigned x) { return std::bit_cast<float>(x); }
inline long long __double_as_longlong(double x) { return std::bit_cast<long long>(x); }
inline double __longlong_as_double(long long x) { return std::bit_cast<double>(x); }

inline int __popc(unsigned x) { return std::popcount(x); }
inline int __popcll(unsigned long long x) { return std::popcount(x); }
inline int __clz(int x) { return std::countl_zero(static_cast<unsigned>(x)); }
inline int __clzll(long long x) { return std::countl_zero(static_cast<unsigned long long>(x)); }
inline int __ffs(int x) { return __builtin_ffs(x); }
inline int __ffsll(long long x) { return __builtin_ffsll(x); }

/// 2^x as coarse as the device's ex2.approx.ftz may be: off by up to 2^-22 of the result, a subnormal result 0. Bits differ from a
/// device's, but a bound that holds here has seen the whole error.
inline float exp2_approx(float x) {
  const float exact = std::exp2(x);
  if (exact < 0x1p-126f) return 0.0f;
  return exact <= 0x1.fffffep127f ? std::bit_cast<float>(std::bit_cast<unsigned>(exact) & ~3u) : exact;
}

inline float reciprocal_sqrt(float x) { return 1.0f / std::sqrt(x); }
inline double reciprocal_sqrt(double x) { return 1.0 / std::sqrt(x); }

}  // namespace simt::inline SIMT_BUILD

using simt::__clz;
using simt::__clzll;
using simt::__dadd_rn;
using simt::__ddiv_rn;
using simt::__dmul_rn;
using simt::__double2float_rn;
using simt::__double_as_longlong;
using simt::__dsub_rn;
using simt::__fadd_rn;
using simt::__fdiv_rn;
using simt::__fdividef;
using simt::__ffs;
using simt::__ffsll;
using simt::__float_as_int;
using simt::__float_as_uint;
using simt::__fma_rn;
using simt::__fmaf_rn;
using simt::__fmul_rn;
using simt::__frcp_rn;
using simt::__fsqrt_rn;
using simt::__fsub_rn;
using simt::__int_as_float;
using simt::__longlong_as_double;
using simt::__popc;
using simt::__popcll;
using simt::__uint_as_float;
using std::max;
using std::min;

// Macros, because the C library declares these names for its own use.
#define __expf(x) (::std::exp(static_cast<float>(x)))
#define __logf(x) (::std::log(static_cast<float>(x)))
#define __log2f(x) (::std::log2(static_cast<float>(x)))
#define __powf(x, y) (::std::pow(static_cast<float>(x), static_cast<float>(y)))
#define rsqrtf(x) (::simt::reciprocal_sqrt(static_cast<float>(x)))
#define rsqrt(x) (::simt::reciprocal_sqrt(static_cast<double>(x)))
