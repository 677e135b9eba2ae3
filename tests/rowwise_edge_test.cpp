// Softmax cross-entropy where it usually goes wrong: large offsets, masks, confident rows, ignored rows, labels that are none.
#include <gtest/gtest.h>

#include <functional>

#include "tests/rowwise_case.h"

namespace lossbench::rowwise_tests {
namespace {

Case row_of(DType dtype, std::vector<double> logits, std::int64_t label, std::vector<std::string> options = {}) {
  Case test;
  test.dtype = dtype;
  test.shape = {1, std::int64_t(logits.size())};
  for (double& x : logits) x = round_to(dtype, x);
  test.logits = std::move(logits);
  test.labels = {label};
  test.options = std::move(options);
  return test;
}

void expect_definition(const Variant& variant, const Case& test, const std::string& what) {
  if (!accepts(variant, test)) return;
  const Expected want = expected(test, variant);
  const Outcome got = run(variant, Pass::gradient, test);
  const DType loss_type = test.loss_type();
  EXPECT_EQ(difference(got.loss, want.loss, want.loss_bound, loss_type), "") << variant.name << " " << name_of(test.dtype) << " " << what;
  EXPECT_EQ(difference(got.gradient, want.gradient, want.gradient_bound, test.dtype), "")
      << variant.name << " " << name_of(test.dtype) << " " << what;
  EXPECT_EQ(run(variant, Pass::forward, test).loss.size(), got.loss.size());
}

void each(const std::function<void(const Variant&, DType)>& body) {
  for (const Variant& variant : variants())
    for (const DType dtype : kRealTypes) body(variant, dtype);
}

// ---- offsets and range -----------------------------------------------------------------------------------------------------

TEST(RowwiseEdge, EqualLogitsGiveLogVAtAnyOffset) {
  each([](const Variant& variant, DType dtype) {
    for (const double offset : {0x1p24, -0x1p24, 3e38, -3e38, 60000.0})
      for (const std::int64_t classes : {2, 1000}) {
        const double at = std::min(std::max(round_to(dtype, offset), -largest(dtype)), largest(dtype));
        for (const char* smoothing : {"label_smoothing=0", "label_smoothing=0.25"}) {
          const Case test = row_of(dtype, std::vector<double>(std::size_t(classes), at), classes / 2, {smoothing, "reduction=sum"});
          if (!accepts(variant, test)) continue;
          const double loss = run(variant, Pass::forward, test).loss[0], want = std::log(double(classes));
          const double u = unit_roundoff(reduced_type(dtype));
          EXPECT_TRUE(std::fabs(loss - want) <= u * (6 + variant.sum_ulps(classes, dtype) + 4 * want))
              << variant.name << " " << name_of(dtype) << " " << at << " " << classes << " " << smoothing << ": " << loss;
          expect_definition(variant, test, "equal logits");
        }
      }
  });
}

TEST(RowwiseEdge, OnlyAResultBeyondTheRangeIsInfinite) {
  for (const Variant& variant : variants()) {
    EXPECT_EQ(run(variant, Pass::forward, row_of(DType::f32, {3e38, -3e38}, 0)).loss[0], 0) << variant.name;
    EXPECT_EQ(run(variant, Pass::forward, row_of(DType::f32, {3e38, -3e38}, 1)).loss[0], kInfinity) << variant.name;
    expect_definition(variant, row_of(DType::f64, {3e38, -3e38}, 1), "6e38 is a double");
    expect_definition(variant, row_of(DType::f64, {1.7e308, -1.7e308, 0}, 0), "double range");
    // m - x is beyond float for 999 classes, its share of the loss is not.
    std::vector<double> low(1000, -3e38);
    low[0] = 3e38;
    const Case smooth = row_of(DType::f32, low, 0, {"label_smoothing=0.1"});
    EXPECT_TRUE(std::isfinite(run(variant, Pass::forward, smooth).loss[0])) << variant.name;
    expect_definition(variant, smooth, "mean of differences");
    // The same at the weight: 0.25·6e38 fits.
    Case weighted = row_of(DType::f32, {3e38, -3e38}, 1, {"reduction=sum"});
    weighted.weight = {1, 0.25};
    expect_definition(variant, weighted, "weighted difference");
  }
}

TEST(RowwiseEdge, SmoothingDoesNotCancelAtOffsets) {
  each([](const Variant& variant, DType dtype) {
    if (dtype == DType::f16) return;
    for (const double offset : {0x1p24, 0x1p60, -0x1p100}) {
      std::vector<double> logits;  // differences of a few units in the last place
      for (int c = 0; c < 700; ++c) logits.push_back(offset * (1 + (c * 37 % 11) * 2 * unit_roundoff(dtype)));
      expect_definition(variant, row_of(dtype, logits, 3, {"label_smoothing=0.3"}), "offset " + std::to_string(offset));
    }
  });
}

/// A row that rises: every logit is a new maximum. Steps below the slack, above it, and far above.
TEST(RowwiseEdge, RisingAndFallingRows) {
  each([](const Variant& variant, DType dtype) {
    for (const double step : {1e-4, 0.01, 0.5, 5.0})
      for (const bool falls : {false, true}) {
        std::vector<double> logits;
        for (int c = 0; c < 5000; ++c) logits.push_back(std::min(60000.0, step * (falls ? 5000 - c : c)));
        expect_definition(variant, row_of(dtype, logits, 4321, {"label_smoothing=0.1"}), "step " + std::to_string(step));
      }
  });
}

/// Equal small steps, so that rescaling at every new maximum would multiply by the same rounded exponential hundreds of times. Of
/// the steps the one whose exponential is rounded worst, for the 128 classes a warp reads at a time.
TEST(RowwiseEdge, ALongRisingRowDoesNotDrift) {
  double step = 0, worst = 0;
  for (int j = 1; j < 64; ++j) {
    const double candidate = j * 0x1p-20, exact = std::exp(-128 * candidate), off = std::fabs(std::exp(float(-128 * candidate)) - exact) / exact;
    if (off > worst) worst = off, step = candidate;
  }
  std::vector<double> logits;
  for (int c = 0; c < 60000; ++c) logits.push_back(step * c);
  for (const Variant& variant : variants()) expect_definition(variant, row_of(DType::f32, logits, 0), "long rise");
}

// ---- confident rows --------------------------------------------------------------------------------------------------------

/// Where p of the label is 1 but for rounding, loss and gradient still have their digits: relative error, not absolute.
TEST(RowwiseEdge, AConfidentRowKeepsItsDigits) {
  for (const Variant& variant : variants())
    for (const DType dtype : {DType::f32, DType::f64})
      for (const std::int64_t classes : {2, 40, 1500}) {
        std::vector<double> logits(std::size_t(classes), 1.0);
        logits[std::size_t(classes - 2)] = 41;
        const Case test = row_of(dtype, logits, classes - 2);
        if (!accepts(variant, test)) continue;
        const Outcome got = run(variant, Pass::gradient, test);
        const double others = double(classes - 1) * std::exp(-40.0);
        const double tolerance = unit_roundoff(dtype) * (60 + variant.sum_ulps(classes, dtype));
        EXPECT_TRUE(std::fabs(got.loss[0] - std::log1p(others)) <= tolerance * others) << variant.name << " " << got.loss[0];
        const double slope = got.gradient[std::size_t(classes - 2)], want = -others / (1 + others);
        EXPECT_TRUE(std::fabs(slope - want) <= tolerance * -want) << variant.name << " " << slope << " " << want;
      }
}

// ---- masks -----------------------------------------------------------------------------------------------------------------

TEST(RowwiseEdge, MaskedLogits) {
  each([](const Variant& variant, DType dtype) {
    expect_definition(variant, row_of(dtype, {1, -kInfinity, 2}, 0), "mask beside the target");
    const Case target = row_of(dtype, {1, -kInfinity, 2}, 1);
    expect_definition(variant, target, "mask at the target");
    const Outcome got = run(variant, Pass::gradient, target);
    EXPECT_EQ(got.loss[0], kInfinity);
    EXPECT_EQ(got.gradient[1], -1);
    EXPECT_TRUE(std::isfinite(got.gradient[0]) && std::isfinite(got.gradient[2]));
    EXPECT_EQ(run(variant, Pass::forward, row_of(dtype, {1, -kInfinity, 2}, 0, {"label_smoothing=0.1"})).loss[0], kInfinity);
    Case weightless = row_of(dtype, {1, -kInfinity, 2}, 0, {"label_smoothing=0.1"});
    weightless.weight = {1, 0, 2};
    expect_definition(variant, weightless, "mask at a class of weight 0");
  });
}

/// Whole tiles of -inf: before, behind and between the finite logits, and shares of threads that hold nothing else.
TEST(RowwiseEdge, MaskedTiles) {
  each([](const Variant& variant, DType dtype) {
    const auto masked = [&](std::function<bool(int)> keeps) {
      std::vector<double> logits;
      for (int c = 0; c < 2600; ++c) logits.push_back(keeps(c) ? std::sin(c) * 9 : -kInfinity);
      return logits;
    };
    expect_definition(variant, row_of(dtype, masked([](int c) { return c >= 2100; }), 2200), "mask first");
    expect_definition(variant, row_of(dtype, masked([](int c) { return c < 100; }), 50), "mask last");
    expect_definition(variant, row_of(dtype, masked([](int c) { return c < 100 || c > 2400; }), 2500), "mask between");
    expect_definition(variant, row_of(dtype, masked([](int c) { return c % 32 == 7; }), 39), "one lane of each warp");
    expect_definition(variant, row_of(dtype, masked([](int c) { return c == 1999; }), 1999), "one logit alone");
  });
}

TEST(RowwiseEdge, RowsWithoutProbabilities) {
  const std::vector<std::vector<double>> rows = {
      {-kInfinity, -kInfinity, -kInfinity}, {1, kInfinity, 2}, {kInfinity, 1, 2},      {1, 2, kNan},
      {kNan, 1, 2},                         {kNan, kNan, kNan}, {kInfinity, kNan, 0}, {kInfinity, kInfinity, -kInfinity}};
  each([&](const Variant& variant, DType dtype) {
    for (const char* smoothing : {"label_smoothing=0", "label_smoothing=0.5"})
      for (const double weight : {1.0, 0.0}) {
        Case test = row_of(dtype, {}, 0, {smoothing, "reduction=none"});
        test.shape = {std::int64_t(3 * rows.size()), 3}, test.labels.clear(), test.weight.assign(3, weight);
        for (const std::vector<double>& row : rows)
          for (const std::int64_t label : {0, 1, 2}) {
            test.logits.insert(test.logits.end(), row.begin(), row.end());
            test.labels.push_back(label);
          }
        const Outcome got = run(variant, Pass::gradient, test);
        for (std::size_t i = 0; i < got.loss.size(); ++i) EXPECT_TRUE(std::isnan(got.loss[i])) << variant.name << " row " << i / 3 << " label " << i % 3;
        for (const double g : got.gradient) EXPECT_TRUE(std::isnan(g)) << variant.name;
      }
    for (const double x : {kNan, kInfinity, -kInfinity}) {
      EXPECT_TRUE(std::isnan(run(variant, Pass::forward, row_of(dtype, {x}, 0)).loss[0])) << variant.name << " " << x;
      std::vector<double> wide(1500, 0.5);
      wide[1234] = x;
      if (!accepts(variant, row_of(dtype, wide, 7))) continue;
      const double loss = run(variant, Pass::forward, row_of(dtype, wide, 7)).loss[0];
      EXPECT_EQ(std::isnan(loss), x != -kInfinity) << variant.name << " " << x << " among many: " << loss;
    }
  });
}

TEST(RowwiseEdge, OneClassCostsNothing) {
  each([](const Variant& variant, DType dtype) {
    for (const double x : {0.0, -700.0, 60000.0})
      for (const char* smoothing : {"label_smoothing=0", "label_smoothing=0.5", "label_smoothing=1"}) {
        const Outcome got = run(variant, Pass::gradient, row_of(dtype, {x}, 0, {smoothing}));
        EXPECT_EQ(got.loss[0], 0) << variant.name;
        EXPECT_EQ(got.gradient[0], 0) << variant.name;
      }
  });
}

// ---- ignored rows and labels that are none -----------------------------------------------------------------------------------

TEST(RowwiseEdge, IgnoredRowsAreNotRead) {
  each([](const Variant& variant, DType dtype) {
    for (const char* reduction : {"reduction=none", "reduction=sum", "reduction=mean"}) {
      Case clean = make_case(dtype, {19, 45}, 2, {reduction});
      Case soiled = clean;
      for (std::int64_t row = 0; row < 19; ++row)
        if (clean.labels[std::size_t(row)] == -100)
          for (std::int64_t c = 0; c < 45; ++c) soiled.logits[std::size_t(clean.at(row, c))] = c % 3 ? kNan : kInfinity;
      const Outcome want = run(variant, Pass::gradient, clean), got = run(variant, Pass::gradient, soiled);
      EXPECT_EQ(got.bits, want.bits) << variant.name << " " << reduction;
      for (std::int64_t row = 0; row < 19; ++row) {
        if (clean.labels[std::size_t(row)] != -100) continue;
        for (std::int64_t c = 0; c < 45; ++c) EXPECT_EQ(got.gradient[std::size_t(clean.at(row, c))], 0);
      }
    }
  });
}

/// The emulator stops a kernel that reads beyond an array.
TEST(RowwiseEdge, LabelsThatAreNoClassAreIgnored) {
  for (const Variant& variant : variants())
    for (const DType label_type : kLabelTypes) {
      const bool wide = label_type == DType::i64;
      const std::int64_t least = wide ? std::numeric_limits<std::int64_t>::min() : std::numeric_limits<std::int32_t>::min();
      const std::int64_t most = wide ? std::numeric_limits<std::int64_t>::max() : std::numeric_limits<std::int32_t>::max();
      Case test = make_case(DType::f32, {9, 33}, 1, {"normalizer=valid"}, true);
      test.label_type = label_type;
      test.labels = {3, -1, 33, 4, 1000, least, most, -100, 32};
      expect_definition(variant, test, "labels that are none");
      test.options = {"label_smoothing=0.2"};
      expect_definition(variant, test, "labels that are none, smoothed");
    }
}

TEST(RowwiseEdge, NothingKept) {
  each([](const Variant& variant, DType dtype) {
    const auto loss_of = [&](Case test, std::vector<std::string> options, bool drop) {
      test.options = std::move(options);
      if (drop) std::fill(test.labels.begin(), test.labels.end(), -100);
      test.logits.assign(test.logits.size(), kNan);
      const Outcome got = run(variant, Pass::gradient, test, 2);
      for (const double g : got.gradient) EXPECT_EQ(g, 0) << variant.name;
      return std::vector<double>{got.loss[0], run(variant, Pass::forward, test, 2).loss[0]};
    };
    const auto nan = [](const std::vector<double>& losses) { return std::isnan(losses[0]) && std::isnan(losses[1]); };
    const std::vector<double> zeros = {0, 0};
    for (const Shape& shape : {Shape{4, 9}, Shape{0, 9}}) {
      const Case test = make_case(dtype, shape, 0);
      EXPECT_TRUE(nan(loss_of(test, {}, true))) << variant.name;
      EXPECT_EQ(loss_of(test, {"empty=zero"}, true), zeros) << variant.name;
      EXPECT_EQ(loss_of(test, {"reduction=sum"}, true), zeros) << variant.name;
      EXPECT_EQ(loss_of(test, {"normalizer=valid"}, true), zeros) << variant.name;
      EXPECT_EQ(loss_of(test, {"normalizer=none"}, true), zeros) << variant.name;
      EXPECT_EQ(nan(loss_of(test, {"normalizer=full"}, true)), shape[0] == 0) << variant.name;
      EXPECT_EQ(nan(loss_of(test, {"reduction=batch"}, true)), shape[0] == 0) << variant.name;
    }
    // A divisor of 0 though rows are kept: their labels weigh nothing.
    Case weightless = make_case(dtype, {3, 4}, 0);
    weightless.weight = {0, 0, 0, 0};
    EXPECT_TRUE(nan(loss_of(weightless, {}, false))) << variant.name;
    EXPECT_EQ(loss_of(weightless, {"empty=zero"}, false), zeros) << variant.name;
  });
}

TEST(RowwiseEdge, RowsDoNotInfluenceEachOther) {
  each([](const Variant& variant, DType dtype) {
    Case quiet = make_case(dtype, {12, 70}, 4, {"reduction=none"}), loud = quiet;
    for (std::int64_t c = 0; c < 70; ++c) loud.logits[std::size_t(quiet.at(5, c))] = (c % 2 ? 1 : -1) * largest(dtype);
    const Outcome want = run(variant, Pass::gradient, quiet), got = run(variant, Pass::gradient, loud);
    for (std::int64_t row = 0; row < 12; ++row) {
      if (row == 5) continue;
      EXPECT_EQ(got.loss[std::size_t(row)], want.loss[std::size_t(row)]) << variant.name;
      for (std::int64_t c = 0; c < 70; ++c)
        EXPECT_EQ(got.gradient[std::size_t(quiet.at(row, c))], want.gradient[std::size_t(quiet.at(row, c))]) << variant.name;
    }
  });
}

}  // namespace
}  // namespace lossbench::rowwise_tests
