// What a budget drops, and what traffic shape a contract has.
#include "bench/measure/budget.h"

#include <gtest/gtest.h>

#include "bench/measure/traffic_shape.h"

namespace lossbench {
namespace {

using Dropped = std::vector<std::size_t>;

TEST(Budget, WithoutOneEverythingFits) {
  Budget budget(std::nullopt, {1e9, 1e9});
  EXPECT_EQ(budget.drop(0, 0), Dropped());
}

TEST(Budget, TheCostliestGoFirst) {
  Budget budget(10, {2, 7, 3, 4});
  EXPECT_EQ(budget.drop(0, 0), Dropped({1}));
  EXPECT_TRUE(budget.dropped(1));
  EXPECT_DOUBLE_EQ(budget.remaining(0), 9);
  EXPECT_DOUBLE_EQ(budget.left(0, 0), 1);
}

TEST(Budget, LearnsHowLongThingsTake) {
  Budget budget(10, {1, 1, 1, 1, 1});
  EXPECT_EQ(budget.drop(0, 0), Dropped());
  budget.done(0, 3);  // three times as long as expected: two more fit
  EXPECT_EQ(budget.drop(1, 3), Dropped({1, 2}));
  EXPECT_DOUBLE_EQ(budget.remaining(1), 6);
}

TEST(Budget, NothingIsTakenBackAndNothingDoneIsDropped) {
  Budget budget(1, {1, 5});
  EXPECT_EQ(budget.drop(1, 0.9), Dropped({1}));
  EXPECT_EQ(budget.drop(1, 5), Dropped());
  EXPECT_FALSE(budget.dropped(0));
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
