#include "tests/measure/fake_device.h"

#include "bench/host_clock.h"

// Both clocks are the fake machine's; the host's runs a little ahead, for enqueueing takes time.
#define host_now fake_host_now
#define cuda_device cuda_device_over_fake_runtime
#define cuda_stream fake_cuda_stream
#define cuda_empty fake_cuda_empty
namespace lossbench {
inline double fake_host_now() { return 1.001 * fake_cuda::machine().now + fake_cuda::machine().host_ahead; }
}  // namespace lossbench

#include "bench/device_cuda.cpp"

namespace lossbench {

void launch_clock_probe(ClockReading* reading, long long nanoseconds, cudaStream_t stream) {
  const double seconds = static_cast<double>(nanoseconds) * 1e-9;
  fake_cuda::launch(stream, seconds, [=] {
    *reading = {static_cast<long long>(fake_cuda::machine().clock_hz(fake_cuda::machine().now) * seconds), nanoseconds};
  });
}

void launch_hold(const volatile int* gate, long long, cudaStream_t) {
  fake_cuda::machine().held = true;
  fake_cuda::machine().gate = gate;
}

void fake_cuda_stream(int reads, bool writes, const void*, const void*, void*, std::size_t bytes, void*, void* stream) {
  const fake_cuda::Machine& machine = fake_cuda::machine();
  fake_cuda::launch(stream, machine.launch_latency + static_cast<double>(reads + writes) * static_cast<double>(bytes) / machine.memory_speed, {});
}

void fake_cuda_empty(void* stream) { fake_cuda::launch(stream, 2e-6, {}); }

Device& fake_cuda_device() {
  std::string reason;
  return *cuda_device_over_fake_runtime(reason);
}

}  // namespace lossbench
