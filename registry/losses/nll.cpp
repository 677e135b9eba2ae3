#include "registry/losses/nll.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.h"
#include "reference/nll.h"
#include "reference/sum.h"
#include "registry/describe.h"

namespace lossbench {
namespace {

Shape positions_of(const Shape& log_probs) {
  Shape shape = log_probs;
  shape.erase(shape.begin() + 1);
  return shape;
}

Shape shape_of_loss(const Problem& problem) {
  return problem.reduction() == Reduction::none ? positions_of(problem.input("log_probs")->shape) : Shape{};
}

void resolve(Problem& problem, const std::vector<InputDescription>& inputs) {
  check_names(problem, inputs);
  check_dtypes(problem, inputs);
  const Shape& shape = problem.input("log_probs")->shape;
  if (shape.size() < 2)
    throw InputError(problem.loss + ": input 'log_probs' has shape " + to_string(shape) + "; it must be [N, C] or [N, C, d1, ...]");
  check_shape(problem, "target", positions_of(shape), "one label a position of 'log_probs'");
  check_shape(problem, "weight", {shape[1]}, "one weight a class");
  check_shape(problem, "grad_output", shape_of_loss(problem), "the shape of loss");
  for (const char* input : {"target", "weight", "grad_output"}) check_contiguous(problem, input);
  if (problem.options.given("normalizer") && problem.reduction() != Reduction::mean)
    throw InputError(problem.loss + ": option 'normalizer' chooses the divisor of a mean; 'reduction' is " +
                     problem.options.word("reduction") + ", accepted with it is mean");
  const std::int64_t ignore_index = problem.options.integer("ignore_index");
  check_labels(problem, "target", shape[1], &ignore_index);
}

bool divisor_from_labels(const Problem& problem) {
  if (problem.reduction() != Reduction::mean) return false;
  const std::string& normalizer = problem.options.word("normalizer");
  return normalizer == "weight_sum" || normalizer == "valid";
}

/// Of the log-probabilities only one element a row; nothing of them for the gradient, which does not depend on them.
Contract contract(const Problem& problem) {
  const bool gradient = problem.pass == Pass::gradient;
  const std::int64_t twice = gradient && divisor_from_labels(problem) ? 2 : 1;
  const Array& log_probs = *problem.input("log_probs");
  const auto size = static_cast<std::int64_t>(size_of(log_probs.dtype));
  Contract contract;
  contract.entries.push_back({"log_probs", problem.input("target")->count() * size, 0});
  contract.entries.push_back({"target", twice * problem.input("target")->bytes(), 0});
  if (const Array* weight = problem.input("weight")) contract.entries.push_back({"weight", weight->bytes(), 0});
  const DType loss = problem.reduction() == Reduction::none ? problem.dtype : reduced_type(problem.dtype);
  contract.entries.push_back({"loss", 0, count_of(shape_of_loss(problem)) * static_cast<std::int64_t>(size_of(loss))});
  if (gradient) {
    if (const Array* upstream = problem.input("grad_output")) contract.entries.push_back({"grad_output", upstream->bytes(), 0});
    contract.entries.push_back({"grad_log_probs", 0, log_probs.bytes()});
  }
  return contract;
}

double divisor_of(const WideProblem& problem, double weights, std::int64_t kept, std::int64_t positions) {
  const std::string& reduction = problem.options.word("reduction");
  const auto samples = static_cast<double>(problem.inputs.at("log_probs").shape[0]);
  if (reduction == "batch") return samples;
  if (reduction != "mean") return 1;
  const std::string& normalizer = problem.options.word("normalizer");
  if (normalizer == "weight_sum") return weights;
  if (normalizer == "valid") return static_cast<double>(std::max<std::int64_t>(1, kept));
  return normalizer == "full" ? static_cast<double>(positions) : normalizer == "batch" ? samples : 1.0;
}

WideResult reference_of(const WideProblem& problem) {
  const WideArray& log_probs = problem.inputs.at("log_probs");
  const WideArray& target = problem.inputs.at("target");
  const auto weight = problem.inputs.find("weight"), upstream = problem.inputs.find("grad_output");
  const std::int64_t classes = log_probs.shape[1], positions = target.count(), ignored = problem.options.integer("ignore_index");
  std::int64_t inner = 1;
  for (std::size_t axis = 2; axis < log_probs.shape.size(); ++axis) inner *= log_probs.shape[axis];
  const bool none = problem.options.word("reduction") == "none";

  std::vector<double> losses(static_cast<std::size_t>(positions)), sizes(losses.size());
  std::vector<double> slopes(problem.pass == Pass::gradient ? log_probs.values.size() : 0);
  reference::Sum sum, size, weights;
  std::int64_t kept = 0;
  for (std::int64_t position = 0; position < positions; ++position) {
    const auto i = static_cast<std::size_t>(position);
    const std::int64_t label = target.labels[i];
    if (!reference::nll_keeps(label, ignored, classes)) continue;
    const auto at = static_cast<std::size_t>((position / inner * classes + label) * inner + position % inner);
    const double w = weight == problem.inputs.end() ? 1.0 : weight->second.values[static_cast<std::size_t>(label)];
    losses[i] = reference::nll(log_probs.values[at], w);
    sizes[i] = std::fabs(losses[i]);
    sum.add(losses[i]), size.add(sizes[i]), weights.add(w);
    ++kept;
    if (!slopes.empty()) slopes[at] = -w * (upstream == problem.inputs.end() ? 1.0 : upstream->second.values[none ? i : 0]);
  }
  const double divisor = divisor_of(problem, weights.value(), kept, positions);
  const bool empty = divisor == 0;
  WideResult result;
  if (none) {
    result.outputs["loss"] = {.shape = positions_of(log_probs.shape), .values = std::move(losses), .labels = {}};
    result.condition["loss"] = std::move(sizes);
  } else {
    const double nothing = problem.options.word("empty") == "zero" ? 0.0 : std::numeric_limits<double>::quiet_NaN();
    result.outputs["loss"] = {.shape = {}, .values = {empty ? nothing : sum.value() / divisor}, .labels = {}};
    result.condition["loss"] = {empty ? 0.0 : size.value() / std::fabs(divisor)};
  }
  if (problem.pass != Pass::gradient) return result;
  for (double& slope : slopes) slope = empty ? 0.0 : slope / divisor;
  std::vector<double> steepness(slopes.size());
  std::transform(slopes.begin(), slopes.end(), steepness.begin(), [](double slope) { return std::fabs(slope); });
  result.outputs["grad_log_probs"] = {.shape = log_probs.shape, .values = std::move(slopes), .labels = {}};
  result.condition["grad_log_probs"] = std::move(steepness);
  return result;
}

Shape input_shape(const std::string& input, const Shape& shape, const Options& options) {
  if (input == "log_probs") return shape;
  if (input == "weight") return {shape[1]};
  if (input == "grad_output" && options.word("reduction") != "none") return {};
  return positions_of(shape);
}

}  // namespace

// Rounding, in multiples of u·|result|: in double until the one rounding of the result, so these count in f64 only: product 1, rows
// added with compensation and divided 16; the gradient's product, scale and divisor 20.
Loss nll() {
  Loss loss;
  loss.name = "nll";
  loss.summary = "-w_y·log_probs_y, y the target";
  loss.source = "torch.nn.functional.nll_loss";
  loss.inputs = {{.name = "log_probs", .shape = "[N, C] or [N, C, d1, …]", .meaning = "log-probabilities", .differentiable = true,
                  .prediction = true},
                 {.name = "target", .content = Content::label, .shape = "[N] or [N, d1, …]", .meaning = "class of each position"},
                 {.name = "weight", .content = Content::weight, .shape = "[C]", .meaning = "factor of each class; ones without it",
                  .optional = true},
                 grad_output_input()};
  loss.options = {
      reduction_option(),
      OptionDescription::integer("ignore_index", -100, "label of positions that are left out: loss 0, gradient 0"),
      OptionDescription::choice("normalizer", "weight_sum", {"weight_sum", "valid", "full", "batch", "none"},
                                "divisor of the mean: weights of the labels kept, max(1, positions kept), all positions, N, or 1"),
      empty_option()};
  loss.rounding = {.value_ulps = 4, .gradient_ulps = 20};
  loss.resolve = [inputs = loss.inputs](Problem& problem) { resolve(problem, inputs); };
  loss.loss_shape = shape_of_loss;
  loss.contract = contract;
  loss.reference = reference_of;
  loss.sum_length = [](const Problem& problem) { return problem.input("target")->count(); };
  loss.input_shape = input_shape;
  loss.preference = {"gather_label"};
  loss.default_shapes = {{32768, 1024}, {16384, 32000}};
  loss.option_sets = {"reduction=sum", "reduction=none", "reduction=batch", "+weight", "+weight reduction=none", "ignore_index=1 empty=zero",
                      "normalizer=valid +weight", "normalizer=full", "normalizer=batch", "normalizer=none"};
  return loss;
}

}  // namespace lossbench
