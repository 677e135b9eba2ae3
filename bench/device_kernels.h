// The two kernels of the CUDA device itself.
#pragma once

#include <cuda_runtime.h>

namespace lossbench {

/// Written by the clock probe: what one multiprocessor's cycle counter and the device's timer did in the same stretch.
struct ClockReading {
  long long cycles;
  long long nanoseconds;
};

/// Spins for `nanoseconds` on one thread and writes what both clocks did. Source: PTX ISA, %globaltimer and %clock64.
void launch_clock_probe(ClockReading* reading, long long nanoseconds, cudaStream_t stream);

/// Holds the stream until the host sets `*gate` (host memory that the device can see) or `longest` nanoseconds have passed, so that
/// what was enqueued behind it starts with no gap.
void launch_hold(const volatile int* gate, long long longest, cudaStream_t stream);

}  // namespace lossbench
