// Warp operations: results as CUDA defines them, and the misuse that must be caught.
#include <algorithm>
#include <functional>

#include "tests/simt/support.h"

using namespace simt_test;
using simt::Global;

namespace {

constexpr unsigned kAll = 0xffffffffu;

template <class T>
__global__ void shuffles(Global<T> out, int argument, int width) {
  const T v = static_cast<T>(100 + threadIdx.x);
  const std::int64_t lane = threadIdx.x;
  simt::store(out, lane, __shfl_sync(kAll, v, argument, width));
  simt::store(out, 32 + lane, __shfl_up_sync(kAll, v, static_cast<unsigned>(argument), width));
  simt::store(out, 64 + lane, __shfl_down_sync(kAll, v, static_cast<unsigned>(argument), width));
  simt::store(out, 96 + lane, __shfl_xor_sync(kAll, v, argument, width));
}

template <class T>
class ShuffleTest : public testing::Test {};
using Numbers = testing::Types<int, unsigned, float, double, long long>;
TYPED_TEST_SUITE(ShuffleTest, Numbers);

TYPED_TEST(ShuffleTest, ReadsTheLaneThatCudaDefines) {
  using T = TypeParam;
  DeviceArray<T> out("out", 128);
  for (const int width : {1, 2, 8, 16, 32})
    for (const int argument : {0, 1, 3, 16, 31}) {
      simt::launch({"shuffles", 1, 32}, shuffles<T>, out.handle(), argument, width);
      for (int lane = 0; lane < 32; ++lane) {
        const int first = lane / width * width, end = first + width;
        const int idx = first + argument % width;
        const int up = lane - argument < first ? lane : lane - argument;
        const int down = lane + argument >= end ? lane : lane + argument;
        const int exchanged = (lane ^ argument) >= end ? lane : lane ^ argument;
        EXPECT_EQ(out[lane], T(100 + idx)) << lane << " width " << width << " argument " << argument;
        EXPECT_EQ(out[32 + lane], T(100 + up)) << lane << " width " << width << " argument " << argument;
        EXPECT_EQ(out[64 + lane], T(100 + down)) << lane << " width " << width << " argument " << argument;
        EXPECT_EQ(out[96 + lane], T(100 + exchanged)) << lane << " width " << width << " argument " << argument;
      }
    }
}

__global__ void votes(Global<const int> in, Global<unsigned> out) {
  const int v = simt::load(in, threadIdx.x);
  const std::int64_t lane = threadIdx.x;
  simt::store(out, lane, __ballot_sync(kAll, v > 2));
  simt::store(out, 32 + lane, static_cast<unsigned>(__any_sync(kAll, v == 31)));
  simt::store(out, 64 + lane, static_cast<unsigned>(__all_sync(kAll, v >= -5)));
  simt::store(out, 96 + lane, __match_any_sync(kAll, v % 3));
  simt::store(out, 128 + lane, static_cast<unsigned>(__any_sync(kAll, v == 1000)));
  simt::store(out, 160 + lane, static_cast<unsigned>(__all_sync(kAll, v != 31)));
}

TEST(Votes, CombineThePredicatesOfAllLanes) {
  DeviceArray<int> in("in", 32);
  DeviceArray<unsigned> out("out", 192);
  for (int odd = 0; odd < 32; ++odd) {  // each lane in turn is the one that differs
    unsigned above = 0;
    for (int i = 0; i < 32; ++i) {
      in[i] = i == odd ? 31 : i % 5;
      above |= unsigned(in[i] > 2) << i;
    }
    simt::launch({"votes", 1, 32}, votes, in.input(), out.handle());
    for (int i = 0; i < 32; ++i) {
      unsigned match = 0;
      for (int k = 0; k < 32; ++k) match |= unsigned(in[k] % 3 == in[i] % 3) << k;
      EXPECT_EQ(out[i], above);
      EXPECT_EQ(out[32 + i], 1u);
      EXPECT_EQ(out[64 + i], 1u);
      EXPECT_EQ(out[96 + i], match);
      EXPECT_EQ(out[128 + i], 0u);
      EXPECT_EQ(out[160 + i], 0u);
    }
  }
}

__global__ void reductions(Global<const int> in, unsigned mask, Global<int> out) {
  if (!(mask >> threadIdx.x & 1)) return;
  const int v = simt::load(in, threadIdx.x);
  const unsigned u = static_cast<unsigned>(v);
  const int results[] = {__reduce_add_sync(mask, v), __reduce_min_sync(mask, v), __reduce_max_sync(mask, v),
                         static_cast<int>(__reduce_min_sync(mask, u)), static_cast<int>(__reduce_max_sync(mask, u)),
                         static_cast<int>(__reduce_and_sync(mask, u)), static_cast<int>(__reduce_or_sync(mask, u)),
                         static_cast<int>(__reduce_xor_sync(mask, u)), static_cast<int>(__reduce_add_sync(mask, u))};
  for (int k = 0; k < 9; ++k) simt::store(out, k * 32 + threadIdx.x, results[k]);
}

TEST(Reductions, CombineTheLanesOfTheMask) {
  DeviceArray<int> in("in", 32), out("out", 9 * 32);
  for (int i = 0; i < 32; ++i) in[i] = (i * 7919 + 13) % 101 - 50;
  for (const unsigned mask : {kAll, 0x0000ffffu, 0x80000001u, 0x5a5a5a5au, 0x00000100u}) {
    simt::launch({"reductions", 1, 32}, reductions, in.input(), mask, out.handle());
    std::vector<int> v;
    for (int i = 0; i < 32; ++i)
      if (mask >> i & 1) v.push_back(in[i]);
    const auto fold = [&](auto op) {
      unsigned r = static_cast<unsigned>(v[0]);
      for (std::size_t i = 1; i < v.size(); ++i) r = op(r, static_cast<unsigned>(v[i]));
      return static_cast<int>(r);
    };
    const auto less = [](int a, int b) { return unsigned(a) < unsigned(b); };
    const int expected[] = {fold(std::plus<unsigned>()),     *std::min_element(v.begin(), v.end()),
                            *std::max_element(v.begin(), v.end()), *std::min_element(v.begin(), v.end(), less),
                            *std::max_element(v.begin(), v.end(), less), fold(std::bit_and<unsigned>()),
                            fold(std::bit_or<unsigned>()),   fold(std::bit_xor<unsigned>()), fold(std::plus<unsigned>())};
    for (int k = 0; k < 9; ++k)
      for (int i = 0; i < 32; ++i) {
        if (mask >> i & 1) { EXPECT_EQ(out[k * 32 + i], expected[k]) << "operation " << k << " mask " << mask; }
      }
  }
}

__global__ void halves(Global<unsigned> out) {  // two masks in flight in one warp, at different places
  unsigned r;
  if (threadIdx.x < 16) r = __ballot_sync(0x0000ffffu, threadIdx.x % 2);
  else r = __ballot_sync(0xffff0000u, threadIdx.x % 3 == 0);
  __syncwarp();
  simt::store(out, threadIdx.x, r);
}

TEST(Masks, TwoHalvesOfAWarpDoNotMix) {
  DeviceArray<unsigned> out("out", 32);
  for (const simt::Options& schedule : schedules()) {
    simt::OptionsScope scope(schedule);
    simt::launch({"halves", 1, 32}, halves, out.handle());
    for (int i = 0; i < 16; ++i) EXPECT_EQ(out[i], 0x0000aaaau);
    for (int i = 16; i < 32; ++i) EXPECT_EQ(out[i], 0x49240000u);
  }
}

__global__ void partial_warp(Global<unsigned> out) {
  const unsigned mask = threadIdx.x < 32 ? kAll : 0xffu;
  simt::store(out, threadIdx.x, __ballot_sync(mask, 1));
}

TEST(Masks, ABlockMayEndInAPartOfAWarp) {
  DeviceArray<unsigned> out("out", 40);
  simt::launch({"partial_warp", 1, 40}, partial_warp, out.handle());
  EXPECT_EQ(out[0], kAll);
  EXPECT_EQ(out[39], 0xffu);
}

// ---- misuse: what each kernel does wrong, and the words that must name it ----
constexpr int kFirstLine = __LINE__;
__global__ void not_in_own_mask() { (void)__shfl_xor_sync(0x0000ffffu, 1.0f, 1); }
__global__ void exited_lanes() { if (threadIdx.x >= 16) return; (void)__shfl_xor_sync(kAll, 1.0f, 1); }
__global__ void missing_lanes() { (void)__ballot_sync(kAll, 1); }
__global__ void outside_lane() { if (threadIdx.x < 16) (void)__shfl_xor_sync(0x0000ffffu, 1.0f, 16); }
__global__ void two_sites() { if (threadIdx.x & 1) (void)__shfl_down_sync(kAll, 1.0f, 1); else (void)__shfl_down_sync(kAll, 1.0f, 1); }
__global__ void two_masks() { (void)__ballot_sync(threadIdx.x & 1 ? kAll : 0x7fffffffu, 1); }
__global__ void two_operations() { if (threadIdx.x < 16) __syncwarp(); else (void)__any_sync(kAll, 1); }
__global__ void odd_width() { (void)__shfl_sync(kAll, 1.0f, 0, 24); }

struct Misuse {
  const char* name;
  void (*kernel)();
  unsigned threads;
  int line;
  const char* words;
};

class MaskErrors : public testing::TestWithParam<Misuse> {};

TEST_P(MaskErrors, AreReportedWithTheirPlace) {
  const Misuse& misuse = GetParam();
  for (const simt::Options& schedule : schedules()) {
    simt::OptionsScope scope(schedule);
    expect_error([&] { simt::launch({misuse.name, 1, misuse.threads}, misuse.kernel); },
                 {"kernel '" + std::string(misuse.name) + "'", "block (0,0,0)", "thread (",
                  at_line("simt/warp_test.cpp", kFirstLine + misuse.line), misuse.words});
  }
}

INSTANTIATE_TEST_SUITE_P(
    Kernels, MaskErrors,
    testing::Values(Misuse{"not_in_own_mask", not_in_own_mask, 32, 1, "is not in its own mask 0x0000ffff"},
                    Misuse{"missing_lanes", missing_lanes, 8, 3, "names lanes the block does not have"},
                    Misuse{"outside_lane", outside_lane, 32, 4, "which is not in mask 0x0000ffff"},
                    Misuse{"two_sites", two_sites, 32, 5, "of that mask waits in __shfl_down_sync"},
                    Misuse{"two_masks", two_masks, 32, 6, "mask"},
                    Misuse{"two_operations", two_operations, 32, 7, "waits in __"},
                    Misuse{"odd_width", odd_width, 32, 8, "power of two"}),
    [](const auto& test) { return test.param.name; });

TEST(MaskErrors, ExitedLanesAreNamed) {
  // Met either by a lane that asks after the others have gone, or as a wait for them that can never end.
  for (const simt::Options& schedule : schedules()) {
    simt::OptionsScope scope(schedule);
    expect_error([] { simt::launch({"exited_lanes", 1, 32}, exited_lanes); },
                 {"kernel 'exited_lanes'", "block (0,0,0)", "__shfl_xor_sync",
                  at_line("simt/warp_test.cpp", kFirstLine + 2), "exited"});
  }
}

}  // namespace
