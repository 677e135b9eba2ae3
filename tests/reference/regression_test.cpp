// l1, l2, smooth_l1, huber, smooth_l1_weighted against long double formulas, against each other, and at their seams.
#include "reference/huber.h"
#include "reference/l1.h"
#include "reference/l2.h"
#include "reference/smooth_l1.h"
#include "reference/smooth_l1_weighted.h"
#include "tests/reference/check.h"

namespace lossbench::reference {
namespace {

using namespace lossbench::test;

// Differences on both sides of every seam used here, none within 2^-9 of one (a finite difference straddles it).
constexpr double kInputs[] = {-1e4, -3.5, -1.25, -0.75, -0.3, -0.05, 0.04, 0.2, 0.7, 1.5, 2.75, 3e5};
constexpr double kTarget = 0.015625;

long double smooth(long double d, long double beta) {
  const long double a = std::fabs(d);
  return a < beta ? d * d / (2 * beta) : a - beta / 2;
}

/// Finite differences lose digits where f is much larger than its slope.
long double slope_bound(long double f, long double expected) {
  return 1e-12L * (1 + std::fabs(expected)) + 1e-15L * std::fabs(f);
}

TEST(L1, ValueAndSlope) {
  for (const double x : kInputs) {
    const Element e = l1(x, kTarget);
    EXPECT_TRUE(near(e.value, std::fabs(static_cast<long double>(x) - kTarget), 2));
    EXPECT_EQ(e.gradient, x > kTarget ? 1 : -1);
  }
}

TEST(L1, KinkAndSpecialValues) {
  EXPECT_EQ(l1(2.5, 2.5).value, 0);
  EXPECT_EQ(l1(2.5, 2.5).gradient, 0);
  EXPECT_EQ(l1(-kInf, 1).value, kInf);
  EXPECT_EQ(l1(-kInf, 1).gradient, -1);
  EXPECT_TRUE(std::isnan(l1(kInf, kInf).value));
  EXPECT_TRUE(std::isnan(l1(kNan, 1).value));
  EXPECT_TRUE(std::isnan(l1(1, kNan).gradient));
}

TEST(L2, ValueAndSlope) {
  for (const double x : kInputs) {
    const auto f = [](long double v) { return (v - kTarget) * (v - kTarget); };
    EXPECT_TRUE(near(l2(x, kTarget, false).value, f(x), 4));
    EXPECT_TRUE(near(l2(x, kTarget, true).value, f(x) / 2, 4));
    EXPECT_TRUE(within(l2(x, kTarget, false).gradient, slope(f, x), slope_bound(f(x), 2 * x)));
    EXPECT_EQ(l2(x, kTarget, true).gradient, l2(x, kTarget, false).gradient / 2);
  }
  EXPECT_EQ(l2(3, 1, false).value, 4);
  EXPECT_EQ(l2(3, 1, false).gradient, 4);
  EXPECT_EQ(l2(3, 1, true).value, 2);
  EXPECT_EQ(l2(1, 3, true).gradient, -2);
}

TEST(L2, DifferenceBeforeSquare) { EXPECT_EQ(l2(0x1p24 + 1, 0x1p24, false).value, 1); }

TEST(L2, SpecialValues) {
  EXPECT_EQ(l2(-kInf, 0, false).value, kInf);
  EXPECT_EQ(l2(-kInf, 0, false).gradient, -kInf);
  EXPECT_TRUE(std::isnan(l2(0, kNan, true).value));
  EXPECT_TRUE(std::isnan(l2(0, kNan, true).gradient));
  EXPECT_GT(l2(3e38, -3e38, false).value, 3e77);  // the square of a float never overflows here
}

TEST(SmoothL1, ValueAndSlope) {
  for (const double beta : {1.0, 0.5, 1.0 / 9, 2.0}) {
    for (const double x : kInputs) {
      const auto f = [beta](long double v) { return smooth(v - kTarget, beta); };
      const Element e = smooth_l1(x, kTarget, beta);
      EXPECT_TRUE(near(e.value, f(x), 6)) << x << " " << beta;
      EXPECT_TRUE(within(e.gradient, slope(f, x), slope_bound(f(x), 1))) << x << " " << beta;
    }
  }
}

TEST(SmoothL1, BothSidesAgreeAtTheSeam) {
  for (const double beta : {1.0, 0.25, 4.0}) {
    for (const double side : {-1.0, 1.0}) {
      const Element at = smooth_l1(side * beta, 0, beta);
      EXPECT_EQ(at.value, beta / 2);
      EXPECT_EQ(at.gradient, side);
      const Element inside = smooth_l1(side * std::nextafter(beta, 0.0), 0, beta);
      EXPECT_TRUE(near(inside.value, at.value, 4));
      EXPECT_TRUE(near(inside.gradient, at.gradient, 2));
    }
  }
}

TEST(SmoothL1, BetaZeroIsL1) {
  for (const double x : {-2.0, 0.0, 1e-300, 7.0}) {
    EXPECT_EQ(smooth_l1(x, 0, 0).value, l1(x, 0).value);
    EXPECT_EQ(smooth_l1(x, 0, 0).gradient, l1(x, 0).gradient);
  }
}

// The σ form as the detection papers print it, for σ = 3.
TEST(SmoothL1, SigmaThreeIsBetaOneNinth) {
  for (const double x : kInputs) {
    const long double d = static_cast<long double>(x) - kTarget;
    const bool inside = std::fabs(d) < 1.0L / 9;
    const Element e = smooth_l1(x, kTarget, 1.0 / 9);
    EXPECT_TRUE(near(e.value, inside ? 0.5L * 9 * d * d : std::fabs(d) - 0.5L / 9, 6));
    EXPECT_TRUE(near(e.gradient, inside ? 9 * d : std::copysign(1.0L, d), 6));
  }
}

TEST(SmoothL1, TinyDifferencesDoNotUnderflow) {
  EXPECT_TRUE(near(smooth_l1(1e-170, 0, 1e-170 * 2).value, 0.25e-170L, 4));  // d² alone would be 0
}

TEST(SmoothL1, SpecialValues) {
  EXPECT_EQ(smooth_l1(kInf, 0, 1).value, kInf);
  EXPECT_EQ(smooth_l1(-kInf, 0, 1).gradient, -1);
  EXPECT_TRUE(std::isnan(smooth_l1(kNan, 0, 1).value));
  EXPECT_TRUE(std::isnan(smooth_l1(kNan, 0, 1).gradient));
}

TEST(Huber, IsDeltaTimesSmoothL1) {
  for (const double delta : {1.0, 0.5, 1.0 / 9, 3.0}) {
    for (const double x : kInputs) {
      const Element e = huber(x, kTarget, delta), s = smooth_l1(x, kTarget, delta);
      EXPECT_TRUE(near(e.value, static_cast<long double>(delta) * s.value, 6));
      EXPECT_TRUE(near(e.gradient, static_cast<long double>(delta) * s.gradient, 6));
    }
  }
}

TEST(Huber, ByHand) {
  EXPECT_EQ(huber(0.5, 0, 2).value, 0.125);
  EXPECT_EQ(huber(0.5, 0, 2).gradient, 0.5);
  EXPECT_EQ(huber(-5, 0, 2).value, 8);
  EXPECT_EQ(huber(-5, 0, 2).gradient, -2);
  EXPECT_EQ(huber(2, 0, 2).value, 2);
  EXPECT_EQ(huber(2, 0, 2).gradient, 2);
  EXPECT_EQ(huber(kInf, 0, 2).value, kInf);
  EXPECT_EQ(huber(kInf, 0, 2).gradient, 2);
  EXPECT_TRUE(std::isnan(huber(kNan, 0, 2).gradient));
}

TEST(SmoothL1Weighted, ValueAndSlope) {
  for (const double inside : {1.0, 0.5, -2.0}) {
    for (const double outside : {1.0, 1.0 / 256, 3.0}) {
      for (const double x : {-2.5, -0.2, 0.125, 0.3, 4.0}) {
        const auto f = [=](long double v) { return outside * smooth(inside * (v - kTarget), 0.25); };
        const Element e = smooth_l1_weighted(x, kTarget, inside, outside, 0.25);
        EXPECT_TRUE(near(e.value, f(x), 8));
        EXPECT_TRUE(within(e.gradient, slope(f, x), 1e-12)) << x << " " << inside << " " << outside;
      }
    }
  }
}

// The inside weight acts before the seam, the outside weight after it: they differ unless both are 0 or 1.
TEST(SmoothL1Weighted, InsideAndOutsideAreNotTheSame) {
  EXPECT_EQ(smooth_l1_weighted(1, 0, 0.5, 1, 1).value, 0.125);
  EXPECT_EQ(smooth_l1_weighted(1, 0, 1, 0.5, 1).value, 0.25);
  EXPECT_EQ(smooth_l1_weighted(1, 0, 0.5, 1, 1).gradient, 0.25);
  EXPECT_EQ(smooth_l1_weighted(1, 0, 1, 0.5, 1).gradient, 0.5);
}

TEST(SmoothL1Weighted, ZeroWeightMasksEverything) {
  for (const double x : {kNan, kInf, -kInf, 1.0}) {
    for (const double other : {1.0, 0.0, kNan, kInf}) {
      for (const Element e : {smooth_l1_weighted(x, kInf, 0, other, 1), smooth_l1_weighted(x, kNan, other, -0.0, 1)}) {
        EXPECT_EQ(e.value, 0);
        EXPECT_EQ(e.gradient, 0);
      }
    }
  }
  EXPECT_TRUE(std::isnan(smooth_l1_weighted(kNan, 0, 1, 1, 1).value));
  EXPECT_TRUE(std::isnan(smooth_l1_weighted(1, 0, kNan, 1, 1).value));
}

}  // namespace
}  // namespace lossbench::reference
