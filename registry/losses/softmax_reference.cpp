#include "registry/losses/softmax_reference.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "reference/softmax_cross_entropy.h"
#include "reference/sum.h"

namespace lossbench {

Shape positions_of_logits(const Shape& logits) {
  Shape shape = logits;
  shape.erase(shape.begin() + 1);
  return shape;
}

bool wants_output(const Options& options, std::string_view output) {
  return options.has("outputs") && options.word("outputs").find(output) != std::string::npos;
}

namespace {

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
                 .softcap = problem.options.real("softcap"), .rounds_logits = problem.options.real("scale") != 1},
        scale_(problem.options.real("scale")) {
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
    for (std::int64_t c = 0; c < classes; ++c) row_[static_cast<std::size_t>(c)] = scale_ * logits_.values[at(position, c)];
  }

  const WideArray& logits_;
  const WideArray& target_;
  reference::SoftmaxOptions options_;
  double scale_;  ///< of f8 logits
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
  if (wants_output(problem.options, "log_sum_exp")) result.outputs["log_sum_exp"] = std::move(sums), result.condition["log_sum_exp"] = std::move(condition);
  if (wants_output(problem.options, "argmax")) result.outputs["argmax"] = std::move(best), result.condition["argmax"] = std::vector<double>(size);
}

}  // namespace

WideResult softmax_reference(const WideProblem& problem) {
  const WideArray& logits = problem.inputs.at("logits");
  const auto upstream = problem.inputs.find("grad_output");
  const bool none = problem.options.word("reduction") == "none", gradients = problem.pass == Pass::gradient;
  const Shape position_shape = positions_of_logits(logits.shape);
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
  if (wants_output(problem.options, "log_sum_exp") || wants_output(problem.options, "argmax")) describe_rows(problem, rows, position_shape, result);
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

}  // namespace lossbench
