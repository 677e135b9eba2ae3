// Shared memory of the CUDA build.
#pragma once

#include "simt/qualifiers.h"

/// `SIMT_SHARED(float, part, [32]);` is `__shared__ float part[32];`
#define SIMT_SHARED(T, name, ...) __shared__ T name __VA_ARGS__

namespace simt::inline SIMT_BUILD {

/// The launch's `shared_bytes`. Aligned to 16: more would round up the static shared memory of every kernel in the file.
template <class T>
__device__ __forceinline__ T* dynamic_shared() {
  extern __shared__ __align__(16) unsigned char simt_dynamic_shared[];
  return reinterpret_cast<T*>(simt_dynamic_shared);
}

}  // namespace simt::inline SIMT_BUILD
