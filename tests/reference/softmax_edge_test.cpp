// Softmax cross-entropy where it is easy to get wrong: masks, infinities, huge and tiny rows, ignored labels, the floor.
#include <vector>

#include "reference/softmax_cross_entropy.h"
#include "tests/reference/check.h"

namespace lossbench::reference {
namespace {

using namespace lossbench::test;

struct Result {
  SoftmaxRow row;
  std::vector<double> gradient, condition;
};

Result evaluate(const std::vector<double>& logits, std::int64_t label, const SoftmaxOptions& options = {},
                const std::vector<double>& weight = {}) {
  Result result{{}, std::vector<double>(logits.size(), -99), std::vector<double>(logits.size(), -99)};
  result.row = softmax_cross_entropy_row(logits, label, weight, options, result.gradient.data(), result.condition.data());
  return result;
}

void expect_all(const std::vector<double>& values, double expected) {
  for (const double value : values)
    EXPECT_TRUE(std::isnan(expected) ? std::isnan(value) : value == expected) << value << " instead of " << expected;
}

TEST(SoftmaxEdge, LargeEqualLogits) {
  for (const double offset : {0x1p24, -0x1p24, 1e4, 3e38, -3e38}) {
    const Result r = evaluate({offset, offset}, 1);
    EXPECT_TRUE(near(r.row.value, logl(2), 2)) << offset;
    EXPECT_EQ(r.gradient[0], 0.5);
    EXPECT_EQ(r.gradient[1], -0.5);
  }
}

TEST(SoftmaxEdge, LargestFloats) {
  const Result wrong = evaluate({-3e38, 3e38}, 0);
  EXPECT_EQ(wrong.row.value, 6e38);
  EXPECT_EQ(wrong.gradient[0], -1);
  EXPECT_EQ(wrong.gradient[1], 1);
  const Result right = evaluate({-3e38, 3e38}, 1);
  EXPECT_EQ(right.row.value, 0);
  expect_all(right.gradient, 0);
}

TEST(SoftmaxEdge, MaskedClassIsAbsent) {
  const Result masked = evaluate({1, -kInf, 2, -kInf}, 2), without = evaluate({1, 2}, 1);
  EXPECT_EQ(masked.row.value, without.row.value);
  EXPECT_EQ(masked.row.condition, without.row.condition);
  EXPECT_EQ(masked.gradient, (std::vector<double>{without.gradient[0], 0, without.gradient[1], 0}));
  expect_all({masked.condition[1], masked.condition[3]}, 0);
}

TEST(SoftmaxEdge, MaskedTarget) {
  const Result r = evaluate({-kInf, 0, 0}, 0);
  EXPECT_EQ(r.row.value, kInf);
  EXPECT_EQ(r.row.condition, kInf);
  EXPECT_EQ(r.gradient, (std::vector<double>{-1, 0.5, 0.5}));
  // A target of weight 0 is no term at all.
  EXPECT_EQ(evaluate({-kInf, 0, 0}, 0, {}, {0, 1, 1}).row.value, 0);
}

TEST(SoftmaxEdge, SmoothingReachesMaskedClasses) {
  const Result r = evaluate({0, -kInf}, 0, {.label_smoothing = 0.5});
  EXPECT_EQ(r.row.value, kInf);
  EXPECT_EQ(r.gradient, (std::vector<double>{0.25, -0.25}));
  EXPECT_EQ(evaluate({0, -kInf}, 0, {.label_smoothing = 0.5}, {1, 0}).row.value, 0);
}

TEST(SoftmaxEdge, RowsWithoutProbabilities) {
  const std::vector<std::vector<double>> rows = {{-kInf, -kInf}, {kInf, 0},     {0, kInf}, {kInf, kInf}, {kNan, 0},
                                                 {0, kNan},      {kNan, -kInf}, {-kInf},   {kInf}};
  for (const std::vector<double>& logits : rows) {
    for (const double weight : {1.0, 0.0}) {
      const Result r = evaluate(logits, 0, {}, std::vector<double>(logits.size(), weight));
      EXPECT_TRUE(std::isnan(r.row.value));
      expect_all(r.gradient, kNan);
    }
  }
  EXPECT_EQ(evaluate({-kInf, -kInf}, 0).row.log_sum_exp, -kInf);
  EXPECT_TRUE(std::isnan(evaluate({-kInf, kNan}, 0).row.log_sum_exp));
  EXPECT_TRUE(std::isnan(evaluate({kInf, 0}, 0).row.log_sum_exp));
  EXPECT_EQ(evaluate({kNan, 3, kNan}, 0).row.argmax, 1);
}

TEST(SoftmaxEdge, OneClass) {
  for (const double smoothing : {0.0, 0.3}) {
    const Result r = evaluate({123.5}, 0, {.label_smoothing = smoothing});
    EXPECT_EQ(r.row.value, 0);
    EXPECT_EQ(r.gradient[0], 0);
    EXPECT_EQ(r.row.log_sum_exp, 123.5);
  }
}

TEST(SoftmaxEdge, IgnoredRowsAreZeroWhateverTheyHold) {
  for (const std::vector<double>& logits : {std::vector<double>{1, 2, 3}, {kNan, 2, 3}, {kInf, -kInf, 0}}) {
    for (const std::int64_t label : {-100, -1, 3, 1'000'000}) {
      const Result r = evaluate(logits, label, {.label_smoothing = 0.1, .z_loss = 1});
      EXPECT_EQ(r.row.value, 0);
      EXPECT_EQ(r.row.condition, 0);
      expect_all(r.gradient, 0);
      expect_all(r.condition, 0);
    }
    EXPECT_EQ(evaluate(logits, 1, {.ignore_index = 1}).row.value, 0);
  }
  EXPECT_NE(evaluate({1, 2, 3}, 0, {.ignore_index = 1}).row.value, 0);
}

TEST(SoftmaxEdge, WeightsOfOtherClassesAreNotRead) {
  const Result r = evaluate({1, 2, 3}, 1, {}, {kNan, 2, kInf});
  EXPECT_TRUE(near(r.row.value, 2 * static_cast<long double>(evaluate({1, 2, 3}, 1).row.value), 2));
  EXPECT_TRUE(std::isnan(evaluate({1, 2, 3}, 0, {}, {kNan, 2, 1}).row.value));
}

TEST(SoftmaxEdge, FloorLimitsTheValueOnly) {
  const double floor = 1.17549435e-38;
  for (const double far : {-200.0, -kInf}) {
    const Result r = evaluate({far, 0}, 0, {.prob_floor = floor}), open = evaluate({far, 0}, 0);
    EXPECT_TRUE(near(r.row.value, -logl(floor), 2));
    EXPECT_LT(r.row.condition, 90);
    EXPECT_EQ(r.gradient, open.gradient);
  }
  EXPECT_EQ(evaluate({-80, 0}, 0, {.prob_floor = floor}).row.value, evaluate({-80, 0}, 0).row.value);
  EXPECT_TRUE(std::isnan(evaluate({kNan, 0}, 0, {.prob_floor = floor}).row.value));
}

TEST(SoftmaxEdge, SoftcapBoundsEveryLogit) {
  const Result r = evaluate({kInf, -kInf}, 1, {.softcap = 4});
  EXPECT_TRUE(near(r.row.value, 8 + log1pl(expl(-8)), 4));
  expect_all(r.gradient, 0);  // saturated
  // A saturated but finite logit keeps the digits of its slope: 1 - tanh² = 1/cosh².
  const Result saturated = evaluate({100, 0}, 1, {.softcap = 2});
  EXPECT_TRUE(near(saturated.gradient[0], 1 / (1 + expl(-2)) * 4 * expl(-100), 16));
  EXPECT_EQ(evaluate({100, 101}, 1, {.softcap = 2}).row.argmax, 1);  // equal after the cap
}

TEST(SoftmaxEdge, NullOutputsAreNotWritten) {
  const std::vector<double> logits = {1, 2};
  double condition[2];
  const SoftmaxRow without = softmax_cross_entropy_row(logits, 0, {}, {}, nullptr, nullptr);
  const SoftmaxRow with = softmax_cross_entropy_row(logits, 0, {}, {}, nullptr, condition);
  EXPECT_EQ(without.value, with.value);
  EXPECT_GT(condition[0], 0);
}

TEST(SoftmaxEdge, NoClasses) {
  const Result r = evaluate({}, 0, {.softcap = 1});
  EXPECT_EQ(r.row.value, 0);
  EXPECT_EQ(r.row.log_sum_exp, -kInf);
}

}  // namespace
}  // namespace lossbench::reference
