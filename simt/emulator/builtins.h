// dim3, threadIdx and friends.
#pragma once

#include "simt/qualifiers.h"

namespace simt::inline SIMT_BUILD {

struct uint3 {
  unsigned x, y, z;
};

struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned x_ = 1, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_) {}
  constexpr operator uint3() const { return {x, y, z}; }
};

// Real objects, rewritten by the scheduler at each switch, so that a debugger prints them and breaks on them
// (`break kernel.h:42 if threadIdx.x == 3`). `constinit` makes reading one a single load.
extern constinit thread_local uint3 threadIdx;
extern constinit thread_local uint3 blockIdx;
extern constinit thread_local dim3 blockDim;
extern constinit thread_local dim3 gridDim;

inline constexpr int warpSize = 32;

}  // namespace simt::inline SIMT_BUILD

using simt::blockDim;
using simt::blockIdx;
using simt::dim3;
using simt::gridDim;
using simt::threadIdx;
using simt::uint3;
using simt::warpSize;
