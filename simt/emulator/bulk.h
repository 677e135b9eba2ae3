// Bulk asynchronous copies between global and shared memory: one thread asks, the hardware moves.
//
// Addresses and sizes are multiples of 16 bytes. A load completes an mbarrier's bytes; stores are waited for in groups.
#pragma once

#include "simt/emulator/memory.h"

namespace simt::inline SIMT_BUILD {

inline constexpr unsigned kBulkGrain = 16;  ///< bytes

void issue_bulk_load(void* shared, const void* global, std::uint64_t bytes, Mbarrier* barrier, const char* array, Site site);
void issue_bulk_store(void* global, const void* shared, std::uint64_t bytes, const char* array, Site site);
void wait_for_bulk_groups(unsigned still_open, bool only_read, Site site);

/// Start of elements i … i+count-1, which must lie in the array.
template <class T>
T* checked_range(Global<T> array, std::int64_t i, std::int64_t count, Access access, Site site) {
  const std::int64_t index = array.first() + i;
  if (!array || index < 0 || count < 0 || index > array.extent() - count) [[unlikely]]
    fail_access(access, array.name(), !array, index, static_cast<int>(count), array.extent(), site);
  return array.base() + index;
}

/// Starts to copy `count` elements from i on to shared memory; their bytes are completed on `barrier`.
template <class T>
void bulk_load(std::remove_const_t<T>* shared, Global<T> array, std::int64_t i, std::int64_t count, Mbarrier* barrier, SIMT_SITE) {
  issue_bulk_load(shared, checked_range(array, i, count, Access::load, site), static_cast<std::uint64_t>(count) * sizeof(T), barrier,
                  array.name(), site);
}

/// Starts to copy `count` elements of shared memory to i and on, as part of this thread's open group. Every thread that wrote them
/// has called fence_async_proxy() and met this thread at a barrier, or this thread has called it after that.
template <class T>
void bulk_store(Global<T> array, std::int64_t i, const std::type_identity_t<T>* shared, std::int64_t count, SIMT_SITE) {
  issue_bulk_store(checked_range(array, i, count, Access::store, site), shared, static_cast<std::uint64_t>(count) * sizeof(T),
                   array.name(), site);
}

/// Makes this thread's writes to shared memory visible to copies that are started later.
void fence_async_proxy(SIMT_SITE);

/// Closes this thread's group of stores.
void bulk_commit(SIMT_SITE);
/// Waits until all but the latest kStillOpen groups of this thread have been read from shared memory …
template <int kStillOpen = 0>
void bulk_wait_read(SIMT_SITE) {
  wait_for_bulk_groups(kStillOpen, true, site);
}
/// … or have been written to global memory.
template <int kStillOpen = 0>
void bulk_wait(SIMT_SITE) {
  wait_for_bulk_groups(kStillOpen, false, site);
}

}  // namespace simt::inline SIMT_BUILD
