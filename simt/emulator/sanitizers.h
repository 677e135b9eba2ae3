// What the sanitizers must be told about fibers and shared memory. Empty without them.
//
// The library is compiled with -fsanitize=address when its users are, but never with -fsanitize=thread: the race checker must see
// the kernel's accesses, not the scheduler's. SIMT_TSAN=1 says that the users are instrumented.
#pragma once

#include <cstddef>

#ifndef SIMT_TSAN
#define SIMT_TSAN 0
#endif

#if defined(__SANITIZE_ADDRESS__)
#define SIMT_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SIMT_ASAN 1
#endif
#endif
#ifndef SIMT_ASAN
#define SIMT_ASAN 0
#endif

#if SIMT_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

#if SIMT_TSAN
extern "C" {
void* __tsan_get_current_fiber(void);
void* __tsan_create_fiber(unsigned flags);
void __tsan_destroy_fiber(void* fiber);
void __tsan_switch_to_fiber(void* fiber, unsigned flags);
void __tsan_set_fiber_name(void* fiber, const char* name);
void __tsan_acquire(void* address);
void __tsan_release(void* address);
}
#endif

#include "simt/qualifiers.h"

namespace simt::inline SIMT_BUILD {

#if SIMT_TSAN
/// What this thread did before `release(x)` happened before what another does after `acquire(x)`.
inline void release(void* object) { __tsan_release(object); }
inline void acquire(void* object) { __tsan_acquire(object); }
#else
inline void release(void*) {}
inline void acquire(void*) {}
#endif

#if SIMT_ASAN
inline void forbid(void* memory, std::size_t bytes) { __asan_poison_memory_region(memory, bytes); }
inline void permit(void* memory, std::size_t bytes) { __asan_unpoison_memory_region(memory, bytes); }
#else
inline void forbid(void*, std::size_t) {}
inline void permit(void*, std::size_t) {}
#endif

}  // namespace simt::inline SIMT_BUILD
