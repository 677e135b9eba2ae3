// Atomics: on global arrays through handles, on shared memory under CUDA's own names.
//
// All are relaxed, as CUDA's are; only __threadfence() orders other memory around them, and the race checker knows that.
#pragma once

#include <atomic>
#include <cstdint>
#include <type_traits>

#include "simt/emulator/memory.h"

namespace simt::inline SIMT_BUILD {

/// *address = change(*address) in one step; returns the old value. A change that changes nothing counts as polling.
template <class T, class F>
inline T modify(T* address, bool shared, F change, Site site) {
  static_assert(sizeof(T) == 4 || sizeof(T) == 8, "atomics are 4 or 8 bytes wide");
  begin_atomic(address, shared, site);
  std::atomic_ref<T> word(*address);
  T old = word.load(std::memory_order_relaxed);
  while (!word.compare_exchange_weak(old, change(old), std::memory_order_relaxed)) {}
  end_atomic(address);
  if (change(old) == old) note_poll(address, site);
  else note_progress();
  return old;
}

template <class T, class F>
inline T modify(Global<T> array, std::int64_t i, F change, Site site) {
  return modify(checked_address<1>(array, i, Access::atomic, site), false, change, site);
}

template <class T, class F>
inline T modify_shared(T* address, F change, Site site) {
  if (!in_shared_memory(address, sizeof(T))) [[unlikely]]
    fail("atomic on an address outside this block's shared memory (global arrays have simt::atomic_*)", site);
  if (preempting) [[unlikely]] maybe_preempt(site);
  return modify(address, true, change, site);
}

// clang-format off
// name of the handle form, CUDA's name, new value from the `old` one
#define SIMT_FOR_EACH_ATOMIC(X)                   \
  X(atomic_add, atomicAdd, T(old + value))        \
  X(atomic_max, atomicMax, old > value ? old : value) \
  X(atomic_min, atomicMin, old < value ? old : value) \
  X(atomic_or, atomicOr, T(old | value))          \
  X(atomic_exchange, atomicExch, value)
// clang-format on

#define SIMT_DEFINE(name, cuda_name, result)                                                      \
  template <class T>                                                                              \
  inline T name(Global<T> array, std::int64_t i, std::type_identity_t<T> value, SIMT_SITE) {      \
    return modify(array, i, [value]([[maybe_unused]] T old) -> T { return result; }, site);       \
  }                                                                                               \
  template <class T>                                                                              \
  inline T cuda_name(T* address, std::type_identity_t<T> value, SIMT_SITE) {                      \
    return modify_shared(address, [value]([[maybe_unused]] T old) -> T { return result; }, site); \
  }
SIMT_FOR_EACH_ATOMIC(SIMT_DEFINE)
#undef SIMT_DEFINE

template <class T>
inline T atomic_cas(Global<T> array, std::int64_t i, std::type_identity_t<T> expected, std::type_identity_t<T> value,
                    SIMT_SITE) {
  return modify(array, i, [=](T old) { return old == expected ? value : old; }, site);
}
template <class T>
inline T atomicCAS(T* address, std::type_identity_t<T> expected, std::type_identity_t<T> value, SIMT_SITE) {
  return modify_shared(address, [=](T old) { return old == expected ? value : old; }, site);
}

/// The old value; the new one is 0 where the old was >= limit, else old + 1.
inline unsigned atomic_inc(Global<unsigned> array, std::int64_t i, unsigned limit, SIMT_SITE) {
  return modify(array, i, [limit](unsigned old) { return old >= limit ? 0u : old + 1; }, site);
}
inline unsigned atomicInc(unsigned* address, unsigned limit, SIMT_SITE) {
  return modify_shared(address, [limit](unsigned old) { return old >= limit ? 0u : old + 1; }, site);
}

}  // namespace simt::inline SIMT_BUILD

using simt::atomicAdd;
using simt::atomicCAS;
using simt::atomicExch;
using simt::atomicInc;
using simt::atomicMax;
using simt::atomicMin;
using simt::atomicOr;
