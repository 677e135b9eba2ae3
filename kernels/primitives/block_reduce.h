// Reductions over the threads of a block: within warps first, then over the warps' results through shared memory.
#pragma once

#include <bit>

#include "kernels/primitives/warp_reduce.h"

namespace lossbench::inline SIMT_BUILD {

namespace detail {

/// Lanes that take part in joining kWarps results: the next power of two.
template <int kWarps>
constexpr int kJoiningLanes = int(std::bit_ceil(unsigned(kWarps)));

template <int kThreads, bool kEveryWarp, class T, class Op>
__device__ __forceinline__ T block_join(T value, Op op, T identity, T* shared) {
  static_assert(kThreads % kWarp == 0 && kThreads <= kWarp * kWarp);
  constexpr int kWarps = kThreads / kWarp;
  value = warp_reduce(value, op);
  if constexpr (kWarps > 1) {
    const int lane = int(threadIdx.x) % kWarp, warp = int(threadIdx.x) / kWarp;
    if (lane == 0) shared[warp] = value;
    __syncthreads();
    if (kEveryWarp || warp == 0) {
      constexpr int kLanes = kJoiningLanes<kWarps>;
      const int slot = lane % kLanes;
      value = warp_reduce<kLanes>(slot < kWarps ? shared[slot] : identity, op);
    }
  }
  return value;
}

}  // namespace detail

/// Joins the values of the kThreads threads of a one-dimensional block in a fixed order: the tree of warp_reduce over the lanes
/// of each warp, then the same over the warps. All threads of warp 0 hold the result, the same to the last bit; what other
/// threads get is the result of their own warp.
///
/// `shared` has kThreads/32 entries. There is one barrier, after the writes to it and before the reads:
///   - every thread of the block must arrive, so no thread may have returned;
///   - `shared` may be written again, by this function too, only after the caller's next __syncthreads().
template <int kThreads, class T, class Op>
__device__ __forceinline__ T block_reduce(T value, Op op, T identity, T* shared) {
  return detail::block_join<kThreads, false>(value, op, identity, shared);
}

/// The same, with the result in every thread of the block: each warp joins the warps' results by itself, which costs no
/// second barrier. Same order, same bits, same hazards.
template <int kThreads, class T, class Op>
__device__ __forceinline__ T block_reduce_all(T value, Op op, T identity, T* shared) {
  return detail::block_join<kThreads, true>(value, op, identity, shared);
}

}  // namespace lossbench::inline SIMT_BUILD
