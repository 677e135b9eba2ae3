// Shared memory of the CUDA build.
#pragma once

#include "simt/vec.h"

/// `SIMT_SHARED(float, part, [32]);` is `__shared__ float part[32];`
#define SIMT_SHARED(T, name, ...) __shared__ T name __VA_ARGS__

namespace simt::inline SIMT_BUILD {

/// The launch's `shared_bytes`. Aligned to 16: more would round up the static shared memory of every kernel in the file.
template <class T>
__device__ __forceinline__ T* dynamic_shared() {
  extern __shared__ __align__(16) unsigned char simt_dynamic_shared[];
  return reinterpret_cast<T*>(simt_dynamic_shared);
}

/// Elements i … i+N-1 of shared memory in one access; the address must be a multiple of its N·sizeof(T) <= 16 bytes.
template <int N, class T>
__device__ __forceinline__ Vec<T, N> load_shared(const T* shared, int i) {
  return *reinterpret_cast<const Vec<T, N>*>(shared + i);
}
template <class T, int N>
__device__ __forceinline__ void store_shared(T* shared, int i, Vec<T, N> values) {
  *reinterpret_cast<Vec<T, N>*>(shared + i) = values;
}

}  // namespace simt::inline SIMT_BUILD
