// A variant that promises run_to_run gives the same bits whatever the schedule: threads and blocks ascending, descending, and in random
// orders with switches at global accesses. A result that differs is a race. Each case has a random order of its own, so that a variant, which
// is one text for all of its losses, meets dozens.
#include <gtest/gtest.h>

#include <set>

#include "simt/emulator/options.h"
#include "tests/every_case.h"

namespace lossbench::testing {
namespace {

// 2101 elements: several blocks in every variant, a scalar tail, and grids of unequal share. 9 rows of 65: more than a block of warps takes,
// more classes than lanes.
const CaseShapes kShapes{{2101}, {9, 65}};

std::vector<std::vector<std::byte>> bits(const EveryCase& test, const simt::Options& schedule) {
  const simt::OptionsScope scope(schedule);
  BoundCall call(host_device(), *test.implementation, *test.resolved);
  call.run();
  std::vector<std::vector<std::byte>> outputs;
  for (const NamedArray& output : call.problem().outputs) outputs.push_back(call.output(output.name).bytes);
  return outputs;
}

void expect_same_bits(DType dtype) {
  std::set<std::string> visited;
  std::uint64_t seed = 0;
  for_every_case(dtype, kShapes, [&](const EveryCase& test) {
    if (test.variant->order == Order::none || test.loss->composite()) return;  // composite losses: composite_test
    visited.insert(test.variant->name);
    const auto expected = bits(test, {.order = simt::Order::ascending});
    EXPECT_EQ(bits(test, {.order = simt::Order::descending}), expected) << test.name << ", descending";
    ++seed;
    EXPECT_EQ(bits(test, {.order = simt::Order::random, .seed = seed, .preempt = 0.02}), expected) << test.name << ", seed " << seed;
  });
  EXPECT_GE(visited.size(), 7u);
}

TEST(LadderSchedule, F32) { expect_same_bits(DType::f32); }
TEST(LadderSchedule, Bf16) { expect_same_bits(DType::bf16); }

}  // namespace
}  // namespace lossbench::testing
