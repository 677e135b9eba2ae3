// Made-up data: repeatable, heavy-tailed, every branch visited, hard kinds what they say.
#include "bench/data.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <set>

#include "registry/registry.h"

namespace lossbench {
namespace {

const Loss& loss_of(const char* name) { return Registry::instance().loss(name); }

std::vector<Tensor> make(const char* name, DataKind kind, Shape shape, DType dtype = DType::f32, std::uint64_t seed = 1,
                         const std::vector<std::string>& extra = {}) {
  const Loss& loss = loss_of(name);
  const Options options(loss.options);
  return DataMaker(loss, options, dtype, DType::i32, kind, seed).inputs(shape, extra);
}

std::vector<double> prediction(const char* name, DataKind kind, Shape shape, DType dtype = DType::f32) {
  return make(name, kind, std::move(shape), dtype).front().widen().values;
}

TEST(Data, TheSameSeedGivesTheSameBytes) {
  EXPECT_EQ(make("l2", DataKind::plain, {1000})[0].bytes, make("l2", DataKind::plain, {1000})[0].bytes);
  EXPECT_NE(make("l2", DataKind::plain, {1000})[0].bytes, make("l2", DataKind::plain, {1000}, DType::f32, 2)[0].bytes);
  EXPECT_NE(make("l2", DataKind::plain, {1000})[0].bytes, make("l2", DataKind::plain, {1000})[1].bytes);
}

TEST(Data, ALongerArrayBeginsLikeAShorterOne) {
  const auto longer = prediction("l2", DataKind::plain, {2000}), shorter = prediction("l2", DataKind::plain, {100});
  EXPECT_TRUE(std::equal(shorter.begin(), shorter.end(), longer.begin()));
}

/// A kernel that skips a quarter of the data must not come out within a percent: block means differ widely.
TEST(Data, ScaleChangesPerBlock) {
  const auto values = prediction("l2", DataKind::plain, {64 * kScaleBlock});
  std::vector<double> sizes;
  for (std::size_t block = 0; block < 64; ++block) {
    double sum = 0;
    for (std::int64_t i = 0; i < kScaleBlock; ++i) sum += std::fabs(values[block * static_cast<std::size_t>(kScaleBlock) + static_cast<std::size_t>(i)]);
    sizes.push_back(sum);
  }
  const auto [least, most] = std::minmax_element(sizes.begin(), sizes.end());
  EXPECT_GT(*most / *least, 50);
}

TEST(Data, TailsAreHeavy) {
  const auto values = prediction("l2", DataKind::plain, {kScaleBlock});
  double squares = 0, peak = 0;
  for (double x : values) squares += x * x, peak = std::max(peak, std::fabs(x));
  EXPECT_GT(peak, 5 * std::sqrt(squares / static_cast<double>(values.size())));  // 3.2 for as many normal numbers
}

TEST(Data, EveryBranchOfSmoothL1IsVisited) {
  const auto inputs = make("smooth_l1", DataKind::plain, {4096});
  const auto x = inputs[0].widen().values, y = inputs[1].widen().values;
  int inside = 0, above = 0, below = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double d = x[i] - y[i];
    (std::fabs(d) < 1 ? inside : d > 0 ? above : below)++;
  }
  EXPECT_GT(std::min({inside, above, below}), 400);
}

TEST(Data, SignsAndLabelsAreLegal) {
  for (double sign : make("logistic", DataKind::plain, {500})[1].widen().values) EXPECT_EQ(std::fabs(sign), 1);
  const auto inputs = make("softmax_cross_entropy", DataKind::plain, {200, 7});
  ASSERT_EQ(inputs[0].shape, Shape({200, 7}));
  ASSERT_EQ(inputs[1].shape, Shape({200}));
  std::set<std::int64_t> seen;
  for (std::int64_t label : inputs[1].widen().labels) seen.insert(label);
  EXPECT_EQ(seen, (std::set<std::int64_t>{-100, 0, 1, 2, 3, 4, 5, 6}));
}

TEST(Data, ProbabilitiesStayInside) {
  const Loss& loss = loss_of("bce");
  Options options(loss.options);
  options.give(loss.options, "input", "probs");
  for (const DType dtype : kRealTypes) {
    const auto inputs = DataMaker(loss, options, dtype, DType::i32, DataKind::plain, 1).inputs({4000}, {});
    ASSERT_EQ(inputs[0].name, "probs");
    for (double p : inputs[0].widen().values) EXPECT_TRUE(p > 0 && p < 1) << p;
    int hard = 0, soft = 0;
    for (double y : inputs[1].widen().values) (y == 0 || y == 1 ? hard : soft)++;
    EXPECT_GT(std::min(hard, soft), 400);
  }
}

TEST(Data, OffsetsAreLargeAndDifferencesExact) {
  for (const auto& [dtype, offset] : {std::pair{DType::f32, 0x1p24}, {DType::f16, 0x1p11}, {DType::bf16, 0x1p8}, {DType::f64, 0x1p53}}) {
    std::set<double> seen;
    for (double x : prediction("l2", DataKind::offset, {300}, dtype)) seen.insert(x - offset);
    EXPECT_EQ(seen, (std::set<double>{0, 2, 4, 6, 8}));
  }
}

TEST(Data, SaturatedReachesTheEndOfF16) {
  double peak = 0;
  for (double x : prediction("l2", DataKind::saturated, {1000}, DType::f16)) peak = std::max(peak, std::fabs(x));
  EXPECT_GT(peak, 65000);
  EXPECT_LE(peak, 65504);
}

TEST(Data, DenormalsAreDenormal) {
  for (const DType dtype : kRealTypes)
    for (double x : prediction("l2", DataKind::denormal, {300}, dtype)) EXPECT_LE(std::fabs(x), 200 * smallest(dtype));
}

TEST(Data, PlantedValues) {
  EXPECT_TRUE(std::isnan(prediction("l2", DataKind::nan_last, {33}).back()));
  EXPECT_FALSE(std::isnan(prediction("l2", DataKind::nan_last, {33}).front()));
  EXPECT_TRUE(std::isnan(prediction("l2", DataKind::nan_first, {33}).front()));
  EXPECT_EQ(prediction("l2", DataKind::inf_last, {33}).back(), HUGE_VAL);
  EXPECT_EQ(prediction("l2", DataKind::neg_inf, {33})[16], -HUGE_VAL);
}

TEST(Data, MasksNeverHideTheLabel) {
  const auto inputs = make("softmax_cross_entropy", DataKind::masked, {50, 20});
  const auto logits = inputs[0].widen().values;
  const auto labels = inputs[1].widen().labels;
  int masked = 0;
  for (std::size_t row = 0; row < 50; ++row) {
    if (labels[row] >= 0) {
      EXPECT_TRUE(std::isfinite(logits[row * 20 + static_cast<std::size_t>(labels[row])]));
    }
    for (std::size_t c = 0; c < 20; ++c) masked += std::isinf(logits[row * 20 + c]);
  }
  EXPECT_GT(masked, 300);
}

TEST(Data, IgnoredMeansEveryLabel) {
  for (std::int64_t label : make("softmax_cross_entropy", DataKind::ignored, {50, 20})[1].widen().labels) EXPECT_EQ(label, -100);
}

TEST(Data, UpstreamGradientsHaveBothSignsAndAreNotOne) {
  const Loss& loss = loss_of("l2");
  const Options options(loss.options);
  const WideArray upstream = DataMaker(loss, options, DType::f32, DType::i32, DataKind::plain, 1).upstream({100});
  int negative = 0;
  for (double x : upstream.values) {
    EXPECT_NE(x, 1);
    negative += x < 0;
  }
  EXPECT_GT(negative, 25);
  EXPECT_LT(negative, 75);
}

}  // namespace
}  // namespace lossbench
