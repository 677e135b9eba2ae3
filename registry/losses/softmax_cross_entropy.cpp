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

bool has_probabilities(const Options& options) { return options.has("target") && options.word("target") == "probs"; }

bool divisor_from_labels(const Problem& problem) {
  if (problem.reduction() != Reduction::mean || has_probabilities(problem.options)) return false;
  const std::string& normalizer = problem.options.word("normalizer");
  return normalizer == "weight_sum" || normalizer == "valid";
}

/// Labels are integers, probabilities are not.
void infer(Problem& problem) {
  const Array* target = problem.input("target");
  if (!target) return;
  const std::string form = is_real(target->dtype) ? "probs" : "index";
  if (problem.options.given("target") && problem.options.word("target") != form)
    throw InputError(problem.loss + ": option 'target' is " + problem.options.word("target") + ", but input 'target' is " +
                     std::string(name_of(target->dtype)) + "; accepted: i32 or i64 with index, a real type with probs");
  problem.options.set("target", form);
}

std::vector<InputDescription> inputs_of_form(const Options& options) {
  const bool probabilities = has_probabilities(options);
  return {{.name = "logits", .shape = "[N, C] or [N, C, d1, …]", .meaning = "unnormalised log-probabilities", .differentiable = true,
           .prediction = true},
          {.name = "target", .content = probabilities ? Content::probability : Content::label,
           .shape = probabilities ? "shape of logits" : "[N] or [N, d1, …]",
           .meaning = probabilities ? "probability of each class" : "class of each position"},
          {.name = "weight", .content = Content::weight, .shape = "[C]", .meaning = "factor of each class; ones without it",
           .optional = true},
          grad_output_input()};
}

void resolve_options(Problem& problem) {
  Options& options = problem.options;
  if (options.given("normalizer") && problem.reduction() != Reduction::mean)
    throw InputError(problem.loss + ": option 'normalizer' chooses the divisor of a mean; 'reduction' is " + options.word("reduction") +
                     ", accepted with it is mean");
  if (!has_probabilities(options)) return;
  if (options.given("ignore_index"))
    throw InputError(problem.loss + ": option 'ignore_index' is a label; accepted with target=index only");
  if (options.given("normalizer") && options.word("normalizer") == "weight_sum")
    throw InputError(problem.loss + ": option 'normalizer' is weight_sum, which adds up the weights of labels; accepted with "
                     "target=probs: batch_positions, valid, full, batch, none");
  if (!options.given("normalizer")) options.set("normalizer", std::string("batch_positions"));
}

void resolve(Problem& problem) {
  infer(problem);
  const std::vector<InputDescription> inputs = inputs_of_form(problem.options);
  check_names(problem, inputs);
  check_dtypes(problem, inputs);
  const Shape& logits = problem.input("logits")->shape;
  if (logits.size() < 2)
    throw InputError(problem.loss + ": input 'logits' has shape " + to_string(logits) + "; it must be [N, C] or [N, C, d1, ...]");
  const bool probabilities = has_probabilities(problem.options);
  check_shape(problem, "target", probabilities ? logits : positions_of(logits),
              probabilities ? "one probability a logit" : "one label a position of 'logits'");
  check_shape(problem, "weight", {logits[1]}, "one weight a class");
  check_shape(problem, "grad_output", shape_of_loss(problem), "the shape of loss");
  for (const char* input : {"target", "weight", "grad_output"}) check_contiguous(problem, input);
  resolve_options(problem);
  const std::int64_t ignore_index = problem.options.integer("ignore_index");
  if (!probabilities) check_labels(problem, "target", logits[1], &ignore_index);
}

bool wants(const Options& options, std::string_view output) {
  return options.has("outputs") && options.word("outputs").find(output) != std::string::npos;
}

std::vector<NamedArray> extra_outputs(const Problem& problem) {
  const Array& logits = *problem.input("logits");
  std::vector<NamedArray> outputs;
  if (wants(problem.options, "log_sum_exp"))
    outputs.push_back({"log_sum_exp", Array::contiguous(nullptr, reduced_type(logits.dtype), positions_of(logits.shape))});
  if (wants(problem.options, "argmax")) outputs.push_back({"argmax", Array::contiguous(nullptr, DType::i64, positions_of(logits.shape))});
  return outputs;
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
  for (const NamedArray& extra : extra_outputs(problem)) contract.entries.push_back({extra.name, 0, extra.array.bytes()});
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
  return normalizer == "full" || normalizer == "batch_positions" ? static_cast<double>(positions) : normalizer == "batch" ? static_cast<double>(samples) : 1.0;
}

