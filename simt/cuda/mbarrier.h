// mbarriers of the CUDA build (sm_90 and later).
#pragma once

#include <cstdint>

#include "simt/cuda/cluster.h"

namespace simt::inline SIMT_BUILD {

/// Declared shared: SIMT_SHARED(simt::Mbarrier, full, [2]);
///
/// A phase ends when `count` threads have arrived and every byte announced with expect_tx has landed; the next one begins at
/// once. Phases have parity 0, 1, 0, … in turn.
struct Mbarrier {
  std::uint64_t word;
};

namespace detail {
/// The 32-bit address that PTX wants of shared memory.
__device__ __forceinline__ unsigned shared_address(const void* shared) { return static_cast<unsigned>(__cvta_generic_to_shared(shared)); }
}  // namespace detail

/// By one thread, once. Others may use the barrier after mbarrier_fence_init() by that thread and a block (or cluster) barrier.
__device__ __forceinline__ void mbarrier_init([[maybe_unused]] Mbarrier* barrier, [[maybe_unused]] unsigned count) {
  SIMT_SM90(asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(detail::shared_address(barrier)), "r"(count) : "memory"));
}
/// Publishes to the other blocks of the cluster, and to the asynchronous proxy, whose copies complete the barrier.
__device__ __forceinline__ void mbarrier_fence_init() {
  SIMT_SM90(asm volatile("fence.mbarrier_init.release.cluster;\n\tfence.proxy.async.shared::cta;" ::: "memory"));
}

__device__ __forceinline__ void mbarrier_arrive([[maybe_unused]] Mbarrier* barrier) {
  SIMT_SM90(asm volatile("{\n\t.reg .b64 state;\n\tmbarrier.arrive.shared::cta.b64 state, [%0];\n\t}" ::"r"(detail::shared_address(barrier))
                         : "memory"));
}
/// Announces `bytes` of copies to the current phase.
__device__ __forceinline__ void mbarrier_expect_tx([[maybe_unused]] Mbarrier* barrier, [[maybe_unused]] unsigned bytes) {
  SIMT_SM90(asm volatile("mbarrier.expect_tx.relaxed.cta.shared::cta.b64 [%0], %1;" ::"r"(detail::shared_address(barrier)), "r"(bytes)
                         : "memory"));
}
/// Announces, then arrives.
__device__ __forceinline__ void mbarrier_arrive_expect_tx([[maybe_unused]] Mbarrier* barrier, [[maybe_unused]] unsigned bytes) {
  SIMT_SM90(asm volatile("{\n\t.reg .b64 state;\n\tmbarrier.arrive.expect_tx.shared::cta.b64 state, [%0], %1;\n\t}" ::"r"(
                             detail::shared_address(barrier)),
                         "r"(bytes)
                         : "memory"));
}

/// Whether the phase of that parity has ended; may wait for a while, and may say no although it is about to.
__device__ __forceinline__ bool mbarrier_try_wait([[maybe_unused]] Mbarrier* barrier, [[maybe_unused]] unsigned parity) {
  unsigned ended = 0;
  SIMT_SM90(asm volatile("{\n\t.reg .pred ended;\n\tmbarrier.try_wait.parity.shared::cta.b64 ended, [%1], %2;\n\tselp.u32 %0, 1, 0, ended;\n\t}"
                         : "=r"(ended)
                         : "r"(detail::shared_address(barrier)), "r"(parity)
                         : "memory"));
  return ended != 0;
}
/// Waits until it has.
__device__ __forceinline__ void mbarrier_wait(Mbarrier* barrier, unsigned parity) {
  while (!mbarrier_try_wait(barrier, parity)) {}
}

}  // namespace simt::inline SIMT_BUILD
