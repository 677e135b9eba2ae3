// The zero-one loss in all its modes: description, checks, reference.
#include "registry/losses/zero_one.h"

#include <cmath>
#include <limits>
#include <span>

#include "reference/sum.h"

namespace lossbench {

namespace {

bool by_rows(const std::string& mode) { return mode == "argmax" || mode == "multilabel_subset"; }

std::string mode_of(const Options& options) { return options.has("mode") ? options.word("mode") : "labels"; }

/// The input whose first dimension counts the samples.
const char* decision_input(const std::string& mode) { return mode == "argmax" || mode == "sign" ? "scores" : "pred"; }

std::vector<InputDescription> inputs_of_mode(const std::string& mode) {
  const char* shape = mode == "argmax" ? "[N, C]" : mode == "multilabel_subset" ? "[N, L]" : mode == "tolerance" ? "[*]" : "[N]";
  InputDescription decision{.name = decision_input(mode), .shape = shape};
  InputDescription target{.name = "target", .shape = by_rows(mode) && mode != "multilabel_subset" ? "[N]" : shape};
  if (mode == "labels") decision.content = target.content = Content::label;
  if (mode == "multilabel_subset") decision.content = target.content = Content::binary;
  if (mode == "argmax") target.content = Content::label;
  if (mode == "sign") target.content = Content::sign;
  return {decision, target,
          {.name = "sample_weight", .content = Content::weight, .shape = "[N]", .meaning = "factor of each sample", .optional = true}};
}

/// `scores` of rank 2 means argmax, of rank 1 sign; integer `pred` of rank 2 means multilabel_subset, of rank 1 labels; real
/// `pred` means tolerance.
void infer(Problem& problem) {
  const Array *scores = problem.input("scores"), *pred = problem.input("pred");
  if (scores && pred) throw InputError("zero_one: inputs 'pred' and 'scores' are both given; give one of them");
  if (!scores && !pred) throw InputError("zero_one: input 'pred' or 'scores' is missing");
  const std::string inferred = scores ? (scores->shape.size() == 2 ? "argmax" : "sign")
                                      : is_real(pred->dtype) ? "tolerance" : pred->shape.size() == 2 ? "multilabel_subset" : "labels";
  if (!problem.options.given("mode")) {
    problem.options.set("mode", inferred);
  } else if (const std::string& mode = problem.options.word("mode"); mode != inferred) {
    if (mode == "labels" && inferred == "multilabel_subset")
      throw InputError("zero_one: mode=labels takes 'pred' of shape [N], not " + to_string(pred->shape));
    throw InputError("zero_one: option 'mode' is " + mode + ", but the inputs given are those of mode=" + inferred);
  }
}

void resolve(Problem& problem) {
  infer(problem);
  const std::string mode = mode_of(problem.options);
  const std::vector<InputDescription> inputs = inputs_of_mode(mode);
  check_names(problem, inputs);
  check_dtypes(problem, inputs);
  if (problem.pass == Pass::gradient) throw InputError("zero_one has no gradient: it is zero almost everywhere");
  const char* decision = decision_input(mode);
  const Shape shape = problem.input(decision)->shape;
  if (by_rows(mode) && shape.size() != 2)
    throw InputError(std::string("zero_one: input '") + decision + "' has shape " + to_string(shape) + "; mode=" + mode + " takes rank 2");
  if (mode == "argmax") {
    if (shape[1] == 0 && shape[0] > 0) throw InputError("zero_one: input 'scores' has no classes: " + to_string(shape));
    check_shape(problem, "target", {shape[0]}, "one label a row");
    check_labels(problem, "target", shape[1]);
  } else {
    check_same_shape(problem, "target", decision);
  }
  if (mode == "sign") check_signs(problem, "target");
  if (mode == "multilabel_subset") {
    check_labels(problem, "pred", 2);
    check_labels(problem, "target", 2);
  }
  const Array *one = problem.input(decision), *two = problem.input("target");
  if (!is_real(one->dtype) && one->dtype != two->dtype)
    throw InputError("zero_one: inputs 'pred' and 'target' must both be i32 or both be i64");
  if (problem.input("sample_weight"))
    check_shape(problem, "sample_weight", by_rows(mode) ? Shape{shape[0]} : shape, "one weight a sample");
  for (const InputDescription& input : inputs) check_contiguous(problem, input.name);
}

Shape decisions_shape(const Problem& problem) {
  const Shape& shape = problem.inputs.front().array.shape;
  return by_rows(mode_of(problem.options)) ? Shape{shape.empty() ? 0 : shape.front()} : shape;
}

Contract contract(const Problem& problem) {
  Contract contract;
  const bool computed = problem.reduction() == Reduction::mean;
  for (const NamedArray& input : problem.inputs)
    contract.entries.push_back({input.name, (input.name == "sample_weight" && computed ? 2 : 1) * input.array.bytes(), 0});
  const bool none = problem.reduction() == Reduction::none;
  contract.entries.push_back({"loss", 0, none ? count_of(decisions_shape(problem)) * std::int64_t(size_of(problem.dtype))
                                              : std::int64_t(size_of(reduced_type(problem.inputs.front().array.dtype)))});
  return contract;
}

/// 0, 1 or NaN for every decision.
std::vector<double> decisions(const WideProblem& problem) {
  const std::string mode = mode_of(problem.options);
  const WideArray &made = problem.inputs.at(decision_input(mode)), &target = problem.inputs.at("target");
  const std::size_t rows = std::size_t(by_rows(mode) ? made.shape[0] : made.count());
  const std::size_t width = by_rows(mode) ? std::size_t(made.shape[1]) : 1;
  std::vector<double> wrong(rows);
  for (std::size_t i = 0; i < rows; ++i) {
    if (mode == "labels") wrong[i] = reference::zero_one_labels(made.labels[i], target.labels[i]);
    else if (mode == "sign") wrong[i] = reference::zero_one_sign(made.values[i], target.values[i]);
    else if (mode == "tolerance") wrong[i] = reference::zero_one_tolerance(made.values[i], target.values[i], problem.options.real("T"));
    else if (mode == "argmax") wrong[i] = reference::zero_one_argmax(std::span(&made.values[i * width], width), target.labels[i]);
    else wrong[i] = reference::zero_one_subset(std::span(made.labels.data() + i * width, width), std::span(target.labels.data() + i * width, width));
  }
  return wrong;
}

WideResult evaluate(const WideProblem& problem) {
  std::vector<double> losses = decisions(problem);
  const auto weight = problem.inputs.find("sample_weight");
  const bool weighted = weight != problem.inputs.end();
  reference::Sum sum, magnitude, weights;
  for (std::size_t i = 0; i < losses.size(); ++i) {
    if (weighted) losses[i] *= weight->second.values[i];
    sum.add(losses[i]);
    magnitude.add(std::fabs(losses[i]));
    weights.add(weighted ? weight->second.values[i] : 1.0);
  }
  const std::string& reduction = problem.options.word("reduction");
  const std::string mode = mode_of(problem.options);
  const Shape& shape = problem.inputs.at(decision_input(mode)).shape;
  WideResult result;
  if (reduction == "none") {
    result.condition["loss"] = std::vector<double>(losses.size());
    for (std::size_t i = 0; i < losses.size(); ++i) result.condition["loss"][i] = std::fabs(losses[i]);
    result.outputs["loss"] = {.shape = by_rows(mode) ? Shape{shape[0]} : shape, .values = std::move(losses)};
    return result;
  }
  const double first = shape.empty() ? 1.0 : double(shape[0]);
  const double divisor = reduction == "sum" ? 1.0 : reduction == "batch" ? first : weights.value();
  const bool empty = divisor == 0;
  const double nothing = problem.options.word("empty") == "zero" ? 0.0 : std::numeric_limits<double>::quiet_NaN();
  result.outputs["loss"] = {.shape = {}, .values = {empty ? nothing : sum.value() / divisor}};
  result.condition["loss"] = {empty ? 0.0 : magnitude.value() / std::fabs(divisor)};
  return result;
}

}  // namespace

Loss zero_one() {
  return {.name = "zero_one",
          .summary = "1 for a wrong decision, 0 for a right one",
          .source = "scikit-learn zero_one_loss (labels, multilabel_subset); the perceptron's rule (sign)",
          .inputs = {{.name = "pred", .content = Content::label, .shape = "[N], [N, L] or [*]",
                      .meaning = "labels; sets of labels in {0, 1}; real values (mode=tolerance)", .optional = true},
                     {.name = "scores", .shape = "[N, C] or [N]", .meaning = "scores of the classes, or of class +1", .optional = true},
                     {.name = "target", .content = Content::label, .shape = "[N] or that of pred", .meaning = "what they should be"},
                     {.name = "sample_weight", .content = Content::weight, .shape = "[N]",
                      .meaning = "factor of each sample; the mean divides by its sum", .optional = true}},
          .options = {OptionDescription::choice("mode", std::nullopt, {"labels", "argmax", "sign", "tolerance", "multilabel_subset"},
                                                "what is decided; inferred from the inputs"),
                      OptionDescription::real("T", 1.0, "mode=tolerance: right only where |target - pred| < T").above(0),
                      reduction_option(), empty_option()},
          .rounding = {.value_ulps = 1},
          .infer = infer,
          .inputs_of_form = [](const Options& options) { return inputs_of_mode(mode_of(options)); },
          .resolve = resolve,
          .loss_shape = [](const Problem& problem) {
            return problem.reduction() == Reduction::none ? decisions_shape(problem) : Shape{};
          },
          .contract = contract,
          .reference = evaluate,
          .sum_length = [](const Problem& problem) { return count_of(decisions_shape(problem)); },
          .input_shape = [](const std::string& input, const Shape& shape, const Options& options) -> Shape {
            const std::string mode = mode_of(options);
            if (!by_rows(mode)) return shape;
            const std::int64_t width = shape.size() > 1 ? shape[1] : 10;
            const bool matrix = input == decision_input(mode) || (mode == "multilabel_subset" && input == "target");
            return matrix ? Shape{shape[0], width} : Shape{shape[0]};
          },
          .preference = {"single_pass", "compensated", "elementwise", "row_count", "vectorized", "warp_shuffle", "shared_tree",
                         "naive_atomic", "cub", "simd", "thrust"},
          .default_shapes = {{std::int64_t(1) << 28}, {std::int64_t(1) << 24}, {std::int64_t(1) << 20}},
          .option_sets = {"mode=labels reduction=sum", "mode=labels +sample_weight", "mode=labels reduction=none", "mode=sign",
                          "mode=sign +sample_weight", "mode=sign reduction=none", "mode=tolerance T=0.5", "mode=tolerance +sample_weight",
                          "mode=argmax", "mode=argmax +sample_weight", "mode=argmax reduction=none", "mode=multilabel_subset",
                          "mode=multilabel_subset +sample_weight reduction=batch", "mode=labels empty=zero"}};
}

}  // namespace lossbench
