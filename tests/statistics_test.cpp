// Statistics of samples, against figures worked out by hand (NumPy's `quantile` agrees).
#include "bench/statistics.h"

#include <gtest/gtest.h>

#include <cmath>

namespace lossbench {
namespace {

TEST(Statistics, Median) {
  EXPECT_EQ(median({3, 1, 2}), 2);
  EXPECT_EQ(median({4, 1, 3, 2}), 2.5);
  EXPECT_EQ(median({7}), 7);
  EXPECT_TRUE(std::isnan(median({})));
}

TEST(Statistics, OneWildSampleDoesNotMoveTheMedian) { EXPECT_EQ(median({1, 1, 1, 1, 1e9}), 1); }

TEST(Statistics, Quantiles) {
  const std::vector<double> samples = {50, 10, 40, 20, 30};
  EXPECT_EQ(quantile(samples, 0), 10);
  EXPECT_EQ(quantile(samples, 1), 50);
  EXPECT_EQ(quantile(samples, 0.25), 20);
  EXPECT_DOUBLE_EQ(quantile(samples, 0.05), 12);  // position 0.2 between 10 and 20
  EXPECT_DOUBLE_EQ(quantile(samples, 0.9), 46);
  EXPECT_EQ(quantile(samples, 2), 50);
}

TEST(Statistics, RelativeSpreadIsHalfTheMiddleHalf) {
  EXPECT_DOUBLE_EQ(relative_spread({10, 20, 30, 40, 50}), (40.0 - 20.0) / 2 / 30);
  EXPECT_EQ(relative_spread({5, 5, 5}), 0);
}

}  // namespace
}  // namespace lossbench
