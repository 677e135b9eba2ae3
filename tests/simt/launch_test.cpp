// Launches: coordinates, arguments, limits, exceptions, and several host threads at once.
#include <stdexcept>
#include <thread>

#include "tests/simt/kernels.h"
#include "tests/simt/support.h"

using namespace simt_test;
using simt::Global;

namespace {

__global__ void coordinates(Global<unsigned> out) {
  const unsigned threads = blockDim.x * blockDim.y * blockDim.z;
  const unsigned block = (blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
  const unsigned thread = (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
  __syncthreads();
  simt::atomic_add(out, block * threads + thread, threadIdx.x + 10 * threadIdx.y + 100 * threadIdx.z + 1000 * blockIdx.x +
                                                      10000 * blockIdx.y + 100000 * blockIdx.z);
}

TEST(Launch, EveryThreadRunsOnceWithItsCoordinates) {
  DeviceArray<unsigned> out("out", 2 * 3 * 4 * 5 * 7 * 2);
  for (const simt::Options& schedule : schedules()) {
    simt::OptionsScope scope(schedule);
    out.fill(0);
    simt::launch({"coordinates", dim3(2, 3, 4), dim3(5, 7, 2)}, coordinates, out.handle());
    std::int64_t i = 0;
    for (unsigned bz = 0; bz < 4; ++bz)
      for (unsigned by = 0; by < 3; ++by)
        for (unsigned bx = 0; bx < 2; ++bx)
          for (unsigned z = 0; z < 2; ++z)
            for (unsigned y = 0; y < 7; ++y)
              for (unsigned x = 0; x < 5; ++x)
                ASSERT_EQ(out[i++], x + 10 * y + 100 * z + 1000 * bx + 10000 * by + 100000 * bz);
  }
}

struct Parameters {
  float scale;
  std::int64_t count;
};
__global__ void by_value(Parameters parameters, bool flag, Global<float> out) {
  parameters.scale += static_cast<float>(threadIdx.x);  // this thread's own copy
  __syncthreads();
  simt::store(out, threadIdx.x, flag ? parameters.scale * static_cast<float>(parameters.count) : 0.0f);
}

TEST(Launch, ConvertsArgumentsAndCopiesThemPerThread) {
  DeviceArray<float> out("out", 64);
  simt::launch({"by_value", 1, 64}, by_value, Parameters{0.5f, 2}, 1, out.handle());
  for (int i = 0; i < 64; ++i) EXPECT_EQ(out[i], 2 * (0.5f + static_cast<float>(i)));
}

__global__ void nothing() {}

TEST(Launch, RefusesImpossibleShapes) {
  simt::launch({"nothing", 1, dim3(1024)}, nothing);
  simt::launch({"nothing", 1, dim3(16, 1, 64)}, nothing);
  expect_error([] { simt::launch({"nothing", 1, 1025}, nothing); }, {"'nothing'", "block (1025,1,1)", "1024"});
  expect_error([] { simt::launch({"nothing", 1, dim3(1, 1, 65)}, nothing); }, {"'nothing'", "64 in z"});
  expect_error([] { simt::launch({"nothing", 1, 0}, nothing); }, {"'nothing'", "block (0,1,1)"});
  expect_error([] { simt::launch({"nothing", dim3(4, 0), 32}, nothing); }, {"'nothing'", "grid (4,0,1)", "empty"});
  expect_error([] { simt::launch({"nothing", dim3(1, 65536), 32}, nothing); }, {"'nothing'", "grid (1,65536,1)"});
}

__global__ void launches() { simt::launch({"nothing", 1, 1}, nothing); }

TEST(Launch, RefusesToStartFromAKernel) {
  expect_error([] { simt::launch({"launches", 1, 1}, launches); }, {"'launches'", "from inside a kernel"});
}

__global__ void throws() {
  if (blockIdx.x == 7 && threadIdx.x == 3) throw std::runtime_error("what the kernel said");
  __syncthreads();
}
__global__ void traps() {
  if (threadIdx.x == 31) __trap();
  __syncthreads();
}

TEST(Failure, LeavesLaterLaunchesSound) {
  DeviceArray<float> in("in", 512, 1.0f), out("out", 2);
  for (const simt::Options& schedule : schedules()) {
    simt::OptionsScope scope(schedule);
    expect_error([] { simt::launch({"throws", 20, 96}, throws); },
                 {"kernel 'throws'", "block (7,0,0)", "thread (3,0,0)", "what the kernel said"});
    expect_error([] { simt::launch({"traps", 20, 1024}, traps); },
                 {"kernel 'traps'", "thread (31,0,0)", "__trap()", "launch_test.cpp:"});
    simt::launch({"sum_blocks", 2, 256}, sum_blocks<Bug::none>, in.input(), out.handle());
    EXPECT_EQ(out[0], 256.0f);
    EXPECT_EQ(out[1], 256.0f);
  }
}

TEST(HostThreads, LaunchAtTheSameTimeWithOptionsOfTheirOwn) {
  std::vector<std::thread> hosts;
  std::vector<std::uint64_t> bytes(4);
  for (std::size_t h = 0; h < bytes.size(); ++h)
    hosts.emplace_back([&bytes, h] {
      DeviceArray<float> in("in", 4096, 1.0f), out("out", 16);
      simt::options().order = h % 2 ? simt::Order::descending : simt::Order::random;
      simt::CountScope scope;
      for (int i = 0; i < 20; ++i) simt::launch({"sum_blocks", 16, 256}, sum_blocks<Bug::none>, in.input(), out.handle());
      bytes[h] = out[15] == 256.0f ? scope->array("in").load_bytes : 0;
    });
  for (std::thread& host : hosts) host.join();
  for (const std::uint64_t b : bytes) EXPECT_EQ(b, 20u * 16384u);
  EXPECT_EQ(simt::options().order, simt::Order::ascending);
}

__global__ void deep(Global<int> out) {  // most of the default stack, kept across a switch
  volatile char big[48 << 10];
  for (std::size_t i = 0; i < sizeof big; i += 512) big[i] = static_cast<char>(threadIdx.x);
  __syncthreads();
  int same = 1;
  for (std::size_t i = 0; i < sizeof big; i += 512) same &= big[i] == static_cast<char>(threadIdx.x);
  simt::store(out, threadIdx.x, same);
}

TEST(Stacks, AreEachThreadsOwn) {
  DeviceArray<int> out("out", 100);
  for (const std::size_t stack : {std::size_t{64} << 10, std::size_t{256} << 10}) {
    simt::OptionsScope scope(simt::Options{.stack = stack});
    out.fill(0);
    simt::launch({"deep", 1, 100}, deep, out.handle());
    for (int i = 0; i < 100; ++i) EXPECT_EQ(out[i], 1);
  }
}

TEST(Device, IsTheSameOnEveryHost) {
  EXPECT_EQ(simt::device().sm_count, 132);
  EXPECT_EQ(simt::device().shared_bytes_per_block, 232448u);
  EXPECT_EQ(simt::device().max_threads_per_sm, 2048);
  EXPECT_GT(simt::device().l2_bytes, 0u);
  EXPECT_FALSE(simt::device().name.empty());
}

}  // namespace
