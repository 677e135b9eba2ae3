// What a budget drops, and what traffic shape a contract has.
#include "bench/measure/budget.h"

#include <gtest/gtest.h>

#include "bench/measure/traffic_shape.h"

namespace lossbench {
namespace {

TEST(Budget, WithoutOneEverythingFits) {
  const Budget budget(std::nullopt, {1e9, 1e9});
  EXPECT_TRUE(budget.fits(0, 0) && budget.fits(1, 1e9));
}

TEST(Budget, TheCostliestAreLeftOut) {
  const Budget budget(10, {2, 7, 3, 4});
  EXPECT_TRUE(budget.fits(0, 0) && budget.fits(2, 0) && budget.fits(3, 0));
  EXPECT_FALSE(budget.fits(1, 0));
  EXPECT_DOUBLE_EQ(budget.remaining(0), 9);
}

TEST(Budget, LearnsHowLongThingsTake) {
  Budget budget(10, {1, 1, 1, 1, 1});
  EXPECT_TRUE(budget.fits(4, 0));
  budget.done(0, 3);  // three times as long as expected: two more fit
  EXPECT_TRUE(budget.fits(1, 3) && budget.fits(2, 3));
  EXPECT_FALSE(budget.fits(3, 3) || budget.fits(4, 3));
  EXPECT_DOUBLE_EQ(budget.remaining(3), 6);
}

TEST(Budget, WhatWasPutOffIsDoneWhereTimeIsLeft) {
  Budget budget(10, {1, 4, 4});
  budget.done(0, 5);
  EXPECT_EQ(budget.next_that_fits(5), std::nullopt);  // five times as long as expected
  Budget quick(10, {1, 4, 4});
  quick.done(0, 0.1);
  EXPECT_EQ(quick.next_that_fits(0.1), std::optional<std::size_t>(1));
  EXPECT_FALSE(quick.is_done(1));
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
