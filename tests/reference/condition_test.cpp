// The conditions of softmax cross-entropy bound what single precision does, and are not so loose that they bound nothing.
#include <random>
#include <vector>

#include "reference/softmax_cross_entropy.h"
#include "tests/reference/check.h"

namespace lossbench::reference {
namespace {

using namespace lossbench::test;

constexpr double kUnit = 0x1p-24;   // unit roundoff of float
constexpr double kTiny = 0x1p-126;  // smallest normal float: below, roundings are absolute
constexpr double kMultiple = 4;     // errors stay below this many units of the condition

/// The row in float throughout, written the plain way. Sums are short, so that their length adds nothing to the bound.
struct FloatRow {
  float value;
  std::vector<float> gradient;
};

FloatRow float_row(const std::vector<float>& logits, std::size_t label, float smoothing, float z, float softcap) {
  const std::size_t classes = logits.size();
  std::vector<float> x = logits, e(classes);
  if (softcap > 0)
    for (float& v : x) v = softcap * std::tanh(v / softcap);
  float m = x[0];
  for (const float v : x) m = std::max(m, v);
  double l_wide = 0;
  for (std::size_t c = 0; c < classes; ++c) l_wide += e[c] = std::exp(x[c] - m);
  const float l = static_cast<float>(l_wide), log_l = std::log(l), L = m + log_l;
  double value = z * L * L;
  FloatRow row{0, std::vector<float>(classes)};
  for (std::size_t c = 0; c < classes; ++c) {
    const float t = (c == label ? 1 - smoothing : 0.0f) + smoothing / static_cast<float>(classes);
    if (t != 0) value += t * (log_l - (x[c] - m));
    const float p = e[c] / l, th = softcap > 0 ? x[c] / softcap : 0.0f;
    row.gradient[c] = (p - t + 2 * z * L * p) * (1 - th * th);
  }
  row.value = static_cast<float>(value);
  return row;
}

TEST(SoftmaxCondition, BoundsSinglePrecision) {
  std::mt19937 random(2);
  double worst_value = 0, worst_gradient = 0;
  for (const float smoothing : {0.0f, 0.125f}) {
    for (const float z : {0.0f, 0.0625f}) {
      for (const float softcap : {0.0f, 4.0f, 30.0f}) {
        for (const float scale : {0.25f, 3.0f, 40.0f}) {
          for (const float offset : {0.0f, 1000.0f}) {
            std::normal_distribution<float> normal(offset, scale);
            for (int repeat = 0; repeat < 40; ++repeat) {
              std::vector<float> logits(2 + random() % 40);
              for (float& v : logits) v = normal(random);
              const std::size_t label = random() % logits.size();
              const std::vector<double> wide(logits.begin(), logits.end());
              std::vector<double> gradient(wide.size()), condition(wide.size());
              const SoftmaxOptions options{.label_smoothing = smoothing, .z_loss = z, .softcap = softcap};
              const SoftmaxRow row = softmax_cross_entropy_row(wide, static_cast<std::int64_t>(label), {}, options,
                                                               gradient.data(), condition.data());
              const FloatRow single = float_row(logits, label, smoothing, z, softcap);
              EXPECT_TRUE(within(single.value, row.value, kMultiple * kUnit * row.condition + kTiny));
              worst_value = std::max(worst_value, std::fabs(single.value - row.value) / (kUnit * row.condition));
              for (std::size_t c = 0; c < wide.size(); ++c) {
                EXPECT_TRUE(within(single.gradient[c], gradient[c], kMultiple * kUnit * condition[c] + kTiny))
                    << "scale " << scale << " offset " << offset << " softcap " << softcap << " class " << c;
                if (condition[c] > kTiny / kUnit)
                  worst_gradient =
                      std::max(worst_gradient, std::fabs(single.gradient[c] - gradient[c]) / (kUnit * condition[c]));
              }
            }
          }
        }
      }
    }
  }
  // Not vacuous: some row comes near.
  EXPECT_GT(worst_value, 0.25);
  EXPECT_GT(worst_gradient, 0.25);
  RecordProperty("worst_value", std::to_string(worst_value));
  RecordProperty("worst_gradient", std::to_string(worst_gradient));
}

// Two equal logits a: p = 1/2, nothing is away from the maximum, L = a + log 2.
TEST(SoftmaxCondition, ByHand) {
  double gradient[2], condition[2];
  const long double log_2 = logl(2), a = 3, L = a + log_2;
  const std::vector<double> logits = {3, 3}, weight = {1, 5};
  SoftmaxRow row = softmax_cross_entropy_row(logits, 1, weight, {}, gradient, condition);
  EXPECT_TRUE(near(row.condition, 5 * (log_2 + 1), 8));
  EXPECT_TRUE(near(condition[0], 5 * 0.5L, 8));
  EXPECT_TRUE(near(condition[1], 5 * 0.5L + 5, 8));
  row = softmax_cross_entropy_row(logits, 1, weight, {.z_loss = 0.25}, gradient, condition);
  const long double error_of_L = a + log_2 + 1;
  EXPECT_TRUE(near(row.condition, 5 * (log_2 + 1) + 2 * 0.25L * L * error_of_L, 8));
  EXPECT_TRUE(near(condition[0], 5 * 0.5L + 2 * 0.25L * 0.5L * (L + error_of_L), 8));
  // Logits 0 and -1: the other class is away by 1, D = p.
  const long double p = 1 / (1 + expl(1));
  row = softmax_cross_entropy_row(std::vector<double>{0, -1}, 0, {}, {}, gradient, condition);
  EXPECT_TRUE(near(row.condition, log1pl(expl(-1)) + 1 + p, 8));
  EXPECT_TRUE(near(condition[1], p * (1 + 1 + p), 8));
}

TEST(SoftmaxCondition, IsNeverBelowTheValue) {
  std::mt19937 random(4);
  std::normal_distribution<double> normal(0, 6);
  for (int repeat = 0; repeat < 200; ++repeat) {
    std::vector<double> logits(5), gradient(5), condition(5);
    for (double& v : logits) v = normal(random);
    const SoftmaxOptions options{.label_smoothing = 0.1, .z_loss = 0.01};
    const SoftmaxRow row = softmax_cross_entropy_row(logits, 3, {}, options, gradient.data(), condition.data());
    EXPECT_GE(row.condition, row.value);
    for (int c = 0; c < 5; ++c) EXPECT_GE(condition[c] * (1 + 4 * kU), std::fabs(gradient[c]));
  }
}

}  // namespace
}  // namespace lossbench::reference