/// One position of the problem, as the reference of a row wants it.
class Rows {
 public:
  explicit Rows(const WideProblem& problem)
      : logits_(problem.inputs.at("logits")), target_(problem.inputs.at("target")),
        options_{.label_smoothing = problem.options.real("label_smoothing"), .ignore_index = problem.options.integer("ignore_index"),
                 .z_loss = problem.options.real("z_loss"), .prob_floor = problem.options.real("prob_floor"),
                 .softcap = problem.options.real("softcap")} {
    const auto weight = problem.inputs.find("weight");
    if (weight != problem.inputs.end()) weight_ = weight->second.values;
    samples = logits_.shape[0], classes = logits_.shape[1];
    for (std::size_t axis = 2; axis < logits_.shape.size(); ++axis) inner_ *= logits_.shape[axis];
    positions = samples * inner_;
    row_.resize(static_cast<std::size_t>(classes)), probability_.resize(row_.size());
  }

  /// Index of class c of a position: classes lie inner apart.
  std::size_t at(std::int64_t position, std::int64_t c) const {
    return static_cast<std::size_t>((position / inner_ * classes + c) * inner_ + position % inner_);
  }
  std::int64_t label(std::int64_t position) const { return target_.labels[static_cast<std::size_t>(position)]; }
  bool kept(std::int64_t position) const {
    if (!target_.is_label) return true;
    const std::int64_t y = label(position);
    return y != options_.ignore_index && y >= 0 && y < classes;
  }
  double weight(std::int64_t position) const {
    return weight_.empty() || !target_.is_label ? 1.0 : weight_[static_cast<std::size_t>(label(position))];
  }

  reference::SoftmaxRow evaluate(std::int64_t position, double* slope, double* slope_condition) {
    read(position);
    if (target_.is_label)
      return reference::softmax_cross_entropy_row(row_, label(position), weight_, options_, slope, slope_condition);
    for (std::int64_t c = 0; c < classes; ++c) probability_[static_cast<std::size_t>(c)] = target_.values[at(position, c)];
    return reference::softmax_cross_entropy_row(row_, std::span<const double>(probability_), weight_, options_, slope, slope_condition);
  }
  reference::SoftmaxSums sums(std::int64_t position) {
    read(position);
    return reference::softmax_sums(row_, options_.softcap);
  }

  std::int64_t samples = 0, classes = 0, positions = 0;

 private:
  void read(std::int64_t position) {
    for (std::int64_t c = 0; c < classes; ++c) row_[static_cast<std::size_t>(c)] = logits_.values[at(position, c)];
  }

  const WideArray& logits_;
  const WideArray& target_;
  reference::SoftmaxOptions options_;
  std::span<const double> weight_;
  std::int64_t inner_ = 1;
  std::vector<double> row_, probability_;
};

/// log_sum_exp and argmax of every position. The first is m + log l, with the errors of both (reference/softmax_cross_entropy.h).
void describe_rows(const WideProblem& problem, Rows& rows, const Shape& shape, WideResult& result) {
  const auto size = static_cast<std::size_t>(rows.positions);
  WideArray sums{.shape = shape, .values = std::vector<double>(size), .labels = {}};
  WideArray best{.shape = shape, .values = {}, .labels = std::vector<std::int64_t>(size), .is_label = true};
  std::vector<double> condition(size);
  for (std::int64_t position = 0; position < rows.positions; ++position) {
    const reference::SoftmaxSums row = rows.sums(position);
    const auto i = static_cast<std::size_t>(position);
    sums.values[i] = row.log_sum_exp;
    condition[i] = row.proper ? std::fabs(row.maximum) + row.log_l + 1 + row.spread : 0;
    best.labels[i] = row.argmax;
  }
  if (wants(problem.options, "log_sum_exp")) result.outputs["log_sum_exp"] = std::move(sums), result.condition["log_sum_exp"] = std::move(condition);
  if (wants(problem.options, "argmax")) result.outputs["argmax"] = std::move(best), result.condition["argmax"] = std::vector<double>(size);
}

