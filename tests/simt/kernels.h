// Correct kernels that several tests run, and their deliberately broken twins.
#pragma once

#include <cstdint>

#include "simt/simt.h"

namespace simt_test::inline SIMT_BUILD {

__device__ __forceinline__ float warp_sum(float v) {
  for (int distance = 16; distance > 0; distance /= 2) v += __shfl_xor_sync(0xffffffffu, v, distance);
  return v;
}

enum class Bug { none, no_barrier, reuse, no_fence };

/// Sum of one value per thread, valid in warp 0.
template <bool kWait>
__device__ __forceinline__ float block_sum(float v, float* part) {
  const unsigned lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  v = warp_sum(v);
  if (lane == 0) part[warp] = v;
  if (kWait) __syncthreads();
  return warp == 0 ? warp_sum(lane < blockDim.x / 32 ? part[lane] : 0.0f) : 0.0f;
}

/// out[block] = sum of the block's part of `input`. Bug::no_barrier reads the warps' sums before they are there.
template <Bug kBug>
__global__ void sum_blocks(simt::Global<const float> input, simt::Global<float> out) {
  SIMT_SHARED(float, part, [32]);
  const float sum = block_sum<kBug != Bug::no_barrier>(simt::load(input, blockIdx.x * blockDim.x + threadIdx.x), part);
  if (threadIdx.x == 0) simt::store(out, blockIdx.x, sum);
}

/// out[0] = sum, out[1] = sum of squares. Bug::reuse writes `part` again while warp 0 may still read it.
template <Bug kBug>
__global__ void two_sums(simt::Global<const float> input, simt::Global<float> out) {
  SIMT_SHARED(float, part, [32]);
  const float x = simt::load(input, threadIdx.x);
  const float sum = block_sum<true>(x, part);
  if (kBug != Bug::reuse) __syncthreads();
  const float squares = block_sum<true>(x * x, part);
  if (threadIdx.x == 0) {
    simt::store(out, 0, sum);
    simt::store(out, 1, squares);
  }
}

/// out[0] = sum of `input` in one launch: the last block to finish adds the blocks' sums in order. Bug::no_fence takes the ticket
/// without making its sum visible first.
template <Bug kBug>
__global__ void last_block_sum(simt::Global<const float> input, std::int64_t n, simt::Global<float> partial,
                               simt::Global<unsigned> ticket, simt::Global<float> out) {
  SIMT_SHARED(float, part, [32]);
  SIMT_SHARED(bool, last);
  float v = 0.0f;
  const std::int64_t step = std::int64_t{gridDim.x} * blockDim.x;
  for (std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; i < n; i += step) v += simt::load(input, i);
  v = block_sum<true>(v, part);
  if (threadIdx.x == 0) {
    simt::store(partial, blockIdx.x, v);
    if (kBug != Bug::no_fence) __threadfence();
    last = simt::atomic_inc(ticket, 0, gridDim.x - 1) == gridDim.x - 1;
  }
  __syncthreads();
  if (!last) return;
  v = 0.0f;
  for (unsigned i = threadIdx.x; i < gridDim.x; i += blockDim.x) v += simt::load<simt::Cache::l2>(partial, i);
  v = block_sum<true>(v, part);
  if (threadIdx.x == 0) simt::store(out, 0, v);
}

/// Counts threads in shared memory. Without the atomic, two threads may add to the same old value; no order of whole threads
/// shows that, only the race checker does.
template <bool kAtomic>
__global__ void count_threads(simt::Global<unsigned> out) {
  SIMT_SHARED(unsigned, count);
  if (threadIdx.x == 0) count = 0;
  __syncthreads();
  if (kAtomic) atomicAdd(&count, 1u);
  else count += 1;
  __syncthreads();
  if (threadIdx.x == 0) simt::store(out, blockIdx.x, count);
}

/// Two blocks that add to one element: with the handle's atomic, and with a load and a store.
template <bool kAtomic>
__global__ void add_to_global(simt::Global<unsigned> out) {
  if (threadIdx.x != 0) return;
  if (kAtomic) simt::atomic_add(out, 0, 1u);
  else simt::store(out, 0, simt::load(out, 0) + 1);
}

}  // namespace simt_test::inline SIMT_BUILD
