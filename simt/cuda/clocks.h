// The two clocks of a GPU: for measuring the one by the other. The emulator has neither.
#pragma once

#include "simt/qualifiers.h"

namespace simt::inline SIMT_BUILD {

/// The device's timer, in nanoseconds since some moment; its steps may be as long as 1 us.   [PTX ISA, %globaltimer]
__device__ __forceinline__ long long timer_nanoseconds() {
  long long now;
  asm volatile("mov.u64 %0, %globaltimer;" : "=l"(now));
  return now;
}

/// Cycles of the multiprocessor that runs the thread.   [PTX ISA, %clock64]
__device__ __forceinline__ long long cycles() { return clock64(); }

/// What the host may write while the kernel runs.
__device__ __forceinline__ int load_volatile(const volatile int* word) { return *word; }

}  // namespace simt::inline SIMT_BUILD
