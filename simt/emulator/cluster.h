// Clusters: blocks that run together, wait for each other and reach each other's shared memory.
#pragma once

#include <type_traits>

#include "simt/emulator/execution.h"

namespace simt::inline SIMT_BUILD {

/// The emulated device has clusters; on a GPU this is false below sm_90, where what follows is compiled out.
inline constexpr bool kHasClusters = true;

unsigned cluster_rank();  ///< of this block in its cluster
unsigned cluster_size();  ///< in blocks; 1 where the launch named no cluster

/// All threads of all blocks of the cluster. Shared memory written before an arrival is seen after the wait, in every block.
void cluster_arrive(SIMT_SITE);
void cluster_wait(SIMT_SITE);
inline void cluster_sync(SIMT_SITE) {
  cluster_arrive(site);
  cluster_wait(site);
}

/// Address in block `rank` of what `mine` is in this one, after all checks.
void* remote_address(const void* mine, unsigned rank, std::size_t bytes, Site site);

/// A shared variable of another block of the cluster. Its block must have started, and must not exit, before the access is done:
/// a cluster barrier before the first and one after the last.
template <class T>
class ClusterShared {
 public:
  ClusterShared(T* mine, unsigned rank) : mine_(mine), rank_(rank) {}
  T load(int i = 0, SIMT_SITE) const { return *static_cast<const T*>(remote_address(mine_ + i, rank_, sizeof(T), site)); }
  void store(int i, std::type_identity_t<T> value, SIMT_SITE) const {
    *static_cast<T*>(remote_address(mine_ + i, rank_, sizeof(T), site)) = value;
  }

 private:
  T* mine_;
  unsigned rank_;
};

template <class T>
ClusterShared<T> cluster_map(T* mine, unsigned rank) {
  return ClusterShared<T>(mine, rank);
}

}  // namespace simt::inline SIMT_BUILD
