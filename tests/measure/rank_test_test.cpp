// The rank test against published and hand-counted figures, and against what its probabilities promise.
#include "bench/measure/rank_test.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace lossbench {
namespace {

TEST(MannWhitney, HandCountedOrders) {
  // Of the 20 ways to deal 6 ranks to two threes, the two most extreme are as far apart as this.
  EXPECT_DOUBLE_EQ(mann_whitney({1, 2, 3}, {4, 5, 6}), 2.0 / 20);
  EXPECT_DOUBLE_EQ(mann_whitney({4, 5, 6}, {1, 2, 3}), 2.0 / 20);
  EXPECT_DOUBLE_EQ(mann_whitney({1, 2, 4}, {3, 5, 6}), 4.0 / 20);
  EXPECT_EQ(mann_whitney({}, {1}), 1);
  EXPECT_EQ(mann_whitney({2, 2, 2}, {2, 2}), 1);
}

/// Hollander and Wolfe 1973, 69 f., as in R's help of wilcox.test: W = 35, one-sided p = 0.1272.
TEST(MannWhitney, PermeabilityOfMembranes) {
  const std::vector<double> at_term = {0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46}, earlier = {1.15, 0.88, 0.90, 0.74, 1.21};
  EXPECT_NEAR(mann_whitney(at_term, earlier), 2 * 0.1272, 5e-5);
}

TEST(MannWhitney, OneWildSampleIsOneSample) {
  EXPECT_EQ(mann_whitney({1, 2, 3, 4, 5, 6, 7, 8}, {1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5}),
            mann_whitney({1, 2, 3, 4, 5, 6, 7, 8}, {1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 1e9}));
}

/// The exact distribution meets the normal approximation where the one ends and the other begins.
TEST(MannWhitney, ExactAndNormalAgree) {
  std::mt19937 random(3);
  std::uniform_real_distribution<double> uniform;
  for (int trial = 0; trial < 20; ++trial) {
    std::vector<double> a, b;
    for (int i = 0; i < 40; ++i) a.push_back(uniform(random)), b.push_back(uniform(random) + 0.1);
    const double exact = mann_whitney(a, b);
    std::sort(a.begin(), a.end());
    a[20] = a[19];  // a tie, between neighbours: the normal approximation from here on
    EXPECT_LE(std::fabs(mann_whitney(a, b) - exact), 0.04);
  }
}

struct Coverage {
  int found = 0, covered = 0, contradictions = 0;
};

/// `rounds` medians a side, b slower by `factor`, log-normal noise.
Coverage trials(int count, int rounds, double factor, double noise) {
  std::mt19937 random(7);
  std::normal_distribution<double> normal(0, noise);
  Coverage coverage;
  for (int trial = 0; trial < count; ++trial) {
    std::vector<double> a, b;
    for (int i = 0; i < rounds; ++i) a.push_back(std::exp(normal(random))), b.push_back(factor * std::exp(normal(random)));
    const RatioEstimate estimate = ratio_of(a, b);
    const bool excludes_one = estimate.low > 1 || estimate.high < 1;
    coverage.found += estimate.p < 0.05;
    coverage.covered += estimate.low <= factor && factor <= estimate.high;
    coverage.contradictions += excludes_one != (estimate.p < 0.05);
    EXPECT_TRUE(estimate.low <= estimate.ratio && estimate.ratio <= estimate.high);
  }
  return coverage;
}

TEST(Ratio, HoldsWhatItPromises) {
  const Coverage same = trials(2000, 9, 1.0, 0.05);
  EXPECT_LE(same.found, 130);    // 5 % of 2000 and three standard deviations
  EXPECT_GE(same.covered, 1870);
  EXPECT_EQ(same.contradictions, 0);
}

TEST(Ratio, FindsFivePercentInTwoPercentNoise) {
  const Coverage slower = trials(500, 9, 1.05, 0.02);
  EXPECT_GE(slower.found, 450);
  EXPECT_GE(slower.covered, 465);
}

TEST(Ratio, TooFewSamplesGiveNoInterval) {
  const RatioEstimate estimate = ratio_of({1, 1.1, 0.9}, {2, 2.1, 1.9});
  EXPECT_NEAR(estimate.ratio, 2, 0.01);
  EXPECT_EQ(estimate.low, 0);
  EXPECT_TRUE(std::isinf(estimate.high));
}

TEST(Ratio, ManySamplesUseTheNormalApproximation) {
  std::mt19937 random(5);
  std::normal_distribution<double> normal(1, 0.02);
  std::vector<double> a, b;
  for (int i = 0; i < 100; ++i) a.push_back(normal(random)), b.push_back(1.03 * normal(random));
  const RatioEstimate estimate = ratio_of(a, b);
  EXPECT_TRUE(estimate.low < 1.03 && 1.03 < estimate.high);
  EXPECT_LT(estimate.high - estimate.low, 0.02);
}

}  // namespace
}  // namespace lossbench
