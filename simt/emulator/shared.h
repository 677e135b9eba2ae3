// Shared memory: an arena per block, filled with 0xFF (NaN; -1) before the block starts, with red zones between the variables.
#pragma once

#include <type_traits>

#include "simt/emulator/execution.h"
#include "simt/vec.h"

/// `SIMT_SHARED(float, part, [32]);` declares `__shared__ float part[32];`
#define SIMT_SHARED(T, name, ...)                                                                                       \
  static constinit ::simt::SharedSlot simt_slot_##name{sizeof(T __VA_ARGS__), alignof(T), #name};                       \
  static_assert(std::is_trivially_default_constructible_v<T>, "shared variables cannot be initialised");                \
  auto& name = *static_cast<std::type_identity_t<T __VA_ARGS__>*>(::simt::shared_slot(simt_slot_##name, ::simt::Site::here()))

namespace simt::inline SIMT_BUILD {

/// The launch's `shared_bytes`.
template <class T>
T* dynamic_shared() {
  return static_cast<T*>(dynamic_shared_memory());
}

/// Elements i … i+N-1 of shared memory in one access; the address must be a multiple of its N·sizeof(T) <= 16 bytes.
template <int N, class T>
Vec<T, N> load_shared(const T* shared, int i, SIMT_SITE) {
  if (reinterpret_cast<std::uintptr_t>(shared + i) % (sizeof(T) * N) != 0) [[unlikely]]
    fail("misaligned vector load from shared memory", site);
  return *reinterpret_cast<const Vec<T, N>*>(shared + i);
}
template <class T, int N>
void store_shared(T* shared, int i, Vec<T, N> values, SIMT_SITE) {
  if (reinterpret_cast<std::uintptr_t>(shared + i) % (sizeof(T) * N) != 0) [[unlikely]]
    fail("misaligned vector store to shared memory", site);
  *reinterpret_cast<Vec<T, N>*>(shared + i) = values;
}

}  // namespace simt::inline SIMT_BUILD
