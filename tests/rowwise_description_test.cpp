// The description of softmax cross-entropy: what it refuses, the bytes it promises, and its reference against the definition.
#include <gtest/gtest.h>

#include "core/error.h"
#include "tests/rowwise_case.h"

namespace lossbench::rowwise_tests {
namespace {

/// A problem of 3 samples, 4 classes; tests change one thing in it.
struct Bench {
  std::vector<float> logits = std::vector<float>(24, 0.5f), weight = std::vector<float>(4, 1);
  std::vector<std::int32_t> target = {0, 3, -100};
  float upstream = 1;
  Problem problem;

  Bench() {
    problem.loss = "softmax_cross_entropy";
    problem.options = Options(softmax_cross_entropy().options);
    problem.inputs = {{"logits", Array::contiguous(logits.data(), DType::f32, {3, 4})},
                      {"target", Array::contiguous(target.data(), DType::i32, {3})}};
  }
  void add(const char* name, void* data, DType type, Shape shape) { problem.inputs.push_back({name, Array::contiguous(data, type, std::move(shape))}); }
  void give(const char* name, const char* value) { problem.options.give(softmax_cross_entropy().options, name, value); }
  /// The message of the refusal, or "".
  std::string refusal() {
    try {
      softmax_cross_entropy().resolve(problem);
    } catch (const InputError& error) {
      return error.what();
    }
    return {};
  }
};

#define EXPECT_NAMES(text, ...)                                                                     \
  do {                                                                                              \
    const std::string message = (text);                                                             \
    for (const char* part : {__VA_ARGS__}) EXPECT_NE(message.find(part), std::string::npos) << part << " in: " << message; \
    EXPECT_EQ(message.find('\n'), std::string::npos);                                               \
  } while (false)

TEST(RowwiseDescription, AcceptsWhatIsRight) {
  EXPECT_EQ(Bench().refusal(), "");
  Bench all;
  all.add("weight", all.weight.data(), DType::f32, {4});
  all.add("grad_output", &all.upstream, DType::f32, {});
  all.give("normalizer", "valid");
  EXPECT_EQ(all.refusal(), "");
  Bench layout;
  layout.problem.inputs[0].array = Array::contiguous(layout.logits.data(), DType::f32, {1, 4, 3, 2});
  std::vector<std::int64_t> target(6, 1);
  layout.problem.inputs[1].array = Array::contiguous(target.data(), DType::i64, {1, 3, 2});
  EXPECT_EQ(layout.refusal(), "");
}

TEST(RowwiseDescription, NamesTheCulprit) {
  Bench bench;
  bench.target[1] = 4;
  EXPECT_NAMES(bench.refusal(), "'target'", "4", "index 1", "0 to 3", "-100");
  bench = {};
  bench.problem.inputs[1].array.shape = {2};
  EXPECT_NAMES(bench.refusal(), "'target'", "[2]", "[3]");
  Bench real;
  real.problem.inputs[1].array.dtype = DType::f32;
  EXPECT_NAMES(real.refusal(), "'target'", "[3]", "[3, 4]", "probability");
  real.problem.inputs[1].array = Array::contiguous(real.logits.data(), DType::f32, {3, 4});
  EXPECT_EQ(real.refusal(), "");
  EXPECT_EQ(real.problem.options.word("target"), "probs");
  EXPECT_EQ(real.problem.options.word("normalizer"), "batch_positions");
  Bench contradicts;
  contradicts.give("target", "probs");
  EXPECT_NAMES(contradicts.refusal(), "'target'", "probs", "i32", "index");
  Bench sums = real;
  sums.problem.options = Options(softmax_cross_entropy().options);
  sums.give("normalizer", "weight_sum");
  EXPECT_NAMES(sums.refusal(), "'normalizer'", "weight_sum", "batch_positions");
  Bench ignores = real;
  ignores.problem.options = Options(softmax_cross_entropy().options);
  ignores.give("ignore_index", "3");
  EXPECT_NAMES(ignores.refusal(), "'ignore_index'", "index");
  Bench flat;
  flat.problem.inputs[0].array = Array::contiguous(flat.logits.data(), DType::f32, {3});
  EXPECT_NAMES(flat.refusal(), "'logits'", "[N, C]");
  Bench weight;
  weight.add("weight", weight.weight.data(), DType::f32, {3});
  EXPECT_NAMES(weight.refusal(), "'weight'", "[3]", "[4]");
  Bench upstream;
  upstream.add("grad_output", &upstream.upstream, DType::f32, {3});
  EXPECT_NAMES(upstream.refusal(), "'grad_output'", "[3]");
  Bench wrong_type;
  wrong_type.problem.inputs[0].array.dtype = DType::f64;
  EXPECT_NAMES(wrong_type.refusal(), "'logits'", "f64", "f32");
  Bench missing;
  missing.problem.inputs.pop_back();
  EXPECT_NAMES(missing.refusal(), "'target'", "missing");
  Bench unknown;
  unknown.add("pos_weight", unknown.weight.data(), DType::f32, {4});
  EXPECT_NAMES(unknown.refusal(), "'pos_weight'", "logits");
  for (const char* reduction : {"sum", "none", "batch"}) {
    Bench divisor;
    divisor.give("reduction", reduction);
    EXPECT_EQ(divisor.refusal(), "");
    divisor.give("normalizer", "weight_sum");
    EXPECT_NAMES(divisor.refusal(), "'normalizer'", reduction, "mean");
  }
  EXPECT_THROW(Bench().give("label_smoothing", "1.5"), InputError);
  for (const auto& [name, value] : {std::pair{"normalizer", "rows"}, {"softcap", "-1"}, {"z_loss", "-1"}, {"prob_floor", "2"}, {"outputs", "loss"}})
    EXPECT_THROW(Bench().give(name, value), InputError) << name;
}

TEST(RowwiseDescription, TheContractCountsEveryArrayOnce) {
  const Loss loss = softmax_cross_entropy();
  Bench bench;
  bench.add("weight", bench.weight.data(), DType::f32, {4});
  EXPECT_EQ(loss.contract(bench.problem).read(), 48 + 12 + 16);
  EXPECT_EQ(loss.contract(bench.problem).written(), 4);
  bench.problem.pass = Pass::gradient;
  EXPECT_EQ(loss.contract(bench.problem).read(), 48 + 2 * 12 + 2 * 16);  // labels and their weights decide the divisor
  EXPECT_EQ(loss.contract(bench.problem).written(), 4 + 48);
  bench.give("normalizer", "valid");
  EXPECT_EQ(loss.contract(bench.problem).read(), 48 + 2 * 12 + 16);
  bench.give("normalizer", "full");
  EXPECT_EQ(loss.contract(bench.problem).read(), 48 + 12 + 16);
}

TEST(RowwiseDescription, OutputsOnRequest) {
  const Loss loss = softmax_cross_entropy();
  Bench bench;
  for (const OutputDescription& output : loss.outputs) EXPECT_FALSE(output.wanted(bench.problem.options)) << output.name;
  bench.give("outputs", "log_sum_exp,argmax");
  for (const OutputDescription& output : loss.outputs) {
    EXPECT_TRUE(output.wanted(bench.problem.options)) << output.name;
    EXPECT_EQ(loss.output_shape(output.name, bench.problem), Shape{3});
  }
  EXPECT_EQ(loss.contract(bench.problem).written(), 4 + 3 * (4 + 8));
}

TEST(RowwiseDescription, ShapesOfMadeUpData) {
  const Loss loss = softmax_cross_entropy();
  Options options(loss.options);
  EXPECT_EQ(loss.input_shape("logits", {5, 3}, options), (Shape{5, 3}));
  EXPECT_EQ(loss.input_shape("target", {5, 3}, options), (Shape{5}));
  EXPECT_EQ(loss.input_shape("target", {5, 3, 2, 7}, options), (Shape{5, 2, 7}));
  EXPECT_EQ(loss.input_shape("weight", {5, 3}, options), (Shape{3}));
  EXPECT_EQ(loss.input_shape("grad_output", {5, 3}, options), Shape{});
}

/// The reference, over shapes, options and inputs, is the definition to the rounding of a double.
TEST(RowwiseDescription, TheReferenceIsTheDefinition) {
  const Loss loss = softmax_cross_entropy();
  Variant exact = variants().front();
  exact.sum_ulps = [](std::int64_t, DType) { return 8.0; };
  std::vector<std::vector<std::string>> sets = {{}, {"empty=zero"}, {"normalizer=valid"}, {"normalizer=full"}, {"normalizer=batch"},
                                                {"normalizer=none"}, {"reduction=sum"}, {"reduction=none"}, {"reduction=batch"},
                                                {"label_smoothing=0.2"}, {"label_smoothing=1", "reduction=none"}, {"ignore_index=1"}};
  std::uint64_t seed = 0;
  for (const auto& options : sets)
    for (const Shape& shape : {Shape{0, 3}, Shape{1, 1}, Shape{11, 40}, Shape{3, 5, 2, 2}})
      for (const bool extras : {false, true}) {
        const Case test = make_case(DType::f64, shape, ++seed, options, extras, extras);
        WideProblem wide;
        wide.loss = loss.name, wide.options = test.parsed(), wide.pass = Pass::gradient, wide.dtype = DType::f64;
        Shape positions = shape;
        positions.erase(positions.begin() + 1);
        WideArray logits, target, weight, upstream;
        logits.shape = shape, logits.values = test.logits;
        target.shape = positions, target.labels = test.labels, target.is_label = true;
        weight.shape = {test.classes()}, weight.values = test.weight;
        upstream.shape = test.reduction() == Reduction::none ? positions : Shape{}, upstream.values = test.upstream;
        wide.inputs = {{"logits", logits}, {"target", target}};
        if (extras) wide.inputs["weight"] = weight, wide.inputs["grad_output"] = upstream;
        const WideResult got = loss.reference(wide);
        const Expected want = expected(test, exact);
        std::string where = to_string(shape);
        for (const std::string& option : options) where += " " + option;
        EXPECT_EQ(difference(got.outputs.at("loss").values, want.loss, want.loss_bound, DType::f64), "") << where;
        EXPECT_EQ(difference(got.outputs.at("grad_logits").values, want.gradient, want.gradient_bound, DType::f64), "") << where;
        EXPECT_EQ(got.condition.at("loss").size(), want.loss.size());
        EXPECT_EQ(got.condition.at("grad_logits").size(), want.gradient.size());
      }
}

}  // namespace
}  // namespace lossbench::rowwise_tests
