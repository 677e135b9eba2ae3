// The four numbers of a box, read and written as wide as their alignment allows.
#pragma once

#include "kernels/pointwise/arguments.h"

namespace lossbench::inline SIMT_BUILD::detection {

/// Elements of one access to a box: all four, or two of f64.
template <class T>
constexpr int kQuadWidth = sizeof(T) <= 4 ? 4 : 2;

/// Whether boxes of the array, which start at multiples of four elements, can be accessed whole. An absent array can.
template <class T>
bool holds_quads(simt::Global<T> array) {
  return !array || array.misalignment(kQuadWidth<T> * int(sizeof(T))) == 0;
}

/// Elements first … first+3 in the arithmetic type.
template <class T>
__device__ __forceinline__ void load_quad(simt::Global<const T> array, std::int64_t first, bool aligned, Arithmetic<T> (&x)[4]) {
  constexpr int kWidth = kQuadWidth<T>;
#pragma unroll
  for (int k = 0; k < 4; k += kWidth) {
    if (aligned) {
      const auto vector = simt::load<kWidth, simt::Cache::streaming>(array, first + k);
#pragma unroll
      for (int e = 0; e < kWidth; ++e) x[k + e] = widen(vector[e]);
    } else {
#pragma unroll
      for (int e = 0; e < kWidth; ++e) x[k + e] = widen(simt::load<simt::Cache::streaming>(array, first + k + e));
    }
  }
}

/// Rounds once.
template <class T>
__device__ __forceinline__ void store_quad(simt::Global<T> array, std::int64_t first, bool aligned, const Arithmetic<T> (&x)[4]) {
  constexpr int kWidth = kQuadWidth<T>;
#pragma unroll
  for (int k = 0; k < 4; k += kWidth) {
    simt::Vec<T, kWidth> vector;
#pragma unroll
    for (int e = 0; e < kWidth; ++e) vector[e] = narrow<T>(x[k + e]);
    if (aligned) {
      simt::store<simt::Cache::streaming>(array, first + k, vector);
    } else {
#pragma unroll
      for (int e = 0; e < kWidth; ++e) simt::store<simt::Cache::streaming>(array, first + k + e, vector[e]);
    }
  }
}

}  // namespace lossbench::inline SIMT_BUILD::detection
