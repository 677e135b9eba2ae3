#include "registry/losses/softmax_cross_entropy.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "core/error.h"
#include "reference/softmax_cross_entropy.h"
#include "reference/sum.h"
#include "registry/describe.h"

namespace lossbench {
namespace {

/// [N, C, d1, …] without its classes: the shape of the target and of the loss of every position.
Shape positions_of(const Shape& logits) {
  Shape shape = logits;
  shape.erase(shape.begin() + 1);
  return shape;
}

Shape shape_of_loss(const Problem& problem) {
  return problem.reduction() == Reduction::none ? positions_of(problem.input("logits")->shape) : Shape{};
}

bool divisor_from_labels(const Problem& problem) {
  if (problem.reduction() != Reduction::mean) return false;
  const std::string& normalizer = problem.options.word("normalizer");
  return normalizer == "weight_sum" || normalizer == "valid";
}

void resolve(Problem& problem, const std::vector<InputDescription>& inputs) {
  check_names(problem, inputs);
  check_dtypes(problem, inputs);
  const Shape& logits = problem.input("logits")->shape;
  if (logits.size() < 2)
    throw InputError(problem.loss + ": input 'logits' has shape " + to_string(logits) + "; it must be [N, C] or [N, C, d1, ...]");
  check_shape(problem, "target", positions_of(logits), "one label a position of 'logits'");
  check_shape(problem, "weight", {logits[1]}, "one weight a class");
  check_shape(problem, "grad_output", shape_of_loss(problem), "the shape of loss");
  for (const char* input : {"target", "weight", "grad_output"}) check_contiguous(problem, input);
  if (problem.options.given("normalizer") && problem.reduction() != Reduction::mean)
    throw InputError(problem.loss + ": option 'normalizer' chooses the divisor of a mean; 'reduction' is " +
                     problem.options.word("reduction") + ", accepted with it is mean");
  const std::int64_t ignore_index = problem.options.integer("ignore_index");
  check_labels(problem, "target", logits[1], &ignore_index);
}

/// Every array once. Where the divisor of gradients depends on labels, these are read before the first gradient and again with
/// their row; so are the weights that count in the divisor.
Contract contract(const Problem& problem) {
  const bool gradient = problem.pass == Pass::gradient;
  const std::int64_t twice = gradient && divisor_from_labels(problem) ? 2 : 1;
  Contract contract;
  contract.entries.push_back({"logits", problem.input("logits")->bytes(), 0});
  contract.entries.push_back({"target", twice * problem.input("target")->bytes(), 0});
  if (const Array* weight = problem.input("weight")) {
    const bool counts = problem.reduction() == Reduction::mean && problem.options.word("normalizer") == "weight_sum";
    contract.entries.push_back({"weight", (counts ? twice : 1) * weight->bytes(), 0});
  }
  const DType loss = problem.reduction() == Reduction::none ? problem.dtype : reduced_type(problem.dtype);
  contract.entries.push_back({"loss", 0, count_of(shape_of_loss(problem)) * static_cast<std::int64_t>(size_of(loss))});
  if (gradient) {
    if (const Array* upstream = problem.input("grad_output")) contract.entries.push_back({"grad_output", upstream->bytes(), 0});
    contract.entries.push_back({"grad_logits", 0, problem.input("logits")->bytes()});
  }
  return contract;
}

/// Sums over the positions, and what they are divided by.
struct Totals {
  reference::Sum loss, condition, weight;
  std::int64_t kept = 0;
};

double divisor_of(const WideProblem& problem, const Totals& totals, std::int64_t samples, std::int64_t positions) {
  const std::string& reduction = problem.options.word("reduction");
  if (reduction == "batch") return static_cast<double>(samples);
  if (reduction != "mean") return 1;
  const std::string& normalizer = problem.options.word("normalizer");
  if (normalizer == "weight_sum") return totals.weight.value();
  if (normalizer == "valid") return static_cast<double>(std::max<std::int64_t>(1, totals.kept));
  return normalizer == "full" ? static_cast<double>(positions) : normalizer == "batch" ? static_cast<double>(samples) : 1.0;
}

WideResult reference_of(const WideProblem& problem) {
  const WideArray& logits = problem.inputs.at("logits");
  const WideArray& target = problem.inputs.at("target");
  const auto weight = problem.inputs.find("weight"), upstream = problem.inputs.find("grad_output");
  const std::span<const double> class_weight = weight == problem.inputs.end() ? std::span<const double>() : weight->second.values;
  const bool none = problem.options.word("reduction") == "none", gradients = problem.pass == Pass::gradient;
  const std::int64_t samples = logits.shape[0], classes = logits.shape[1], positions = target.count();
  const std::int64_t inner = samples > 0 ? positions / samples : 0;
  const reference::SoftmaxOptions options{.label_smoothing = problem.options.real("label_smoothing"),
                                          .ignore_index = problem.options.integer("ignore_index")};

  const auto size = static_cast<std::size_t>(positions);
  std::vector<double> losses(size), conditions(size);
  std::vector<double> slopes(gradients ? logits.values.size() : 0), steepness(slopes.size());
  std::vector<double> row(static_cast<std::size_t>(classes)), slope(row.size()), slope_condition(row.size());
  Totals totals;
  for (std::int64_t position = 0; position < positions; ++position) {
    // Classes of a position lie `inner` apart.
    const std::int64_t first = inner > 0 ? position / inner * classes * inner + position % inner : 0;
    for (std::int64_t c = 0; c < classes; ++c) row[std::size_t(c)] = logits.values[std::size_t(first + c * inner)];
    const std::int64_t label = target.labels[std::size_t(position)];
    const reference::SoftmaxRow result = reference::softmax_cross_entropy_row(
        row, label, class_weight, options, gradients ? slope.data() : nullptr, gradients ? slope_condition.data() : nullptr);
    losses[std::size_t(position)] = result.value, conditions[std::size_t(position)] = result.condition;
    totals.loss.add(result.value), totals.condition.add(result.condition);
    if (label != options.ignore_index && label >= 0 && label < classes) {
      ++totals.kept;
      totals.weight.add(class_weight.empty() ? 1.0 : class_weight[std::size_t(label)]);
    }
    if (!gradients) continue;
    for (std::int64_t c = 0; c < classes; ++c) {
      slopes[std::size_t(first + c * inner)] = slope[std::size_t(c)];
      steepness[std::size_t(first + c * inner)] = slope_condition[std::size_t(c)];
    }
  }

  const double divisor = divisor_of(problem, totals, samples, positions);
  const bool empty = divisor == 0;
  WideResult result;
  if (none) {
    result.outputs["loss"] = {.shape = target.shape, .values = std::move(losses), .labels = {}};
    result.condition["loss"] = std::move(conditions);
  } else {
    const double nothing = problem.options.word("empty") == "zero" ? 0.0 : std::numeric_limits<double>::quiet_NaN();
    result.outputs["loss"] = {.shape = {}, .values = {empty ? nothing : totals.loss.value() / divisor}, .labels = {}};
    result.condition["loss"] = {empty ? 0.0 : totals.condition.value() / std::fabs(divisor)};
  }
  if (!gradients) return result;

  for (std::int64_t position = 0; position < positions; ++position) {
    const std::int64_t first = position / inner * classes * inner + position % inner;
    const std::int64_t label = target.labels[std::size_t(position)];
    const bool kept = label != options.ignore_index && label >= 0 && label < classes;
    const double factor = (upstream == problem.inputs.end() ? 1.0 : upstream->second.values[none ? std::size_t(position) : 0]) / divisor;
    for (std::int64_t c = 0; c < classes; ++c) {
      const auto at = std::size_t(first + c * inner);
      slopes[at] = kept && !empty ? slopes[at] * factor : 0.0;
      steepness[at] = kept && !empty ? steepness[at] * std::fabs(factor) : 0.0;
    }
  }
  result.outputs["grad_logits"] = {.shape = logits.shape, .values = std::move(slopes), .labels = {}};
  result.condition["grad_logits"] = std::move(steepness);
  return result;
}

Shape input_shape(const std::string& input, const Shape& shape, const Options& options) {
  if (input == "logits") return shape;
  if (input == "weight") return {shape[1]};
  if (input == "grad_output" && options.word("reduction") != "none") return {};
  return positions_of(shape);
}

}  // namespace

// Rounding, in multiples of u·condition (see reference/softmax_cross_entropy.h), with s the variant's sum_ulps, its error in
// adding exponentials:
//   l          e^(x - m): 4 (2 ulp of expf) and what its exponent inherits, which the condition holds; s for adding
//   log l      1 for rounding l to float, 4 of log l (2 ulp of log1pf): value 4 + 1, the log's own part is below that
//   loss       formed from log l and m - x_y in double; rows are added in double with compensation, partial sums in double:
//              5 a thread and 8 levels, which count in f64 only
//   gradient   e^(x - m): 4, its factor t·scale/l: 4 for l and 1 for rounding it, product, weight, difference: 1 each; in f64
//              also 5 for the factor and 13 for a divisor that was added up
Loss softmax_cross_entropy() {
  Loss loss;
  loss.name = "softmax_cross_entropy";
  loss.summary = "-Σ_c t_c·log softmax(x)_c with t_c = w_c·((1-ε)·[c = target] + ε/C)";
  loss.source = "torch.nn.functional.cross_entropy; Caffe SoftmaxWithLoss";
  loss.inputs = {{.name = "logits", .shape = "[N, C] or [N, C, d1, …]", .meaning = "unnormalised log-probabilities", .differentiable = true,
                  .prediction = true},
                 {.name = "target", .content = Content::label, .shape = "[N] or [N, d1, …]", .meaning = "class of each position"},
                 {.name = "weight", .content = Content::weight, .shape = "[C]", .meaning = "factor of each class; ones without it",
                  .optional = true},
                 grad_output_input()};
  loss.options = {
      reduction_option(),
      OptionDescription::integer("ignore_index", -100, "label of positions that are left out: loss 0, gradient 0"),
      OptionDescription::real("label_smoothing", 0.0, "share ε of the target that goes to all classes alike").at_least(0).at_most(1),
      OptionDescription::choice("normalizer", "weight_sum", {"weight_sum", "valid", "full", "batch", "none"},
                                "divisor of the mean: weights of the labels kept, max(1, positions kept), all positions, N, or 1"),
      empty_option()};
  loss.rounding = {.value_ulps = 5 + 13, .gradient_ulps = 12 + 18};

  loss.resolve = [inputs = loss.inputs](Problem& problem) { resolve(problem, inputs); };
  loss.loss_shape = shape_of_loss;
  loss.contract = contract;
  loss.reference = reference_of;
  loss.sum_length = [](const Problem& problem) { return problem.input("logits")->shape[1]; };
  loss.input_shape = input_shape;

  loss.preference = {"online", "warp_per_row", "three_pass"};
  loss.default_shapes = {{32768, 1024}, {32768, 4096}, {16384, 32000}, {8192, 50257}, {8192, 128256}};
  loss.option_sets = {"reduction=sum",
                      "reduction=none",
                      "reduction=batch",
                      "label_smoothing=0.1",
                      "+weight",
                      "+weight label_smoothing=0.1",
                      "+weight label_smoothing=1 reduction=none",
                      "ignore_index=0 normalizer=valid",
                      "ignore_index=1 empty=zero",
                      "normalizer=full +weight",
                      "normalizer=batch",
                      "normalizer=none label_smoothing=0.5"};
  return loss;
}

}  // namespace lossbench
