#include "bench/device_kernels.h"

#include "simt/cuda/clocks.h"
#include "simt/simt.h"

namespace lossbench {
namespace {

__global__ void clock_probe(ClockReading* reading, long long length) {
  // From one step of the timer to another: read in the middle of a step of 1 us, it would be off by up to 1 % of 100 us.
  const long long before = simt::timer_nanoseconds();
  long long start = before;
  while (start == before) start = simt::timer_nanoseconds();
  const long long first = simt::cycles();
  long long now = start;
  while (now - start < length) now = simt::timer_nanoseconds();
  *reading = {simt::cycles() - first, now - start};
}

__global__ void hold(const volatile int* gate, long long longest) {
  const long long start = simt::timer_nanoseconds();
  while (simt::load_volatile(gate) == 0 && simt::timer_nanoseconds() - start < longest) {
  }
}

}  // namespace

void launch_clock_probe(ClockReading* reading, long long nanoseconds, cudaStream_t stream) {
  simt::launch({.kernel = "clock_probe", .grid = 1, .block = 1, .stream = stream}, clock_probe, reading, nanoseconds);
}

void launch_hold(const volatile int* gate, long long longest, cudaStream_t stream) {
  simt::launch({.kernel = "hold", .grid = 1, .block = 1, .stream = stream}, hold, gate, longest);
}

}  // namespace lossbench
