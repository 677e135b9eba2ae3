// Bulk asynchronous copies of the CUDA build (sm_90 and later): one thread asks, the hardware moves.
//
// Addresses and sizes are multiples of 16 bytes. A load completes an mbarrier's bytes; stores are waited for in groups.
#pragma once

#include <cstdint>
#include <type_traits>

#include "simt/cuda/mbarrier.h"
#include "simt/cuda/memory.h"

namespace simt::inline SIMT_BUILD {

inline constexpr unsigned kBulkGrain = 16;  ///< bytes

/// Starts to copy `count` elements from i on to shared memory; their bytes are completed on `barrier`.
template <class T>
__device__ __forceinline__ void bulk_load([[maybe_unused]] std::remove_const_t<T>* shared, [[maybe_unused]] Global<T> array,
                                          [[maybe_unused]] std::int64_t i, [[maybe_unused]] std::int64_t count,
                                          [[maybe_unused]] Mbarrier* barrier) {
  SIMT_SM90(asm volatile("cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1], %2, [%3];" ::"r"(
                             detail::shared_address(shared)),
                         "l"(__cvta_generic_to_global(array.raw() + i)), "r"(static_cast<unsigned>(count * sizeof(T))),
                         "r"(detail::shared_address(barrier))
                         : "memory"));
}

/// Starts to copy `count` elements of shared memory to i and on, as part of this thread's open group. Every thread that wrote them
/// has called fence_async_proxy() and met this thread at a barrier, or this thread has called it after that.
template <class T>
__device__ __forceinline__ void bulk_store([[maybe_unused]] Global<T> array, [[maybe_unused]] std::int64_t i,
                                           [[maybe_unused]] const std::type_identity_t<T>* shared, [[maybe_unused]] std::int64_t count) {
  SIMT_SM90(asm volatile("cp.async.bulk.global.shared::cta.bulk_group [%0], [%1], %2;" ::"l"(__cvta_generic_to_global(array.raw() + i)),
                         "r"(detail::shared_address(shared)), "r"(static_cast<unsigned>(count * sizeof(T)))
                         : "memory"));
}

/// Makes this thread's writes to shared memory visible to copies that are started later.
__device__ __forceinline__ void fence_async_proxy() { SIMT_SM90(asm volatile("fence.proxy.async.shared::cta;" ::: "memory")); }

/// Closes this thread's group of stores.
__device__ __forceinline__ void bulk_commit() { SIMT_SM90(asm volatile("cp.async.bulk.commit_group;" ::: "memory")); }
/// Waits until all but the latest kStillOpen groups of this thread have been read from shared memory …
template <int kStillOpen = 0>
__device__ __forceinline__ void bulk_wait_read() {
  SIMT_SM90(asm volatile("cp.async.bulk.wait_group.read %0;" ::"n"(kStillOpen) : "memory"));
}
/// … or have been written to global memory.
template <int kStillOpen = 0>
__device__ __forceinline__ void bulk_wait() {
  SIMT_SM90(asm volatile("cp.async.bulk.wait_group %0;" ::"n"(kStillOpen) : "memory"));
}

}  // namespace simt::inline SIMT_BUILD
