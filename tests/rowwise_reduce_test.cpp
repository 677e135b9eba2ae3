// Reductions over warps and blocks: every thread's value exactly once, in lane order, for values of 4 to 16 bytes.
#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "kernels/primitives/block_reduce.h"

namespace lossbench::inline SIMT_BUILD {
namespace {

/// x -> a·x + b modulo a prime. Composition is associative but does not commute: the result tells the order.
template <class Word>
struct Affine {
  Word a, b;
  bool operator==(const Affine&) const = default;
};
constexpr std::uint64_t kPrime = 65521;
struct Compose {
  template <class Word>
  SIMT_FN Affine<Word> operator()(const Affine<Word>& first, const Affine<Word>& second) const {
    return {Word(first.a * second.a % kPrime), Word((first.b * second.a + second.b) % kPrime)};
  }
};

template <class Word>
Affine<Word> nth(std::int64_t i) { return {Word((i * 7919 + 3) % 65521), Word((i * 104729 + 11) % 65521)}; }

struct Three {
  float x, y, z;
};
struct AddThree {
  SIMT_FN Three operator()(const Three& a, const Three& b) const { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
};

template <int kLanes, class T, class Op>
__global__ void warp_kernel(simt::Global<const T> in, simt::Global<T> out, Op op) {
  const std::int64_t i = std::int64_t(blockIdx.x) * blockDim.x + threadIdx.x;
  simt::store(out, i, warp_reduce<kLanes>(simt::load(in, i), op));
}

/// 12 bytes, which no access to global memory has.
__global__ void three_kernel(simt::Global<const float> in, simt::Global<float> out) {
  const std::int64_t i = threadIdx.x;
  const Three sum = warp_reduce(Three{simt::load(in, i), simt::load(in, i + 32), simt::load(in, i + 64)}, AddThree{});
  simt::store(out, i, sum.x);
  simt::store(out, i + 32, sum.y);
  simt::store(out, i + 64, sum.z);
}

template <int kThreads, bool kEvery, class T, class Op>
__global__ void block_kernel(simt::Global<const T> in, simt::Global<T> out, Op op, T identity) {
  SIMT_SHARED(T, shared, [kThreads / kWarp]);
  for (int round = 0; round < 3; ++round) {  // the buffer is used again, after a barrier
    const T value = simt::load(in, round * kThreads + int(threadIdx.x));
    T result;
    if constexpr (kEvery) result = block_reduce_all<kThreads>(value, op, identity, shared);
    else result = block_reduce<kThreads>(value, op, identity, shared);
    if (kEvery || threadIdx.x < kWarp) simt::store(out, round * kThreads + int(threadIdx.x), result);
    __syncthreads();
  }
}

template <int kLanes>
void check_warp() {
  std::vector<Affine<unsigned>> in, out(64);
  for (int i = 0; i < 64; ++i) in.push_back(nth<unsigned>(i));
  simt::launch({"warp", 1, 64}, warp_kernel<kLanes, Affine<unsigned>, Compose>, simt::global<const Affine<unsigned>>(in.data(), 64, "in"),
               simt::global(out.data(), 64, "out"), Compose{});
  for (int i = 0; i < 64; ++i) {
    Affine<unsigned> want = in[std::size_t(i / kLanes * kLanes)];
    for (int k = 1; k < kLanes; ++k) want = Compose{}(want, in[std::size_t(i / kLanes * kLanes + k)]);
    EXPECT_EQ(out[std::size_t(i)], want) << kLanes << " lane " << i;
  }
}

TEST(RowwiseReduce, WarpsInLaneOrder) {
  check_warp<1>();
  check_warp<2>();
  check_warp<4>();
  check_warp<8>();
  check_warp<16>();
  check_warp<32>();
}

template <class T, class Op>
T warp_result(const std::vector<T>& in, Op op) {
  std::vector<T> out(32);
  simt::launch({"warp", 1, 32}, warp_kernel<32, T, Op>, simt::global<const T>(in.data(), 32, "in"), simt::global(out.data(), 32, "out"), op);
  return out[17];
}

TEST(RowwiseReduce, ValuesOfEverySize) {
  std::vector<float> floats;
  std::vector<double> doubles;
  std::vector<long long> integers;
  for (int i = 0; i < 32; ++i) floats.push_back(float(i * i % 23)), doubles.push_back(i * 0.5), integers.push_back((1LL << 40) + i);
  EXPECT_EQ(warp_result(floats, Maximum{}), 18.0f);
  EXPECT_EQ(warp_result(doubles, Plus{}), 248.0);
  EXPECT_EQ(warp_result(integers, Plus{}), (32LL << 40) + 496);
  EXPECT_EQ(warp_result(integers, Maximum{}), (1LL << 40) + 31);

  std::vector<float> threes, sums(96);
  for (int i = 0; i < 96; ++i) threes.push_back(float(i));
  simt::launch({"three", 1, 32}, three_kernel, simt::global<const float>(threes.data(), 96, "in"), simt::global(sums.data(), 96, "out"));
  for (int i = 0; i < 96; ++i) EXPECT_EQ(sums[std::size_t(i)], 496.0f + float(i / 32) * 1024);
}

template <int kThreads, bool kEvery>
void check_block() {
  using Map = Affine<unsigned long long>;  // 16 bytes
  std::vector<Map> in, out(3 * kThreads, Map{0, 0});
  for (int i = 0; i < 3 * kThreads; ++i) in.push_back(nth<unsigned long long>(i));
  simt::launch({"block", 1, kThreads}, block_kernel<kThreads, kEvery, Map, Compose>, simt::global<const Map>(in.data(), 3 * kThreads, "in"),
               simt::global(out.data(), 3 * kThreads, "out"), Compose{}, Map{1, 0});
  for (int round = 0; round < 3; ++round) {
    Map want{1, 0};
    for (int i = 0; i < kThreads; ++i) want = Compose{}(want, in[std::size_t(round * kThreads + i)]);
    for (int i = 0; i < (kEvery ? kThreads : kWarp); ++i)
      ASSERT_EQ(out[std::size_t(round * kThreads + i)], want) << kThreads << " threads, thread " << i << ", round " << round;
  }
}

TEST(RowwiseReduce, BlocksInThreadOrder) {
  for (const std::uint64_t seed : {0, 1, 2, 3, 4, 5}) {
    simt::OptionsScope scope(simt::Options{.order = seed ? simt::Order::random : simt::Order::descending, .seed = seed});
    check_block<32, true>();
    check_block<64, true>();
    check_block<96, true>();
    check_block<256, true>();
    check_block<1024, true>();
    check_block<32, false>();
    check_block<96, false>();
    check_block<256, false>();
    check_block<1024, false>();
  }
}

}  // namespace
}  // namespace lossbench::inline SIMT_BUILD
