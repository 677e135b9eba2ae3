// Block barriers: what they order and return, and divergence that must be caught.
#include "tests/simt/support.h"

using namespace simt_test;
using simt::Global;

namespace {

__global__ void voting_barriers(Global<int> out) {
  const int t = static_cast<int>(threadIdx.x);
  const int results[] = {__syncthreads_count(t % 3 == 0), __syncthreads_and(t >= 0), __syncthreads_and(t != 77),
                         __syncthreads_or(t == 77), __syncthreads_or(t < 0), __syncthreads_count(0)};
  for (int k = 0; k < 6; ++k) simt::store(out, k * blockDim.x + threadIdx.x, results[k]);
}

TEST(Barriers, ReturnTheVoteOfTheBlock) {
  constexpr int kThreads = 200;
  DeviceArray<int> out("out", 6 * kThreads);
  const int expected[] = {67, 1, 0, 1, 0, 0};
  for (const simt::Options& schedule : schedules()) {
    simt::OptionsScope scope(schedule);
    out.fill(-1);
    simt::launch({"voting_barriers", 1, kThreads}, voting_barriers, out.handle());
    for (int k = 0; k < 6; ++k)
      for (int t = 0; t < kThreads; ++t) EXPECT_EQ(out[k * kThreads + t], expected[k]) << k << ' ' << t;
  }
}

__global__ void reverse(Global<const int> in, Global<int> out) {
  int* tile = simt::dynamic_shared<int>();
  for (int round = 0; round < 10; ++round) {
    tile[threadIdx.x] = simt::load(in, threadIdx.x) + round;
    __syncthreads();
    const int v = tile[blockDim.x - 1 - threadIdx.x];
    __syncthreads();
    if (round == 9) simt::store(out, blockIdx.x * blockDim.x + threadIdx.x, v);
  }
}

TEST(Barriers, OrderSharedMemory) {
  for (const unsigned threads : {1u, 31u, 32u, 33u, 256u, 1024u}) {
    DeviceArray<int> in("in", threads), out("out", threads * 3);
    for (unsigned i = 0; i < threads; ++i) in[i] = static_cast<int>(i * i);
    for (const simt::Options& schedule : schedules()) {
      simt::OptionsScope scope(schedule);
      out.fill(-1);
      simt::launch({"reverse", 3, threads, threads * sizeof(int)}, reverse, in.input(), out.handle());
      for (unsigned i = 0; i < 3 * threads; ++i) ASSERT_EQ(out[i], in[threads - 1 - i % threads] + 9);
    }
  }
}

constexpr int kFirstLine = __LINE__;
__global__ void two_barriers() { if (threadIdx.x < 32) { __syncthreads(); } else { __syncthreads(); } }
__global__ void early_exit() { if (threadIdx.x == 100) return; __syncthreads(); }
__global__ void one_warp_only() { if (threadIdx.x < 32) __syncthreads(); else __syncwarp(); }
__global__ void uneven_loop() { for (unsigned i = 0; i < 1 + threadIdx.x / 32; ++i) __syncthreads(); }

void expect_divergence(const char* name, void (*kernel)(), int line) {
  for (const simt::Options& schedule : schedules()) {
    simt::OptionsScope scope(schedule);
    expect_error([&] { simt::launch({name, dim3(2, 3), 128}, kernel); },
                 {"kernel '" + std::string(name) + "'", "block (", "thread (", "divergent barrier",
                  at_line("simt/barrier_test.cpp", kFirstLine + line)});
  }
}

TEST(DivergentBarriers, TwoPlacesInTheSource) { expect_divergence("two_barriers", two_barriers, 1); }
TEST(DivergentBarriers, AThreadThatExited) { expect_divergence("early_exit", early_exit, 2); }
TEST(DivergentBarriers, AWarpThatNeverComes) { expect_divergence("one_warp_only", one_warp_only, 3); }
TEST(DivergentBarriers, UnevenTripCounts) { expect_divergence("uneven_loop", uneven_loop, 4); }

TEST(DivergentBarriers, NameTheThreads) {
  simt::OptionsScope scope(simt::Options{.os_threads = 1});
  const std::string message = expect_error([] { simt::launch({"early_exit", 1, 128}, early_exit); }, {});
  EXPECT_NE(message.find("thread (100,0,0)"), std::string::npos) << message;
}

__global__ void crossed_waits() {  // warp 0 waits for a lane of its own that waits for the block
  if (threadIdx.x == 5) __syncthreads();
  __syncwarp();
  if (threadIdx.x != 5) __syncthreads();
}
constexpr int kCrossed = __LINE__ - 5;

TEST(Deadlock, SaysWhoWaitsWhere) {
  for (const simt::Options& schedule : schedules()) {
    simt::OptionsScope scope(schedule);
    expect_error([] { simt::launch({"crossed_waits", 1, 32}, crossed_waits); },
                 {"kernel 'crossed_waits'", "block (0,0,0)", "deadlock", "31 threads in __syncwarp with mask 0xffffffff at",
                  "1 thread in __syncthreads() at", at_line("simt/barrier_test.cpp", kCrossed + 1),
                  at_line("simt/barrier_test.cpp", kCrossed + 2), "(thread (5,0,0))", "(first thread (0,0,0))"});
  }
}

// ---- waits by polling ----
__global__ void wait_for_flag(Global<unsigned> flag, bool set) {
  if (threadIdx.x == 40 && set) simt::atomic_exchange(flag, 0, 1u);
  if (threadIdx.x == 0)
    while (simt::load<simt::Cache::l2>(flag, 0) == 0) {}
  if (threadIdx.x == 1)
    while (simt::atomic_cas(flag, 0, 1u, 1u) == 0) {}
  if (threadIdx.x == 2)
    while (simt::load(flag, 0) == 0) __nanosleep(100);
}

TEST(Polling, EndsWhenTheFlagIsSet) {
  SKIP_UNDER_RACE_CHECKER();
  DeviceArray<unsigned> flag("flag", 1);
  for (const simt::Options& schedule : schedules()) {
    simt::OptionsScope scope(schedule);
    flag.fill(0);
    simt::launch({"wait_for_flag", 1, 64}, wait_for_flag, flag.handle(), true);
  }
}

TEST(Polling, ThatNeverEndsIsReported) {
  SKIP_UNDER_RACE_CHECKER();
  DeviceArray<unsigned> flag("flag", 1);
  simt::OptionsScope scope(simt::Options{.spin_limit = 1000});
  expect_error([&] { simt::launch({"wait_for_flag", 1, 64}, wait_for_flag, flag.handle(), false); },
               {"kernel 'wait_for_flag'", "block (0,0,0)", "a wait that never ends", "polling at simt/barrier_test.cpp:",
                "61 threads exited"});
}

}  // namespace
