// What a budget drops, how long a run is to take, and what traffic shape a contract has.
#include "bench/measure/budget.h"

#include <gtest/gtest.h>

#include "bench/measure/run_time.h"
#include "bench/measure/traffic_shape.h"

namespace lossbench {
namespace {

/// Items of the pieces given, each worth less than the one before, of which those below `firsts` are the first of a loss.
std::vector<Budget::Item> items(const std::vector<std::size_t>& pieces, double cost, std::size_t firsts = 0) {
  std::vector<Budget::Item> items;
  for (const std::size_t piece : pieces) {
    const int rank = static_cast<int>(items.size());
    items.push_back({piece, {rank, items.size() < firsts}, cost, 0});
  }
  return items;
}
using Items = std::vector<std::size_t>;

TEST(Budget, WhatIsWorthLeastIsLeftOut) {
  const Budget budget(10, {2, 2, 2}, items({0, 1, 2}, 1.5), false);  // 3.5 each, with their data
  EXPECT_EQ(budget.plan(0).items, (Items{0, 1}));
  EXPECT_DOUBLE_EQ(budget.plan(0).seconds, 7);
  EXPECT_EQ(budget.plan(4.5).items, (Items{0}));
  EXPECT_TRUE(budget.plan(9).items.empty());
}

TEST(Budget, NothingIsBegunThatHasLittleTime) {
  EXPECT_EQ(Budget(14, {0, 0, 0}, items({0, 1, 2}, 4), false).plan(0).items, (Items{0, 1, 2}));
  EXPECT_EQ(Budget(13, {0, 0, 0}, items({0, 1, 2}, 4), false).plan(0).items, (Items{0, 1}));
}

TEST(Budget, TheFirstOfAllIsDoneInAnyCase) {
  EXPECT_EQ(Budget(1, {5, 5}, items({0, 1}, 5, 2), false).plan(0).items, (Items{0}));
}

TEST(Budget, DataArePaidForOnce) {
  const Budget budget(11, {4}, items({0, 0, 0, 0}, 2), false);
  EXPECT_EQ(budget.plan(0).items, (Items{0, 1, 2}));
  EXPECT_DOUBLE_EQ(budget.plan(0).seconds, 10);
}

TEST(Budget, TheWorthiestComesFirstWithWhatSharesItsData) {
  std::vector<Budget::Item> all = items({0, 1, 0, 1}, 1);
  all[3].worth.rank = -1;
  Budget budget(10, {1, 1}, all, false);
  EXPECT_EQ(budget.next(0), (Items{1, 3}));
  budget.done({1, 3}, 3);
  EXPECT_TRUE(budget.is_done(1) && !budget.is_done(0));
  EXPECT_EQ(budget.next(3), (Items{0, 2}));
  budget.done({0, 2}, 3);
  EXPECT_TRUE(budget.next(6).empty());
}

TEST(Budget, NoLossIsLeftOutForASecondCase) {
  std::vector<Budget::Item> all = items({0, 1, 2, 2}, 1, 3);
  all[1].cost = 20;  // never fits
  EXPECT_EQ(Budget(10, {0, 0, 0}, all, false).plan(0).items, (Items{0, 2})) << "the last is the second case of its loss";
  EXPECT_EQ(Budget(100, {0, 0, 0}, all, false).plan(0).items, (Items{0, 1, 2, 3}));
  EXPECT_EQ(Budget(10, {0, 0, 0}, all, true).plan(0).items, (Items{0, 1, 2})) << "kept even so";
}

TEST(Budget, LearnsHowLongThingsTake) {
  Budget budget(40, {0, 0, 0, 0, 0}, items({0, 1, 2, 3, 4}, 5), false);
  EXPECT_EQ(budget.plan(0).items.size(), 5u);
  budget.done({0}, 15);  // three times as long as expected
  EXPECT_NEAR(budget.slowness(), 3, 0.3);
  EXPECT_EQ(budget.plan(15).items, (Items{1}));
  EXPECT_NEAR(budget.cost_of({1}), 15, 1.5);
}

TEST(Budget, WhatIsExpectedBeforehandCounts) {
  Budget budget(10, {0, 0}, items({0, 1}, 3), false);
  budget.expect(2);
  EXPECT_EQ(budget.plan(0).items, (Items{0}));
}

TEST(Budget, SamplesTakeAsLongOnAnyMachine) {
  Budget budget(20, {0}, {{0, {}, 1, 4}}, false);
  budget.expect(3);
  EXPECT_DOUBLE_EQ(budget.plan(0).seconds, 3 + 4);
  EXPECT_DOUBLE_EQ(budget.cost_of({0}), 3);
}

TEST(RunTime, FollowsFromTheCases) {
  const RunTime five = run_time({}, 5, 2);
  EXPECT_LE(five.goal, 3 * 5 + 5 + 2);
  EXPECT_GE(five.goal, 0.8 * (3 * 5 + 5));
  EXPECT_LE(run_time({}, 500, 0).goal, 285);
  Settings settings;
  settings.patience = 10;
  EXPECT_GE(run_time(settings, 5, 2).goal, five.goal + 0.8 * 50);
  settings.most_seconds = std::numeric_limits<double>::infinity();
  EXPECT_GE(run_time(settings, 500, 0).goal, 0.8 * 500 * 13);
}

TEST(RunTime, ABudgetIsKeptButNotWasted) {
  Settings settings;
  settings.budget = 60;
  EXPECT_LE(run_time(settings, 100, 0).goal, 60);
  EXPECT_GE(run_time(settings, 100, 0).goal, 0.9 * 60);
  EXPECT_LE(run_time(settings, 1, 0).goal, 25);
  EXPECT_LE(run_time(settings, 1, 0).limit, 60);
}

Contract contract(std::vector<Contract::Entry> entries) { return {std::move(entries)}; }

TEST(TrafficShape, FollowsTheLargeArrays) {
  EXPECT_EQ(traffic_shape(contract({{"input", 4000, 0}, {"target", 4000, 0}, {"loss", 0, 4}})), TrafficShape::read2);
  EXPECT_EQ(traffic_shape(contract({{"logits", 4000, 0}, {"target", 40, 0}, {"loss", 0, 4}})), TrafficShape::read);
  EXPECT_EQ(traffic_shape(contract({{"logits", 4000, 0}, {"target", 40, 0}, {"loss", 0, 4}, {"grad_logits", 0, 4000}})), TrafficShape::copy);
  EXPECT_EQ(traffic_shape(contract({{"input", 4000, 0}, {"target", 4000, 0}, {"loss", 0, 4}, {"grad_input", 0, 4000}})), TrafficShape::read2_write);
  EXPECT_EQ(traffic_shape(contract({{"loss", 0, 4}})), TrafficShape::copy);
}

}  // namespace
}  // namespace lossbench
