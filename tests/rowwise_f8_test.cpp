// Softmax cross-entropy of f8 logits: the value against the definition, at every alignment and with a scale; one read of every code; what is
// refused.
#include <gtest/gtest.h>

#include <set>

#include "core/error.h"
#include "registry/losses/nll.h"
#include "tests/rowwise_case.h"

namespace lossbench::rowwise_tests {
namespace {

bool takes(const Variant& variant, DType dtype, Pass pass) {
  for (const Implementation& entry : variant.implementations)
    if (entry.element == dtype && entry.pass == pass) return true;
  return false;
}

std::vector<Variant> f8_variants() {
  std::vector<Variant> found;
  for (const Variant& variant : variants())
    if (takes(variant, DType::f8_e4m3, Pass::forward)) found.push_back(variant);
  return found;
}

void check(const Variant& variant, const Case& test, const std::string& what) {
  if (!accepts(variant, test)) return;
  const Expected want = expected(test, variant);
  const Outcome got = run(variant, Pass::forward, test, 2);
  EXPECT_EQ(difference(got.loss, want.loss, want.loss_bound, test.loss_type()), "")
      << variant.name << " " << name_of(test.dtype) << " " << to_string(test.shape) << " " << what;
}

TEST(RowwiseF8, TheseStepsTakeItForTheValueAlone) {
  std::set<std::string> names;
  for (const Variant& variant : variants())
    for (const DType dtype : kF8Types) {
      if (takes(variant, dtype, Pass::forward)) names.insert(variant.name);
      EXPECT_FALSE(takes(variant, dtype, Pass::gradient)) << variant.name;
    }
  EXPECT_EQ(names, (std::set<std::string>{"online", "rows_per_block", "vectorized_online", "split_row"}));
}

TEST(RowwiseF8, EveryShape) {
  const std::vector<Shape> shapes = {{0, 5},   {1, 1},    {3, 1},    {2, 2},    {9, 3},    {8, 31},   {5, 32},    {7, 33},   {3, 255},
                                     {3, 257}, {17, 100}, {5, 1000}, {2, 4095}, {2, 4097}, {3, 8193}, {1, 20001}, {131, 10}, {2, 5, 3}};
  for (const Variant& variant : f8_variants())
    for (const DType dtype : kF8Types)
      for (std::size_t i = 0; i < shapes.size(); ++i) check(variant, make_case(dtype, shapes[i], i), "");
}

TEST(RowwiseF8, EveryOption) {
  const std::vector<std::vector<std::string>> sets = {
      {"scale=0.037"}, {"scale=8", "reduction=none"}, {"scale=0.3", "label_smoothing=0.1"}, {"reduction=none", "label_smoothing=1"},
      {"scale=1.7", "normalizer=valid", "ignore_index=2"}, {"scale=0.0078125", "reduction=batch"}, {"normalizer=full"}};
  for (const Variant& variant : f8_variants())
    for (const DType dtype : kF8Types)
      for (std::size_t i = 0; i < sets.size(); ++i)
        for (const Shape& shape : {Shape{13, 67}, Shape{3, 2050}})
          check(variant, make_case(dtype, shape, i, sets[i], i % 2 == 0), sets[i].front());
}

TEST(RowwiseF8, EveryAlignment) {
  for (const Variant& variant : f8_variants())
    for (int skip = 0; skip < 32; ++skip) {
      Case test = make_case(kF8Types[std::size_t(skip % 2)], {2, 517 + skip % 3}, 5, {"scale=0.5"}, true);
      test.skip = skip;
      check(variant, test, "skip " + std::to_string(skip));
    }
}

TEST(RowwiseF8, SpecialCodes) {
  for (const Variant& variant : f8_variants())
    for (const DType dtype : kF8Types) {
      Case test = make_case(dtype, {3, 70}, 1, {"reduction=none", "scale=3"});
      test.labels = {0, 1, 2};
      test.logits[69] = kNan;
      if (dtype == DType::f8_e5m2) test.logits[70 + 5] = -kInfinity, test.logits[140 + 2] = kInfinity;
      const std::vector<double> loss = run(variant, Pass::forward, test).loss;
      EXPECT_TRUE(std::isnan(loss[0])) << variant.name;
      EXPECT_TRUE(std::isfinite(loss[1])) << variant.name;
      EXPECT_EQ(std::isnan(loss[2]), dtype == DType::f8_e5m2) << variant.name;
    }
}

/// Every code is read once. Where a step reads vectors, every sector is fetched once, wherever a row starts.
TEST(RowwiseF8, EveryCodeIsReadOnce) {
  for (const Variant& variant : f8_variants())
    for (const int skip : {0, 1, 17})
      for (const std::int64_t classes : {4100, 1024, 33}) {
        Case test = make_case(DType::f8_e4m3, {5, classes}, 1, {"scale=0.1"});
        for (std::int64_t& label : test.labels) label = label == -100 ? 0 : label;  // ignored rows are not read at all
        test.skip = skip;
        if (!accepts(variant, test)) continue;
        std::uint64_t ideal = 0;
        for (std::int64_t row = 0; row < 5; ++row) ideal += std::uint64_t((skip + (row + 1) * classes - 1) / 32 - (skip + row * classes) / 32 + 1);
        simt::CountScope scope;
        run(variant, Pass::forward, test);
        const std::string where = variant.name + " " + std::to_string(skip) + " " + std::to_string(classes);
        EXPECT_EQ(scope->array("logits").load_bytes, std::uint64_t(5 * classes)) << where;
        EXPECT_EQ(scope->array("loss").store_bytes, 4u) << where;
        if (variant.name == "vectorized_online") {
          EXPECT_EQ(scope->array("logits").load_sectors, ideal) << where;
        }
      }
}

TEST(RowwiseF8, ResultsAreTheSameToTheLastBit) {
  for (const Variant& variant : f8_variants())
    for (const Shape& shape : {Shape{11, 700}, Shape{2, 5000}}) {
      const Case test = make_case(DType::f8_e5m2, shape, 2, {"label_smoothing=0.1", "scale=0.3"}, true);
      if (!accepts(variant, test)) continue;
      const std::string want = run(variant, Pass::forward, test).bits;
      for (std::uint64_t seed = 0; seed < 3; ++seed) {
        simt::OptionsScope scope(simt::Options{.order = seed ? simt::Order::random : simt::Order::descending, .seed = seed,
                                               .preempt = seed ? 0.05 : 0.0});
        EXPECT_EQ(run(variant, Pass::forward, test).bits, want) << variant.name << " seed " << seed;
      }
    }
}

/// The message of a refusal, or "".
std::string refusal(const Loss& loss, Problem problem) {
  try {
    loss.resolve(problem);
  } catch (const InputError& error) {
    return error.what();
  }
  return {};
}

TEST(RowwiseF8, RefusalsNameWhatIsAccepted) {
  const Loss loss = softmax_cross_entropy();
  std::vector<std::uint8_t> codes(12, 0x38);
  std::vector<float> weight(4, 1);
  std::vector<std::int32_t> target = {0, 1, 2};
  Problem problem;
  problem.loss = loss.name, problem.options = Options(loss.options), problem.dtype = DType::f8_e4m3;
  problem.inputs = {{"logits", Array::contiguous(codes.data(), DType::f8_e4m3, {3, 4})},
                    {"target", Array::contiguous(target.data(), DType::i32, {3})},
                    {"weight", Array::contiguous(weight.data(), DType::f32, {4})}};
  EXPECT_EQ(refusal(loss, problem), "");

  Problem gradient = problem;
  gradient.pass = Pass::gradient;
  EXPECT_NE(refusal(loss, gradient).find("f8_e4m3 has a value only; accepted with gradients: f32, f64, f16, bf16"), std::string::npos);
  Problem weighted = problem;
  weighted.inputs[2].array.dtype = DType::f8_e4m3;
  EXPECT_NE(refusal(loss, weighted).find("'weight' is f8_e4m3"), std::string::npos) << refusal(loss, weighted);
  EXPECT_NE(refusal(loss, weighted).find("it must be f32"), std::string::npos) << refusal(loss, weighted);
  Problem scaled = problem;
  scaled.dtype = scaled.inputs[0].array.dtype = DType::f32;
  scaled.options.give(loss.options, "scale", "2");
  EXPECT_NE(refusal(loss, scaled).find("'scale'"), std::string::npos);
  EXPECT_NE(refusal(loss, scaled).find("f8_e4m3, f8_e5m2"), std::string::npos);
  Problem other = problem;
  other.loss = "nll", other.options = Options(nll().options), other.inputs[0].name = "log_probs";
  EXPECT_NE(refusal(nll(), other).find("f8_e4m3 is not accepted; accepted: f32, f64, f16, bf16"), std::string::npos) << refusal(nll(), other);
}

}  // namespace
}  // namespace lossbench::rowwise_tests
