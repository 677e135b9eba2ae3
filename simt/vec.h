// Values of one memory access, and the cache hints of one.
#pragma once

#include "simt/qualifiers.h"

namespace simt::inline SIMT_BUILD {

/// `N` elements that travel in one access; aligned to their size.
template <class T, int N>
struct alignas(sizeof(T) * N) Vec {
  T v[N];
  SIMT_FN T& operator[](int i) { return v[i]; }
  SIMT_FN const T& operator[](int i) const { return v[i]; }
};

enum class Cache {
  normal,
  streaming,  ///< read or written once: first to be evicted
  l2,         ///< past the L1, which is not coherent: for data that other blocks wrote
};

}  // namespace simt::inline SIMT_BUILD
