// Binary cross-entropy on logits and on probabilities.
#include "reference/bce.h"
#include "reference/softmax_cross_entropy.h"
#include "tests/reference/check.h"

namespace lossbench::reference {
namespace {

using namespace lossbench::test;

constexpr double kLogits[] = {-500, -40, -5.5, -1, -0.01, 0, 0.25, 3, 38, 700};
constexpr double kTargets[] = {0, 0.3, 0.5, 0.9, 1};

TEST(BceLogits, ValueAndSlope) {
  for (const double y : kTargets) {
    for (const double pos : {1.0, 0.25, 8.0, 0.0}) {
      for (const double x : kLogits) {
        const auto f = [=](long double v) {  // the definition, term by term
          return 1.5L * ((1 - static_cast<long double>(y)) * v + (1 + (pos - 1.0L) * y) * log1pl(expl(-v)));
        };
        const Element e = bce_logits(x, y, 1.5, pos);
        // The long double formula cancels where x < 0: 2^-64 of its terms, beside the ulps of the result.
        EXPECT_TRUE(within(e.value, f(x), 8 * kU * std::fabs(f(x)) + 1e-18L * (1 + pos) * (1 + std::fabs(x))))
            << x << " " << y << " " << pos;
        EXPECT_TRUE(within(e.gradient, slope(f, x), 1e-12 + 1e-14 * (1 + pos) * std::fabs(x))) << x << " " << y << " " << pos;
      }
    }
  }
}

// Small values and derivatives keep all their digits: e^-40 is not lost beside 1.
TEST(BceLogits, ConfidentAndRight) {
  EXPECT_TRUE(near(bce_logits(-40, 0, 1, 1).value, log1pl(expl(-40)), 4));
  EXPECT_TRUE(near(bce_logits(-40, 0, 1, 1).gradient, 1 / (1 + expl(40)), 4));
  EXPECT_TRUE(near(bce_logits(40, 1, 2, 3).value, 6 * log1pl(expl(-40)), 6));
  EXPECT_TRUE(near(bce_logits(40, 1, 2, 3).gradient, -6 / (1 + expl(40)), 6));
  EXPECT_EQ(bce_logits(0, 0.5, 1, 1).gradient, 0);
  EXPECT_TRUE(near(bce_logits(0, 1, 1, 1).value, logl(2), 2));
}

TEST(BceLogits, IsSoftmaxOfTwoClasses) {
  for (const double x : kLogits) {
    for (const std::int64_t label : {0, 1}) {
      double gradient[2];
      const double logits[2] = {0.75, 0.75 + x};
      const double difference = logits[1] - logits[0];
      const SoftmaxRow row = softmax_cross_entropy_row(logits, label, {}, {}, gradient, nullptr);
      const Element e = bce_logits(difference, static_cast<double>(label), 1, 1);
      EXPECT_TRUE(near(e.value, row.value, 8)) << x;
      EXPECT_TRUE(near(e.gradient, gradient[1], 8)) << x;
      EXPECT_TRUE(near(-e.gradient, gradient[0], 8)) << x;
    }
  }
}

TEST(BceLogits, ExtremeAndSpecialValues) {
  EXPECT_EQ(bce_logits(3e38, 0, 1, 1).value, 3e38);
  EXPECT_EQ(bce_logits(3e38, 1, 1, 1).value, 0);
  EXPECT_EQ(bce_logits(-3e38, 1, 1, 2).value, 6e38);
  EXPECT_EQ(bce_logits(-3e38, 1, 1, 2).gradient, -2);
  EXPECT_EQ(bce_logits(kInf, 0, 1, 1).value, kInf);
  EXPECT_EQ(bce_logits(-kInf, 1, 1, 1).value, kInf);
  EXPECT_EQ(bce_logits(-kInf, 1, 1, 1).gradient, -1);
  EXPECT_EQ(bce_logits(-kInf, 0.5, 1, 1).value, kInf);
  EXPECT_TRUE(std::isnan(bce_logits(kInf, 1, 1, 1).value));
  for (const Element e : {bce_logits(kNan, 0, 1, 1), bce_logits(0, kNan, 1, 1), bce_logits(0, 1, kNan, 1),
                          bce_logits(0, 1, 1, kNan), bce_logits(kNan, 0, 0, 1)}) {
    EXPECT_TRUE(std::isnan(e.value));
    EXPECT_TRUE(std::isnan(e.gradient));
  }
}

TEST(BceIgnored, TargetTruncatesToTheLabel) {
  EXPECT_TRUE(bce_ignored(-1, -1));
  EXPECT_TRUE(bce_ignored(-1.75, -1));
  EXPECT_FALSE(bce_ignored(-0.75, -1));
  EXPECT_TRUE(bce_ignored(-0.75, 0));
  EXPECT_TRUE(bce_ignored(255.5, 255));
  EXPECT_FALSE(bce_ignored(kNan, -1));
}

TEST(BceProbs, ValueAndSlopeAllAlikeInside) {
  for (const BceClip clip : {BceClip::log_clamp, BceClip::both, BceClip::none}) {
    for (const double y : kTargets) {
      for (const double p : {0.01, 0.25, 0.5, 0.875, 0.99}) {
        const auto f = [y](long double v) { return -0.75L * (y * logl(v) + (1 - static_cast<long double>(y)) * log1pl(-v)); };
        const Element e = bce_probs(p, y, 0.75, clip, 1e-7, -100);
        EXPECT_TRUE(near(e.value, f(p), 8));
        EXPECT_TRUE(within(e.gradient, slope(f, p), 1e-4 * std::fabs(e.gradient) + 1e-9));  // f bends hard near 0 and 1
        EXPECT_TRUE(near(e.gradient, 0.75L * (p - static_cast<long double>(y)) / (p * (1 - static_cast<long double>(p))), 8));
      }
    }
  }
}

TEST(BceProbs, LogClampAtTheEnds) {
  const auto at = [](double p, double y) { return bce_probs(p, y, 1, BceClip::log_clamp, 1e-7, -100); };
  EXPECT_EQ(at(0, 1).value, 100);
  EXPECT_EQ(at(1, 0).value, 100);
  EXPECT_EQ(at(0, 0).value, 0);
  EXPECT_EQ(at(1, 1).value, 0);
  EXPECT_EQ(at(0, 1).gradient, -1e12);
  EXPECT_EQ(at(1, 0).gradient, 1e12);
  EXPECT_EQ(at(0, 0).gradient, 0);
  EXPECT_EQ(at(0.25, 1).value, -std::log(0.25));
  EXPECT_EQ(bce_probs(1e-9, 1, 1, BceClip::log_clamp, 0, -10).value, 10);  // log(1e-9) = -20.7
}

TEST(BceProbs, ClipBoth) {
  const double eps = 0x1p-20;
  const auto at = [eps](double p, double y) { return bce_probs(p, y, 1, BceClip::both, eps, -100); };
  EXPECT_EQ(at(0, 1).value, 20 * std::log(2.0));
  EXPECT_EQ(at(1, 0).value, 20 * std::log(2.0));
  EXPECT_TRUE(near(at(1, 1).value, -log1pl(-0x1p-20L), 2));
  EXPECT_TRUE(near(at(0, 0).value, -log1pl(-0x1p-20L), 2));
  for (const double p : {0.0, eps / 2, 1 - eps / 2, 1.0}) EXPECT_EQ(at(p, 0.5).gradient, 0) << p;
  // On the border itself nothing was moved: the ordinary derivative.
  EXPECT_TRUE(near(at(eps, 1).gradient, -0x1p20L, 4));
  EXPECT_TRUE(near(at(1 - eps, 0).gradient, 0x1p20L, 4));
  // eps far below the rounding error of 1: the complement is clipped on its own.
  EXPECT_TRUE(near(bce_probs(1, 0, 1, BceClip::both, 1e-20, -100).value, -logl(1e-20L), 4));
}

TEST(BceProbs, NoClipFollowsIeee) {
  const auto at = [](double p, double y) { return bce_probs(p, y, 1, BceClip::none, 1e-7, -100).value; };
  EXPECT_EQ(at(0, 1), kInf);
  EXPECT_EQ(at(1, 0), kInf);
  EXPECT_TRUE(std::isnan(at(0, 0)));
  EXPECT_TRUE(std::isnan(at(1, 1)));
  EXPECT_TRUE(std::isnan(at(1.5, 0.5)));
}

TEST(BceProbs, NanStaysNan) {
  for (const BceClip clip : {BceClip::log_clamp, BceClip::both, BceClip::none}) {
    for (const Element e : {bce_probs(kNan, 1, 1, clip, 1e-7, -100), bce_probs(0.5, kNan, 1, clip, 1e-7, -100),
                            bce_probs(0.5, 1, kNan, clip, 1e-7, -100)}) {
      EXPECT_TRUE(std::isnan(e.value));
      EXPECT_TRUE(std::isnan(e.gradient));
    }
    EXPECT_TRUE(std::isnan(bce_probs(0, kNan, 1, clip, 1e-7, -100).value));
  }
}

}  // namespace
}  // namespace lossbench::reference
