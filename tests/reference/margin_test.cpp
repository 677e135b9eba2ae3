// logistic and binary hinge.
#include "reference/bce.h"
#include "reference/hinge.h"
#include "reference/logistic.h"
#include "tests/reference/check.h"

namespace lossbench::reference {
namespace {

using namespace lossbench::test;

constexpr double kScores[] = {-700, -30, -3.5, -1.25, -0.1, 0, 0.3, 0.9, 1.1, 2.5, 20, 50, 600};

TEST(Logistic, ValueAndSlope) {
  for (const double y : {-1.0, 1.0}) {
    for (const double score : kScores) {
      const auto f = [y](long double v) { return log1pl(expl(-y * v)); };
      const Element e = logistic(score, y);
      EXPECT_TRUE(near(e.value, f(score), 8)) << score;
      EXPECT_TRUE(near(e.gradient, -y / (1 + expl(y * score)), 8)) << score;
      EXPECT_TRUE(within(e.gradient, slope(f, score), 1e-12 + 1e-15 * std::fabs(score))) << score;
    }
  }
}

TEST(Logistic, IsBinaryCrossEntropyOnLogits) {
  for (const double y : {-1.0, 1.0}) {
    for (const double score : kScores) {
      const Element e = logistic(score, y), b = bce_logits(score, (y + 1) / 2, 1, 1);
      EXPECT_TRUE(near(e.value, b.value, 4));
      EXPECT_TRUE(near(e.gradient, b.gradient, 4));
    }
  }
}

TEST(Logistic, ExtremeScores) {
  constexpr double largest = std::numeric_limits<float>::max();
  EXPECT_EQ(logistic(-largest, 1).value, largest);
  EXPECT_EQ(logistic(-largest, 1).gradient, -1);
  EXPECT_EQ(logistic(largest, 1).value, 0);
  EXPECT_EQ(logistic(largest, 1).gradient, 0);
  EXPECT_EQ(logistic(largest, -1).gradient, 1);
  EXPECT_EQ(logistic(-kInf, 1).value, kInf);
  EXPECT_EQ(logistic(kInf, 1).value, 0);
  EXPECT_TRUE(std::isnan(logistic(kNan, 1).value));
  EXPECT_TRUE(std::isnan(logistic(kNan, 1).gradient));
  EXPECT_TRUE(std::isnan(logistic(1, kNan).value));
}

TEST(Hinge, ValueAndSlope) {
  for (const int power : {1, 2}) {
    for (const double margin : {1.0, 0.0, 0.5}) {
      for (const double y : {-1.0, 1.0}) {
        for (const double score : {-30.0, -3.5, -1.25, -0.1, 0.3, 0.9, 1.1, 2.5}) {
          const auto f = [=](long double v) {
            const long double h = std::max(0.0L, margin - y * v);
            return power == 1 ? h : h * h;
          };
          const Element e = hinge_binary(score, y, margin, power);
          EXPECT_TRUE(near(e.value, f(score), 6)) << score;
          EXPECT_TRUE(within(e.gradient, slope(f, score), 1e-12)) << score;
        }
      }
    }
  }
}

TEST(Hinge, ByHand) {
  EXPECT_EQ(hinge_binary(-2, 1, 1, 1).value, 3);
  EXPECT_EQ(hinge_binary(-2, 1, 1, 1).gradient, -1);
  EXPECT_EQ(hinge_binary(-2, 1, 1, 2).value, 9);
  EXPECT_EQ(hinge_binary(-2, 1, 1, 2).gradient, -6);
  EXPECT_EQ(hinge_binary(0.5, -1, 1, 2).value, 2.25);
  EXPECT_EQ(hinge_binary(0.5, -1, 1, 2).gradient, 3);
  EXPECT_EQ(hinge_binary(-0.25, 1, 0, 1).value, 0.25);  // perceptron criterion
}

TEST(Hinge, KinkHasSlopeZero) {
  for (const int power : {1, 2}) {
    EXPECT_EQ(hinge_binary(1, 1, 1, power).value, 0);
    EXPECT_EQ(hinge_binary(1, 1, 1, power).gradient, 0);
    EXPECT_EQ(hinge_binary(0, -1, 0, power).gradient, 0);
  }
}

TEST(Hinge, SpecialValues) {
  for (const int power : {1, 2}) {
    EXPECT_EQ(hinge_binary(kInf, 1, 1, power).value, 0);
    EXPECT_EQ(hinge_binary(kInf, 1, 1, power).gradient, 0);
    EXPECT_EQ(hinge_binary(kInf, -1, 1, power).value, kInf);
    EXPECT_TRUE(std::isnan(hinge_binary(kNan, 1, 1, power).value));
    EXPECT_TRUE(std::isnan(hinge_binary(kNan, 1, 1, power).gradient));
    EXPECT_TRUE(std::isnan(hinge_binary(1, kNan, 1, power).value));
  }
  EXPECT_EQ(hinge_binary(kInf, -1, 1, 1).gradient, 1);
  EXPECT_EQ(hinge_binary(kInf, -1, 1, 2).gradient, kInf);
}

}  // namespace
}  // namespace lossbench::reference
