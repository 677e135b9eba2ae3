// Shared memory: an arena per block, filled with 0xFF (NaN; -1) before the block starts, with red zones between the variables.
#pragma once

#include <type_traits>

#include "simt/emulator/execution.h"

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

}  // namespace simt::inline SIMT_BUILD
