// The schedule as an input: correct kernels do not depend on it, broken ones are found by it.
#include <algorithm>
#include <bit>
#include <set>

#include "tests/simt/kernels.h"
#include "tests/simt/support.h"

using namespace simt_test;
using simt::Global;

namespace {

constexpr int kThreads = 256;
constexpr int kBlocks = 8;

DeviceArray<float> uneven_numbers(std::int64_t count) {
  DeviceArray<float> array("input", count);
  for (std::int64_t i = 0; i < count; ++i) array[i] = 1.0f / static_cast<float>(1 + i * 7 % 1013);
  return array;
}

/// The distinct results, as bits, that `run` gives under all schedules.
template <class F>
std::set<std::vector<std::uint32_t>> results_under_all_schedules(DeviceArray<float>& out, F run) {
  std::set<std::vector<std::uint32_t>> results;
  for (const simt::Options& schedule : schedules()) {
    simt::OptionsScope scope(schedule);
    out.fill(0.0f);
    run();
    std::vector<std::uint32_t> bits;
    for (std::int64_t i = 0; i < out.size(); ++i) bits.push_back(std::bit_cast<std::uint32_t>(out[i]));
    results.insert(bits);
  }
  return results;
}

template <Bug kBug>
auto sum_blocks_everywhere() {
  DeviceArray<float> in = uneven_numbers(kThreads * kBlocks), out("out", kBlocks);
  return results_under_all_schedules(
      out, [&] { simt::launch({"sum_blocks", kBlocks, kThreads}, sum_blocks<kBug>, in.input(), out.handle()); });
}

template <Bug kBug>
auto two_sums_everywhere() {
  DeviceArray<float> in = uneven_numbers(kThreads), out("out", 2);
  return results_under_all_schedules(
      out, [&] { simt::launch({"two_sums", 1, kThreads}, two_sums<kBug>, in.input(), out.handle()); });
}

TEST(Schedules, ACorrectBlockSumRepeatsBitForBit) { EXPECT_EQ(sum_blocks_everywhere<Bug::none>().size(), 1u); }

TEST(Schedules, AMissingBarrierShows) {
  SKIP_UNDER_RACE_CHECKER();
  EXPECT_GT(sum_blocks_everywhere<Bug::no_barrier>().size(), 1u);
}

TEST(Schedules, ACorrectReuseOfSharedMemoryRepeatsBitForBit) { EXPECT_EQ(two_sums_everywhere<Bug::none>().size(), 1u); }

TEST(Schedules, AWriteAfterReadShows) {
  SKIP_UNDER_RACE_CHECKER();
  EXPECT_GT(two_sums_everywhere<Bug::reuse>().size(), 1u);
}

TEST(Schedules, RandomPrioritiesShowAWriteAfterRead) {
  SKIP_UNDER_RACE_CHECKER();
  // The bug shows only when another warp runs past warp 0 from one barrier to the next. Uniform picks hardly ever let that happen.
  DeviceArray<float> in = uneven_numbers(kThreads), out("out", 2);
  const auto run = [&](const simt::Options& options, auto kernel) {
    simt::OptionsScope scope(options);
    simt::launch({"two_sums", 1, kThreads}, kernel, in.input(), out.handle());
    return out[0];
  };
  const float correct = run({}, two_sums<Bug::none>);
  int found = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed)
    found += run({.order = simt::Order::random, .seed = seed}, two_sums<Bug::reuse>) != correct;
  EXPECT_GE(found, 5);
}

TEST(Schedules, ALastBlockSumRepeatsBitForBit) {
  constexpr std::int64_t kCount = 10000;
  DeviceArray<float> in = uneven_numbers(kCount), partial("partial", kBlocks), out("out", 1);
  DeviceArray<unsigned> ticket("ticket", 1);
  const auto results = results_under_all_schedules(out, [&] {
    simt::launch({"last_block_sum", kBlocks, kThreads}, last_block_sum<Bug::none>, in.input(), kCount, partial.handle(),
                 ticket.handle(), out.handle());
  });
  EXPECT_EQ(results.size(), 1u);
  double sum = 0;
  for (std::int64_t i = 0; i < kCount; ++i) sum += static_cast<double>(in[i]);
  const double got = std::bit_cast<float>((*results.begin())[0]);
  EXPECT_TRUE(!(std::abs(got - sum) > 64 * 0x1p-24 * sum)) << got << " instead of " << sum;  // 64 > longest chain of additions
}

// ---- the orders themselves ----
__global__ void note_order(Global<unsigned> turn, Global<unsigned> order) {
  simt::store(order, simt::atomic_add(turn, 0, 1u), blockIdx.x * blockDim.x + threadIdx.x);
}

std::vector<unsigned> order_under(const simt::Options& options) {
  simt::OptionsScope scope(options);
  DeviceArray<unsigned> turn("turn", 1), order("order", 4 * 64);
  simt::launch({"note_order", 4, 64}, note_order, turn.handle(), order.handle());
  return {&order[0], &order[0] + order.size()};
}

TEST(Orders, AreWhatTheyAreCalled) {
  const std::vector<unsigned> up = order_under({.order = simt::Order::ascending, .os_threads = 1});
  EXPECT_TRUE(std::is_sorted(up.begin(), up.end()));
  const std::vector<unsigned> down = order_under({.order = simt::Order::descending, .os_threads = 1});
  EXPECT_TRUE(std::is_sorted(down.rbegin(), down.rend()));
  const std::vector<unsigned> random = order_under({.order = simt::Order::random, .seed = 4, .os_threads = 1});
  EXPECT_NE(random, up);
  EXPECT_TRUE(std::is_permutation(random.begin(), random.end(), up.begin()));
  std::vector<unsigned> blocks, sorted;
  for (std::size_t i = 0; i < random.size(); i += 64) blocks.push_back(random[i] / 64);
  EXPECT_NE(blocks, (std::vector<unsigned>{0, 1, 2, 3}));
}

TEST(Orders, RandomOnesRepeatForASeedAndDifferBetweenSeeds) {
  std::set<std::vector<unsigned>> seen;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const simt::Options options{.order = simt::Order::random, .seed = seed, .preempt = 0.2, .os_threads = 1};
    const auto first = order_under(options), second = order_under(options);
    EXPECT_EQ(first, second);
    seen.insert(first);
  }
  EXPECT_EQ(seen.size(), 10u);
}

}  // namespace
