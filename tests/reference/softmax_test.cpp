// Softmax cross-entropy of ordinary rows, against the definition in long double and its finite differences.
#include "reference/softmax_cross_entropy.h"

#include <functional>
#include <random>
#include <vector>

#include "tests/reference/check.h"

namespace lossbench::reference {
namespace {

using namespace lossbench::test;

using Row = std::vector<long double>;

/// The definition with its sums as they stand: right while e^x does not overflow, which it does beyond 11 000.
long double definition(const Row& logits, const Row& t, const SoftmaxOptions& options) {
  Row x = logits;
  if (options.softcap > 0)
    for (long double& v : x) v = options.softcap * tanhl(v / options.softcap);
  long double l = 0;
  for (const long double v : x) l += expl(v);
  const long double L = logl(l);
  long double value = options.z_loss * L * L;
  for (std::size_t c = 0; c < x.size(); ++c) value -= t[c] * (x[c] - L);
  return value;
}

Row index_target(std::size_t classes, std::size_t label, const std::vector<double>& weight, double smoothing) {
  Row t(classes);
  for (std::size_t c = 0; c < classes; ++c)
    t[c] = (weight.empty() ? 1.0L : weight[c]) *
           ((c == label ? 1.0L - smoothing : 0.0L) + static_cast<long double>(smoothing) / static_cast<long double>(classes));
  return t;
}

void expect_definition(const std::vector<double>& logits, const Row& t, const SoftmaxOptions& options, const SoftmaxRow& row,
                       const std::vector<double>& gradient) {
  const Row x(logits.begin(), logits.end());
  const long double expected = definition(x, t, options);
  EXPECT_TRUE(within(row.value, expected, 8 * kU * row.condition)) << "condition " << row.condition;
  for (std::size_t c = 0; c < x.size(); ++c) {
    const auto along = [&](long double v) {
      Row moved = x;
      moved[c] = v;
      return definition(moved, t, options);
    };
    EXPECT_TRUE(within(gradient[c], slope(along, x[c]), 1e-12L * (1 + std::fabs(expected)))) << "class " << c;
  }
}

const std::vector<SoftmaxOptions> kOptions = {
    {},
    {.label_smoothing = 0.1},
    {.label_smoothing = 1},
    {.z_loss = 1e-2},
    {.softcap = 5},
    {.label_smoothing = 0.25, .z_loss = 0.5, .softcap = 3},
};

TEST(SoftmaxCrossEntropy, IndexTargets) {
  std::mt19937 random(11);
  for (const double spread : {0.1, 2.0, 12.0}) {
    std::normal_distribution<double> normal(0.5, spread);
    for (const std::size_t classes : {2, 3, 10, 65}) {
      std::vector<double> logits(classes), weight(classes), gradient(classes);
      for (double& x : logits) x = normal(random);
      for (double& w : weight) w = std::fabs(normal(random));
      for (const SoftmaxOptions& options : kOptions) {
        const std::size_t label = random() % classes;
        for (const std::vector<double>& w : {std::vector<double>{}, weight}) {
          const SoftmaxRow row =
              softmax_cross_entropy_row(logits, static_cast<std::int64_t>(label), w, options, gradient.data(), nullptr);
          expect_definition(logits, index_target(classes, label, w, options.label_smoothing), options, row, gradient);
        }
      }
    }
  }
}

TEST(SoftmaxCrossEntropy, ProbabilityTargets) {
  std::mt19937 random(12);
  std::normal_distribution<double> normal(0, 3);
  const std::size_t classes = 7;
  std::vector<double> logits(classes), weight(classes), q(classes), gradient(classes);
  for (const SoftmaxOptions& options : kOptions) {
    for (double& x : logits) x = normal(random);
    for (double& w : weight) w = std::fabs(normal(random));
    for (double& v : q) v = std::fabs(normal(random)) / 10;  // need not add up to 1
    q[2] = 0;
    Row t(classes);
    for (std::size_t c = 0; c < classes; ++c)
      t[c] = weight[c] * ((1.0L - options.label_smoothing) * q[c] + static_cast<long double>(options.label_smoothing) / 7);
    const SoftmaxRow row =
        softmax_cross_entropy_row(logits, std::span<const double>(q), weight, options, gradient.data(), nullptr);
    expect_definition(logits, t, options, row, gradient);
  }
}

TEST(SoftmaxCrossEntropy, OneHotProbabilitiesAreAnIndex) {
  const std::vector<double> logits = {0.5, -2, 3}, one_hot = {0, 1, 0};
  double by_index[3], by_probability[3];
  const SoftmaxRow a = softmax_cross_entropy_row(logits, 1, {}, {}, by_index, nullptr);
  const SoftmaxRow b = softmax_cross_entropy_row(logits, std::span<const double>(one_hot), {}, {}, by_probability, nullptr);
  EXPECT_EQ(a.value, b.value);
  for (int c = 0; c < 3; ++c) EXPECT_EQ(by_index[c], by_probability[c]);
}

TEST(SoftmaxCrossEntropy, ByHand) {
  const std::vector<double> logits = {std::log(1.0), std::log(2.0), std::log(5.0)};  // p = 1/8, 1/4, 5/8
  double gradient[3];
  const SoftmaxRow row = softmax_cross_entropy_row(logits, 1, {}, {}, gradient, nullptr);
  EXPECT_TRUE(near(row.value, logl(4), 4));
  EXPECT_TRUE(near(row.log_sum_exp, logl(8), 4));
  EXPECT_EQ(row.argmax, 2);
  EXPECT_TRUE(near(gradient[0], 0.125L, 4));
  EXPECT_TRUE(near(gradient[1], -0.75L, 4));
  EXPECT_TRUE(near(gradient[2], 0.625L, 4));
}

TEST(SoftmaxCrossEntropy, ConfidentRowsKeepTheirDigits) {
  const std::vector<double> logits = {0, 60, -5};
  double gradient[3];
  const SoftmaxRow row = softmax_cross_entropy_row(logits, 1, {}, {}, gradient, nullptr);
  const long double rest = expl(-60) + expl(-65);
  EXPECT_TRUE(near(row.value, log1pl(rest), 8));
  EXPECT_TRUE(near(gradient[1], -rest / (1 + rest), 8));  // p - 1, where p rounds to 1
  EXPECT_TRUE(near(gradient[0], expl(-60) / (1 + rest), 8));
}

TEST(SoftmaxCrossEntropy, GradientAddsUpToZero) {
  std::vector<double> logits(1000), gradient(1000);
  std::mt19937 random(5);
  std::normal_distribution<double> normal(0, 4);
  for (double& x : logits) x = normal(random);
  softmax_cross_entropy_row(logits, 17, {}, {.label_smoothing = 0.1}, gradient.data(), nullptr);
  Sum sum;
  for (const double g : gradient) sum.add(g);
  EXPECT_TRUE(within(sum.value(), 0, 1e-15));
}

}  // namespace
}  // namespace lossbench::reference
