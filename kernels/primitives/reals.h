// Real arrays whose type is chosen at run time: side inputs and outputs of kernels that are compiled for another element type.
#pragma once

#include <cstdint>
#include <type_traits>

#include "simt/simt.h"

namespace lossbench::inline SIMT_BUILD {

/// An array of f32, f64, f16 or bf16, or none.
template <bool kWritable>
struct RealArray {
  template <class T>
  using Handle = simt::Global<std::conditional_t<kWritable, T, const T>>;

  Handle<float> f32;
  Handle<double> f64;
  Handle<simt::half> f16;
  Handle<simt::bfloat16> bf16;

  __device__ explicit operator bool() const { return f32 || f64 || f16 || bf16; }
};

using Reals = RealArray<false>;
using RealOutput = RealArray<true>;

__device__ __forceinline__ double real_at(const Reals& array, std::int64_t i) {
  if (array.f32) return simt::load(array.f32, i);
  if (array.f64) return simt::load(array.f64, i);
  if (array.f16) return simt::to_float(simt::load(array.f16, i));
  return simt::to_float(simt::load(array.bf16, i));
}

/// Rounds once.
__device__ __forceinline__ void set_real(const RealOutput& array, std::int64_t i, double value) {
  if (array.f32) simt::store(array.f32, i, float(value));
  else if (array.f64) simt::store(array.f64, i, value);
  else if (array.f16) simt::store(array.f16, i, simt::from_float<simt::half>(value));
  else simt::store(array.bf16, i, simt::from_float<simt::bfloat16>(value));
}

}  // namespace lossbench::inline SIMT_BUILD
