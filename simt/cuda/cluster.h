// Clusters of the CUDA build. Below sm_90 kHasClusters is false and nothing here may be reached: a launch is refused before.
#pragma once

#include <cstdint>
#include <type_traits>

#include "simt/qualifiers.h"

namespace simt::inline SIMT_BUILD {

/// Whether this compilation is for a device with clusters, mbarriers and bulk copies; `if constexpr` leaves their users out.
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ < 900
inline constexpr bool kHasClusters = false;
#define SIMT_SM90(...) __trap()
#else
inline constexpr bool kHasClusters = true;
#define SIMT_SM90(...) __VA_ARGS__
#endif

__device__ __forceinline__ unsigned cluster_rank() {
  unsigned rank = 0;
  SIMT_SM90(asm("mov.u32 %0, %%cluster_ctarank;" : "=r"(rank)));
  return rank;
}
/// In blocks; 1 where the launch named no cluster.
__device__ __forceinline__ unsigned cluster_size() {
  unsigned size = 1;
  SIMT_SM90(asm("mov.u32 %0, %%cluster_nctarank;" : "=r"(size)));
  return size;
}

/// All threads of all blocks of the cluster. Shared memory written before an arrival is seen after the wait, in every block.
__device__ __forceinline__ void cluster_arrive() { SIMT_SM90(asm volatile("barrier.cluster.arrive.release.aligned;" ::: "memory")); }
__device__ __forceinline__ void cluster_wait() { SIMT_SM90(asm volatile("barrier.cluster.wait.acquire.aligned;" ::: "memory")); }
__device__ __forceinline__ void cluster_sync() {
  cluster_arrive();
  cluster_wait();
}

/// A shared variable of another block of the cluster. Its block must have started, and must not exit, before the access is done:
/// a cluster barrier before the first and one after the last.
template <class T>
class ClusterShared {
 public:
  __device__ __forceinline__ ClusterShared(T* mine, unsigned rank) {
    std::uint64_t address = 0;
    SIMT_SM90(asm volatile("mapa.u64 %0, %1, %2;" : "=l"(address) : "l"(mine), "r"(rank)));
    theirs_ = reinterpret_cast<T*>(address);
  }
  __device__ __forceinline__ T load(int i = 0) const { return theirs_[i]; }
  __device__ __forceinline__ void store(int i, std::type_identity_t<T> value) const { theirs_[i] = value; }

 private:
  T* theirs_;
};

template <class T>
__device__ __forceinline__ ClusterShared<T> cluster_map(T* mine, unsigned rank) {
  return ClusterShared<T>(mine, rank);
}

}  // namespace simt::inline SIMT_BUILD
