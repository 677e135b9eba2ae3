// Approximate functions that have no intrinsic of their own.
#pragma once

#include "simt/qualifiers.h"

namespace simt::inline SIMT_BUILD {

/// 2^x, off by up to 2^-22 of the result (PTX ISA, ex2.approx.ftz); a subnormal result is 0. One instruction.
__device__ __forceinline__ float exp2_approx(float x) {
  float result;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(result) : "f"(x));
  return result;
}

}  // namespace simt::inline SIMT_BUILD
