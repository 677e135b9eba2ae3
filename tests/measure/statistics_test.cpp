// Statistics of samples, against figures worked out by hand (NumPy's `quantile` agrees).
#include "bench/measure/statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

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

TEST(Statistics, MedianUncertaintyIsTheNotchOfABoxPlot) {
  // Quartiles 20 and 40, median 30, five samples.
  EXPECT_DOUBLE_EQ(median_uncertainty({10, 20, 30, 40, 50}), 1.57 * 20 / (std::sqrt(5.0) * 30));
  EXPECT_EQ(median_uncertainty({7, 7, 7, 7}), 0);
  EXPECT_TRUE(std::isinf(median_uncertainty({1, 2, 3})));
}

TEST(Statistics, DriftComparesTheEndWithTheBeginning) {
  EXPECT_NEAR(relative_drift({10, 10, 10, 10, 10, 10, 11, 11, 11}), 0.1, 1e-12);
  EXPECT_DOUBLE_EQ(relative_drift({4, 4, 3, 3, 2, 2}), -0.5);
  EXPECT_EQ(relative_drift({1, 2, 3, 4, 5}), 0);  // too few to tell
}

std::vector<double> noisy(std::size_t count, double center, std::mt19937& random) {
  std::normal_distribution<double> noise(center, 0.01 * center);
  std::vector<double> samples;
  while (samples.size() < count) samples.push_back(noise(random));
  return samples;
}

TEST(Statistics, TwoHeapsAreFound) {
  std::mt19937 random(1);
  int one_heap = 0, two_heaps = 0;
  for (int trial = 0; trial < 50; ++trial) {
    std::vector<double> samples = noisy(60, 1.0, random);
    one_heap += bimodal(samples);
    const std::vector<double> slow = noisy(30, 1.2, random);
    samples.insert(samples.end(), slow.begin(), slow.end());
    two_heaps += bimodal(samples);
  }
  EXPECT_LE(one_heap, 1);
  EXPECT_GE(two_heaps, 49);
}

}  // namespace
}  // namespace lossbench
