// Number types of the CUDA build.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include "simt/qualifiers.h"

namespace simt::inline SIMT_BUILD {

using half = ::__half;
using bfloat16 = ::__nv_bfloat16;

SIMT_FN float to_float(half x) { return __half2float(x); }
SIMT_FN float to_float(bfloat16 x) { return __bfloat162float(x); }
SIMT_FN float to_float(float x) { return x; }
SIMT_FN double to_float(double x) { return x; }

namespace detail {
template <class T>
struct From;
template <>
struct From<half> {
  static SIMT_FN half number(float x) { return __float2half_rn(x); }
  static SIMT_FN half number(double x) { return __double2half(x); }
};
template <>
struct From<bfloat16> {
  static SIMT_FN bfloat16 number(float x) { return __float2bfloat16_rn(x); }
  static SIMT_FN bfloat16 number(double x) { return __double2bfloat16(x); }
};
template <>
struct From<float> {
  static SIMT_FN float number(float x) { return x; }
  static SIMT_FN float number(double x) { return static_cast<float>(x); }
};
template <>
struct From<double> {
  static SIMT_FN double number(double x) { return x; }
};
}  // namespace detail

/// `x` (float or double) rounded once to T, to nearest even.
template <class T, class X>
SIMT_FN T from_float(X x) {
  return detail::From<T>::number(x);
}

}  // namespace simt::inline SIMT_BUILD
