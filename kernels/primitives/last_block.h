// Which block of a grid finishes last: it alone sees what all others left in memory.
#pragma once

#include "simt/simt.h"

namespace lossbench::inline SIMT_BUILD {

/// True in all threads of the block that arrives last, and there the stores that thread 0 of every block made before can be read
/// (with Cache::l2). `ticket` is 0 before the launch and 0 again after it. Every thread must call; two barriers are the caller's
/// to give where it writes shared memory before and after.
__device__ __forceinline__ bool last_block(simt::Global<unsigned> ticket) {
  SIMT_SHARED(bool, is_last);
  if (threadIdx.x == 0) {
    __threadfence();  // what this thread stored is visible before the ticket says so
    is_last = simt::atomic_inc(ticket, 0, gridDim.x - 1) == gridDim.x - 1;
  }
  __syncthreads();
  if (!is_last) return false;
  __threadfence();
  return true;
}

}  // namespace lossbench::inline SIMT_BUILD
