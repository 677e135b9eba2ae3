// Sums over a grid: one partial sum a block, then the block that finishes last adds the partial sums in a fixed order.
#pragma once

#include "kernels/primitives/block_reduce.h"
#include "kernels/primitives/grid_loop.h"

namespace lossbench::inline SIMT_BUILD {

/// Sum of every thread's accumulator; the result is in thread 0. `shared` has kBlockThreads/32 entries and may be used again
/// after the next __syncthreads().
template <class Sum>
__device__ __forceinline__ Sum block_sum(Sum sum, Sum* shared) {
  return block_reduce<kBlockThreads>(sum, [](Sum a, const Sum& b) { a.join(b); return a; }, Sum{}, shared);
}

/// Sum of `count` partial sums by one block: thread t takes t, t + 256, …, so the order depends on nothing but `count`.
template <class Sum>
__device__ __forceinline__ Sum block_sum_of(simt::Global<const Sum> partials, std::int64_t count, Sum* shared) {
  Sum sum{};
  for (std::int64_t i = threadIdx.x; i < count; i += kBlockThreads) sum.join(simt::load<simt::Cache::l2>(partials, i));
  return block_sum(sum, shared);
}

/// Sum over the whole grid, handed to exactly one thread: returns true there, with the total in `sum`. Every thread must call.
/// `partials` has one entry a block. `ticket` is 0 before the launch and 0 again after it.
/// Order: fixed for a fixed grid. Which block finishes last depends on the schedule, what it adds does not.
template <class Sum>
__device__ __forceinline__ bool grid_sum(Sum& sum, simt::Global<Sum> partials, simt::Global<unsigned> ticket) {
  SIMT_SHARED(Sum, shared, [kBlockThreads / 32]);
  SIMT_SHARED(bool, is_last);
  sum = block_sum(sum, shared);
  if (threadIdx.x == 0) {
    simt::store(partials, blockIdx.x, sum);
    __threadfence();  // the partial sum is visible before the ticket says so
    is_last = simt::atomic_inc(ticket, 0, gridDim.x - 1) == gridDim.x - 1;
  }
  __syncthreads();
  if (!is_last) return false;
  __threadfence();
  sum = block_sum_of<Sum>(partials, gridDim.x, shared);
  return threadIdx.x == 0;
}

}  // namespace lossbench::inline SIMT_BUILD