WideResult reference_of(const WideProblem& problem) {
  const WideArray& logits = problem.inputs.at("logits");
  const auto upstream = problem.inputs.find("grad_output");
  const bool none = problem.options.word("reduction") == "none", gradients = problem.pass == Pass::gradient;
  const Shape position_shape = positions_of(logits.shape);
  Rows rows(problem);

  const auto size = static_cast<std::size_t>(rows.positions), classes = static_cast<std::size_t>(rows.classes);
  std::vector<double> losses(size), conditions(size);
  std::vector<double> slopes(gradients ? logits.values.size() : 0), steepness(slopes.size());
  std::vector<double> slope(classes), slope_condition(classes);
  Totals totals;
  for (std::int64_t position = 0; position < rows.positions; ++position) {
    const reference::SoftmaxRow result =
        rows.evaluate(position, gradients ? slope.data() : nullptr, gradients ? slope_condition.data() : nullptr);
    losses[std::size_t(position)] = result.value, conditions[std::size_t(position)] = result.condition;
    totals.loss.add(result.value), totals.condition.add(result.condition);
    if (rows.kept(position)) {
      ++totals.kept;
      totals.weight.add(rows.weight(position));
    }
    if (!gradients) continue;
    for (std::int64_t c = 0; c < rows.classes; ++c) {
      slopes[rows.at(position, c)] = slope[std::size_t(c)];
      steepness[rows.at(position, c)] = slope_condition[std::size_t(c)];
    }
  }

  const double divisor = divisor_of(problem, totals, rows.samples, rows.positions);
  const bool empty = divisor == 0;
  WideResult result;
  if (none) {
    result.outputs["loss"] = {.shape = position_shape, .values = std::move(losses), .labels = {}};
    result.condition["loss"] = std::move(conditions);
  } else {
    const double nothing = problem.options.word("empty") == "zero" ? 0.0 : std::numeric_limits<double>::quiet_NaN();
    result.outputs["loss"] = {.shape = {}, .values = {empty ? nothing : totals.loss.value() / divisor}, .labels = {}};
    result.condition["loss"] = {empty ? 0.0 : totals.condition.value() / std::fabs(divisor)};
  }
  if (wants(problem.options, "log_sum_exp") || wants(problem.options, "argmax")) describe_rows(problem, rows, position_shape, result);
  if (!gradients) return result;

  for (std::int64_t position = 0; position < rows.positions; ++position) {
    const bool kept = rows.kept(position) && !empty;
    const double factor = (upstream == problem.inputs.end() ? 1.0 : upstream->second.values[none ? std::size_t(position) : 0]) / divisor;
    for (std::int64_t c = 0; c < rows.classes; ++c) {
      const std::size_t at = rows.at(position, c);
      slopes[at] = kept ? slopes[at] * factor : 0.0;
      steepness[at] = kept ? steepness[at] * std::fabs(factor) : 0.0;
    }
  }
  result.outputs["grad_logits"] = {.shape = logits.shape, .values = std::move(slopes), .labels = {}};
  result.condition["grad_logits"] = std::move(steepness);
  return result;
}

Shape input_shape(const std::string& input, const Shape& shape, const Options& options) {
  if (input == "logits" || (input == "target" && has_probabilities(options))) return shape;
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
  loss.inputs = inputs_of_form({});
  loss.inputs_of_form = inputs_of_form;
  loss.infer = infer;
  loss.options = {
      reduction_option(),
      OptionDescription::choice("target", std::nullopt, {"index", "probs"}, "what input 'target' holds: labels, or a probability a logit; "
                                "inferred from its dtype"),
      OptionDescription::integer("ignore_index", -100, "label of positions that are left out: loss 0, gradient 0"),
      OptionDescription::real("label_smoothing", 0.0, "share ε of the target that goes to all classes alike").at_least(0).at_most(1),
      OptionDescription::real("z_loss", 0.0, "adds z·log_sum_exp² to the loss of each kept position").at_least(0),
      OptionDescription::real("softcap", 0.0, "s > 0 replaces each logit by s·tanh(logit/s) before everything else").at_least(0),
      OptionDescription::real("prob_floor", 0.0, "the value uses log max(p, floor); the gradient does not change").at_least(0).at_most(1),
      OptionDescription::choice("normalizer", "weight_sum", {"weight_sum", "batch_positions", "valid", "full", "batch", "none"},
                                "divisor of the mean: weights of the labels kept (default with labels), all positions (default with "
                                "probabilities), max(1, positions kept), all positions, N, or 1"),
      OptionDescription::choice("outputs", "none", {"none", "log_sum_exp", "argmax", "log_sum_exp,argmax", "argmax,log_sum_exp"},
                                "what else to return of each position, ignored ones too"),
      empty_option()};
  loss.rounding = {.value_ulps = 5 + 13, .gradient_ulps = 12 + 18};

  loss.resolve = resolve;
  loss.extra_outputs = extra_outputs;
  loss.loss_shape = shape_of_loss;
  loss.contract = contract;
  loss.reference = reference_of;
  loss.sum_length = [](const Problem& problem) { return problem.input("logits")->shape[1]; };
  loss.input_shape = input_shape;

  loss.preference = {"auto", "online", "warp_per_row", "three_pass"};
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
                      "normalizer=batch outputs=log_sum_exp",
                      "normalizer=none label_smoothing=0.5",
                      "z_loss=0.01 label_smoothing=0.1 +weight",
                      "softcap=5 label_smoothing=0.1 z_loss=0.001",
                      "prob_floor=1.17549435e-38",
                      "prob_floor=0.001 label_smoothing=0.2 +weight reduction=none",
                      "outputs=log_sum_exp,argmax ignore_index=0",
                      "outputs=argmax softcap=2",
                      "target=probs",
                      "target=probs +weight label_smoothing=0.1 z_loss=0.001",
                      "target=probs softcap=10 reduction=none outputs=argmax",
                      "target=probs prob_floor=0.0001 normalizer=valid"};
  return loss;
}

}  // namespace lossbench
