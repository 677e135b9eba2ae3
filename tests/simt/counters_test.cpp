// Counters: exact figures for access patterns that can be counted by hand, under every schedule.
#include "simt/emulator/serial.h"
#include "tests/simt/kernels.h"
#include "tests/simt/support.h"

using namespace simt_test;
using simt::ArrayCount;
using simt::Counters;
using simt::Global;

namespace {

/// Runs `run` under every schedule, expects the same counters each time, and returns them.
template <class F>
Counters counted(F run) {
  std::vector<Counters> all;
  for (const simt::Options& schedule : schedules()) {
    simt::OptionsScope scope(schedule);
    simt::CountScope count;
    run();
    all.push_back(count.counters());
  }
  for (const Counters& one : all) EXPECT_TRUE(one == all[0]) << "counters depend on the schedule";
  return all[0];
}

void expect_loads(const ArrayCount& count, std::uint64_t bytes, std::uint64_t requests, std::uint64_t sectors) {
  EXPECT_EQ(count.load_bytes, bytes);
  EXPECT_EQ(count.load_requests, requests);
  EXPECT_EQ(count.load_sectors, sectors);
  EXPECT_EQ(count.store_bytes + count.store_requests + count.store_sectors + count.atomics, 0u);
}

template <int N>
__global__ void read(Global<const float> in, std::int64_t first, std::int64_t stride) {
  const std::int64_t thread = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  (void)simt::load<N>(in, first + thread * stride);
}

ArrayCount count_reads(std::int64_t first, std::int64_t stride, unsigned blocks = 3, unsigned threads = 64) {
  DeviceArray<float> in("in", 70000);
  return counted([&] { simt::launch({"read", blocks, threads}, read<1>, in.input(), first, stride); }).array("in");
}

// 3 blocks of 2 warps: 6 requests of 32 lanes × 4 bytes.
TEST(Sectors, UnitStride) { expect_loads(count_reads(0, 1), 768, 6, 6 * 4); }
TEST(Sectors, StrideTwo) { expect_loads(count_reads(0, 2), 768, 6, 6 * 8); }
TEST(Sectors, StrideThirtyTwo) { expect_loads(count_reads(0, 32), 768, 6, 6 * 32); }
TEST(Sectors, StrideOfManyWindows) { expect_loads(count_reads(0, 300), 768, 6, 6 * 32); }
TEST(Sectors, OneAddress) { expect_loads(count_reads(5, 0), 768, 6, 6); }
TEST(Sectors, MisalignedByOneElement) { expect_loads(count_reads(1, 1), 768, 6, 6 * 5); }
TEST(Sectors, PartOfAWarp) { expect_loads(count_reads(0, 1, 1, 9), 36, 1, 2); }

TEST(Sectors, SixteenByteAccesses) {
  DeviceArray<float> in("in", 4096);
  auto run = [&](std::int64_t first) {
    return counted([&] { simt::launch({"read", 2, 128}, read<4>, in.input(), first, std::int64_t{4}); }).array("in");
  };
  expect_loads(run(0), 4096, 8, 8 * 16);
  expect_loads(run(4), 4096, 8, 8 * 17);  // starts in the middle of a sector
}

__global__ void loop_with_tail(Global<const float> in, std::int64_t n, Global<float> out) {
  float sum = 0.0f;
  for (std::int64_t i = threadIdx.x; i < n; i += blockDim.x) sum += simt::load(in, i);
  simt::store(out, threadIdx.x, sum);
}

TEST(Requests, ADivergentTailIsOneOfFewLanes) {
  DeviceArray<float> in("in", 1000), out("out", 64);
  // 1000 = 15 rounds of 64 threads, then one round with lanes 0 … 31 of warp 0 and 0 … 7 of warp 1.
  const Counters count =
      counted([&] { simt::launch({"loop_with_tail", 1, 64}, loop_with_tail, in.input(), 1000, out.handle()); });
  expect_loads(count.array("in"), 4000, 30 + 2, 125);
  EXPECT_EQ(count.array("out").store_bytes, 256u);
  EXPECT_EQ(count.array("out").store_requests, 2u);
  EXPECT_EQ(count.array("out").store_sectors, 8u);
}

__device__ float read_in_a_helper(Global<const float> array, std::int64_t i) { return simt::load(array, i); }
__global__ void two_arrays_one_line(Global<const float> a, Global<const float> b, Global<float> out) {
  const float x = read_in_a_helper(a, threadIdx.x), y = read_in_a_helper(b, threadIdx.x * 2);
  simt::store(out, threadIdx.x, x + y); simt::store(out, threadIdx.x, x - y);
}

TEST(Requests, ArraysAndCallsOnOneLineAreKeptApart) {
  DeviceArray<float> a("a", 64), b("b", 64), out("out", 32);
  const Counters count =
      counted([&] { simt::launch({"two_arrays_one_line", 1, 32}, two_arrays_one_line, a.input(), b.input(), out.handle()); });
  expect_loads(count.array("a"), 128, 1, 4);
  expect_loads(count.array("b"), 128, 1, 8);
  EXPECT_EQ(count.array("out").store_requests, 2u);
  EXPECT_EQ(count.array("out").store_sectors, 8u);
  EXPECT_EQ(count.total().load_bytes, 256u);
  EXPECT_EQ(count.total().store_bytes, 256u);
  EXPECT_EQ(count.arrays.size(), 3u);
  EXPECT_TRUE(count.array("nobody") == ArrayCount{});
}

__global__ void two_branches_one_line(Global<float> out) {
  if (threadIdx.x % 2) simt::store(out, threadIdx.x, 1.0f); else simt::store(out, threadIdx.x, 2.0f);
}

TEST(Requests, BranchesOfAWarpAreKeptApart) {
  DeviceArray<float> out("out", 32);
  const ArrayCount count =
      counted([&] { simt::launch({"two_branches_one_line", 1, 32}, two_branches_one_line, out.handle()); }).array("out");
  EXPECT_EQ(count.store_bytes, 128u);
  EXPECT_EQ(count.store_requests, 2u);
  EXPECT_EQ(count.store_sectors, 8u);
}

TEST(Events, OfALastBlockSum) {
  constexpr unsigned kBlocks = 5, kThreads = 128, kWarps = kThreads / 32;
  DeviceArray<float> in("in", 5000), partial("partial", kBlocks), out("out", 1);
  DeviceArray<unsigned> ticket("ticket", 1);
  const Counters count = counted([&] {
    simt::launch({"last_block_sum", kBlocks, kThreads}, last_block_sum<Bug::none>, in.input(), 5000, partial.handle(),
                 ticket.handle(), out.handle());
  });
  EXPECT_EQ(count.launches, 1u);
  EXPECT_EQ(count.blocks, kBlocks);
  EXPECT_EQ(count.shuffles, (kBlocks + 1) * 5 * (kWarps + 1));  // each block sum: every warp, then warp 0 again
  EXPECT_EQ(count.block_barriers, kBlocks * 2 + 1);
  EXPECT_EQ(count.fences, kBlocks);
  EXPECT_EQ(count.atomics, kBlocks);
  EXPECT_EQ(count.shared_atomics, 0u);
  EXPECT_EQ(count.array("ticket").atomics, kBlocks);
  EXPECT_EQ(count.array("in").load_bytes, 20000u);
  EXPECT_EQ(count.array("partial").load_bytes, kBlocks * 4);
  EXPECT_EQ(count.array("partial").store_bytes, kBlocks * 4);
  EXPECT_EQ(count.array("out").store_bytes, 4u);
}

__global__ void one_of_each(Global<unsigned> out) {
  SIMT_SHARED(unsigned, s);
  if (threadIdx.x == 0) s = 0;
  __syncthreads();
  atomicAdd(&s, 1u);
  __syncwarp();
  const unsigned ballot = __ballot_sync(0xffffffffu, 1) + __reduce_add_sync(0xffffffffu, 1u) + __match_any_sync(0xffffffffu, 1);
  if (__syncthreads_or(ballot == 1)) simt::store(out, 0, ballot);
}

TEST(Events, AreCountedPerLaneWarpOrBlock) {
  DeviceArray<unsigned> out("out", 1);
  const Counters count = counted([&] { simt::launch({"one_of_each", 2, 64}, one_of_each, out.handle()); });
  EXPECT_EQ(count.shared_atomics, 128u);
  EXPECT_EQ(count.atomics, 0u);
  EXPECT_EQ(count.warp_barriers, 4u);
  EXPECT_EQ(count.votes, 12u);
  EXPECT_EQ(count.block_barriers, 4u);
  EXPECT_EQ(count.shuffles, 0u);
}

// ---- scopes ----
TEST(CountScopes, AddUpAndNest) {
  DeviceArray<float> in("in", 4096);
  auto run = [&] { simt::launch({"read", 1, 32}, read<1>, in.input(), 0, 1); };
  simt::CountScope outer;
  run();
  {
    simt::CountScope inner;
    run();
    run();
    EXPECT_EQ(inner->launches, 2u);
    EXPECT_EQ(inner->array("in").load_bytes, 256u);
  }
  run();
  EXPECT_EQ(outer->launches, 4u);
  EXPECT_EQ(outer->array("in").load_bytes, 512u);
}

/// Every thread adds to the first word, and one in four to a word of its block, which has as many barriers as it has predecessors.
__global__ void add_to_two(Global<unsigned> out) {
  for (unsigned k = 0; k < blockIdx.x; ++k) __syncthreads();
  simt::atomic_add(out, 0, 1u);
  if (threadIdx.x % 4 == 0) simt::atomic_add(out, 1 + blockIdx.x, 1u);
}

TEST(SerialWork, IsTheMostOfOneAddressAndOfOneBlockInALaunch) {
  DeviceArray<unsigned> out("out", 5);
  const auto most = [&](const std::vector<unsigned>& grids) {
    simt::most_serial_work() = {};
    for (const unsigned blocks : grids) counted([&] { simt::launch({"add_to_two", blocks, 64}, add_to_two, out.handle()); });
    return std::pair(simt::most_serial_work().atomics, simt::most_serial_work().barriers);
  };
  EXPECT_EQ(most({4}), std::pair(4ul * 64, 3ul));
  EXPECT_EQ(most({1, 3, 2}), std::pair(3ul * 64, 2ul));
  EXPECT_EQ(most({}), std::pair(0ul, 0ul));
}

TEST(CountScopes, LeaveOutFailedLaunches) {
  DeviceArray<float> in("in", 40);
  simt::CountScope scope;
  EXPECT_THROW(simt::launch({"read", 2, 32}, read<1>, in.input(), 0, 1), simt::Error);
  EXPECT_EQ(scope->launches, 0u);
  EXPECT_TRUE(scope->arrays.empty());
  simt::launch({"read", 1, 32}, read<1>, in.input(), 0, 1);
  expect_loads(scope->array("in"), 128, 1, 4);
}

TEST(Counting, ByOptionGivesTheLatestLaunch) {
  DeviceArray<float> in("in", 4096);
  simt::OptionsScope scope(simt::Options{.count = true});
  simt::launch({"read", 2, 32}, read<1>, in.input(), 0, 1);
  simt::launch({"read", 1, 32}, read<1>, in.input(), 0, 1);
  EXPECT_EQ(simt::last_counters().launches, 1u);
  EXPECT_EQ(simt::last_counters().array("in").load_bytes, 128u);
}

}  // namespace
