// Atomics on global arrays, CUDA build. All are relaxed, as CUDA's are; __threadfence() orders what surrounds them.
#pragma once

#include <cstdint>
#include <type_traits>

#include "simt/cuda/memory.h"

namespace simt::inline SIMT_BUILD {

template <class T>
__device__ __forceinline__ T atomic_add(Global<T> array, std::int64_t i, std::type_identity_t<T> value) {
  return atomicAdd(array.raw() + i, value);
}
template <class T>
__device__ __forceinline__ T atomic_max(Global<T> array, std::int64_t i, std::type_identity_t<T> value) {
  return atomicMax(array.raw() + i, value);
}
template <class T>
__device__ __forceinline__ T atomic_min(Global<T> array, std::int64_t i, std::type_identity_t<T> value) {
  return atomicMin(array.raw() + i, value);
}
template <class T>
__device__ __forceinline__ T atomic_or(Global<T> array, std::int64_t i, std::type_identity_t<T> value) {
  return atomicOr(array.raw() + i, value);
}
template <class T>
__device__ __forceinline__ T atomic_exchange(Global<T> array, std::int64_t i, std::type_identity_t<T> value) {
  return atomicExch(array.raw() + i, value);
}
template <class T>
__device__ __forceinline__ T atomic_cas(Global<T> array, std::int64_t i, std::type_identity_t<T> expected,
                                        std::type_identity_t<T> value) {
  return atomicCAS(array.raw() + i, expected, value);
}
/// The old value; the new one is 0 where the old was >= limit, else old + 1.
__device__ __forceinline__ unsigned atomic_inc(Global<unsigned> array, std::int64_t i, unsigned limit) {
  return atomicInc(array.raw() + i, limit);
}

}  // namespace simt::inline SIMT_BUILD
