// Shared memory: poison, separation of blocks, limits and red zones.
#include <cmath>
#include <limits>

#include "tests/simt/support.h"

using namespace simt_test;
using simt::Global;

namespace {

struct Pair {
  float a;
  int b;
};

__global__ void read_unwritten(Global<float> floats, Global<int> ints) {
  SIMT_SHARED(float, f, [64]);
  SIMT_SHARED(Pair, pair);
  SIMT_SHARED(double, d);
  SIMT_SHARED(simt::half, h);
  SIMT_SHARED(simt::bfloat16, b);
  const std::int64_t at = blockIdx.x * 5;
  if (threadIdx.x == 0) {
    const float values[] = {f[63], pair.a, static_cast<float>(d), simt::to_float(h), simt::to_float(b)};
    for (int k = 0; k < 5; ++k) simt::store(floats, at + k, values[k]);
    simt::store(ints, blockIdx.x, pair.b);
    f[63] = pair.a = 1.0f;  // must not reach the next block
    d = 1.0;
    pair.b = 7;
  }
  __syncthreads();
  if (blockIdx.x == 0 && threadIdx.x == 1) simt::store(floats, 0, simt::dynamic_shared<float>()[3]);
}

TEST(SharedMemory, IsPoisonedForEveryBlock) {
  DeviceArray<float> floats("floats", 30);
  DeviceArray<int> ints("ints", 6);
  for (const simt::Options& schedule : schedules()) {
    simt::OptionsScope scope(schedule);
    floats.fill(0.0f);
    ints.fill(0);
    simt::launch({"read_unwritten", 6, 32, 16}, read_unwritten, floats.handle(), ints.handle());
    for (int i = 0; i < 30; ++i) EXPECT_TRUE(std::isnan(floats[i])) << i;
    for (int i = 0; i < 6; ++i) EXPECT_EQ(ints[i], -1);
  }
}

__device__ int* counter_of_helper() {
  SIMT_SHARED(int, counter);
  return &counter;
}
__global__ void variables_are_shared(Global<int> out) {
  SIMT_SHARED(Pair, pairs, [2][3]);
  using Wide = simt::Vec<float, 4>;
  SIMT_SHARED(Wide, wide);
  if (threadIdx.x == 0) {
    pairs[1][2] = {2.0f, 5};
    *counter_of_helper() = 100;
    wide[3] = 8.0f;
  }
  __syncthreads();
  atomicAdd(counter_of_helper(), pairs[1][2].b);
  __syncthreads();
  const bool aligned = reinterpret_cast<std::uintptr_t>(&wide) % 16 == 0;
  simt::store(out, blockIdx.x * blockDim.x + threadIdx.x, aligned ? *counter_of_helper() + static_cast<int>(wide[3]) : -1);
}

TEST(SharedMemory, IsOneCopyPerBlock) {
  DeviceArray<int> out("out", 7 * 64);
  for (const simt::Options& schedule : schedules()) {
    simt::OptionsScope scope(schedule);
    simt::launch({"variables_are_shared", 7, 64}, variables_are_shared, out.handle());
    for (int i = 0; i < 7 * 64; ++i) EXPECT_EQ(out[i], 100 + 64 * 5 + 8);
  }
}

__global__ void use_dynamic(int count, Global<int> out) {
  int* s = simt::dynamic_shared<int>();
  SIMT_SHARED(int, sentinel);
  if (threadIdx.x == 0) sentinel = 77;
  for (int i = static_cast<int>(threadIdx.x); i < count; i += static_cast<int>(blockDim.x)) s[i] = i;
  __syncthreads();
  if (threadIdx.x == 0) simt::store(out, 0, s[count - 1] + sentinel);
}

TEST(SharedMemory, DynamicReachesTheLimit) {
  DeviceArray<int> out("out", 1);
  const int count = static_cast<int>(simt::device().shared_bytes_per_block / sizeof(int)) - 1;
  simt::launch({"use_dynamic", 1, 32, count * sizeof(int)}, use_dynamic, count, out.handle());
  EXPECT_EQ(out[0], count - 1 + 77);
  const auto launch = [&](std::size_t bytes) { simt::launch({"use_dynamic", 1, 32, bytes}, use_dynamic, 1, out.handle()); };
  expect_error([&] { launch(simt::device().shared_bytes_per_block + 4); }, {"'use_dynamic'", "dynamic shared memory", "232448"});
  expect_error([&] { launch(simt::device().shared_bytes_per_block); },
               {"kernel 'use_dynamic'", "limited to 227 KB", "`sentinel`", "simt/shared_memory_test.cpp:"});
}

__global__ void too_much_static() {
  SIMT_SHARED(char, first, [40000]);
  SIMT_SHARED(char, second, [10000]);
  first[0] = second[0] = 0;
}

TEST(SharedMemory, StaticIsLimited) {
  expect_error([] { simt::launch({"too_much_static", 1, 1}, too_much_static); },
               {"kernel 'too_much_static'", "48 KB", "`second`", "50000", "simt/shared_memory_test.cpp:"});
}

// ---- writes that miss: found by the red zones when the block ends ----
__global__ void write_past_static(int past) {
  SIMT_SHARED(int, a, [30]);
  SIMT_SHARED(int, b, [30]);
  a[threadIdx.x] = b[threadIdx.x] = 1;
  __syncthreads();
  if (blockIdx.x == 3) a[threadIdx.x + static_cast<unsigned>(past)] = 2;
}
__global__ void write_past_dynamic(int past) { simt::dynamic_shared<int>()[static_cast<int>(threadIdx.x) + past] = 1; }

TEST(RedZones, CatchWritesPastTheEnd) {
  SKIP_UNDER_ADDRESS_CHECKER();
  for (const simt::Options& schedule : schedules()) {
    simt::OptionsScope scope(schedule);
    simt::launch({"write_past_static", 5, 30}, write_past_static, 0);
    simt::launch({"write_past_dynamic", 5, 30, 120}, write_past_dynamic, 0);
    for (const int past : {1, 16}) {
      expect_error([&] { simt::launch({"write_past_static", 5, 30}, write_past_static, past); },
                   {"kernel 'write_past_static'", "block (3,0,0)", "past the end of `a`"});
      expect_error([&] { simt::launch({"write_past_dynamic", 5, 30, 120}, write_past_dynamic, past); },
                   {"kernel 'write_past_dynamic'", "past the end of dynamic shared memory"});
    }
    expect_error([&] { simt::launch({"write_past_dynamic", 5, 30}, write_past_dynamic, 0); },
                 {"past the end of dynamic shared memory"});
  }
}

}  // namespace
