// ssd_loc and ssd_conf: the losses of SSD's priors by themselves.
#include <cmath>

#include "core/error.h"
#include "reference/ssd.h"
#include "registry/describe.h"
#include "registry/losses/ssd.h"

namespace lossbench {
namespace {

Shape rows_of(const Shape& shape) { return {shape[0], shape[1]}; }

void resolve(Problem& problem, const std::vector<InputDescription>& inputs, bool boxes) {
  check_names(problem, inputs);
  check_dtypes(problem, inputs);
  for (const InputDescription& input : inputs) check_contiguous(problem, input.name);
  const NamedArray& first = problem.inputs.front();
  const Shape& shape = first.array.shape;
  if (shape.size() != 3 || (boxes && shape[2] != 4))
    throw InputError(problem.loss + ": input '" + first.name + "' has shape " + to_string(shape) + "; it must be " + (boxes ? "[B, P, 4]" : "[B, P, C]"));
  check_same_shape(problem, "target", first.name);
  check_shape(problem, "grad_output", problem.reduces() ? Shape{} : rows_of(shape), "the shape of loss");
}

Contract contract(const Problem& problem) {
  const Array& first = problem.inputs.front().array;
  Contract contract;
  for (const NamedArray& input : problem.inputs)
    if (input.name != "grad_output" || problem.pass == Pass::gradient) contract.entries.push_back({input.name, input.array.bytes(), 0});
  contract.entries.push_back({"loss", 0, problem.reduces() ? std::int64_t(size_of(reduced_type(problem.dtype)))
                                                           : count_of(rows_of(first.shape)) * std::int64_t(size_of(problem.dtype))});
  if (problem.pass == Pass::gradient) contract.entries.push_back({"grad_" + problem.inputs.front().name, 0, first.bytes()});
  return contract;
}

/// Rows of elementwise losses, their sums, and the reduction of those.
template <class ElementOf>
WideResult rows_reference(const WideProblem& problem, const char* input, ElementOf element_of) {
  const WideArray &first = problem.inputs.at(input), &target = problem.inputs.at("target");
  const std::size_t rows = std::size_t(first.shape[0] * first.shape[1]), width = std::size_t(first.shape[2]);
  const std::string& reduction = problem.options.word("reduction");
  const bool none = reduction == "none", gradients = problem.pass == Pass::gradient;
  const double divisor = reduction == "mean" ? double(rows) : reduction == "batch" ? double(first.shape[0]) : 1.0;
  const auto upstream = problem.inputs.find("grad_output");
  std::vector<double> losses(rows), conditions(rows), slope(gradients ? rows * width : 0), steepness(slope.size());
  reference::Sum total, size;
  for (std::size_t row = 0; row < rows; ++row) {
    const double factor = (upstream == problem.inputs.end() ? 1.0 : upstream->second.values[none ? row : 0]) / (none ? 1.0 : divisor);
    reference::Sum value, condition;
    for (std::size_t i = row * width; i < (row + 1) * width; ++i) {
      const reference::Element element = element_of(first.values[i], target.values[i]);
      value.add(element.value), condition.add(std::fabs(element.value));
      if (gradients) slope[i] = element.gradient * factor, steepness[i] = std::fabs(slope[i]);
    }
    losses[row] = value.value(), conditions[row] = condition.value();
    total.add(losses[row]), size.add(conditions[row]);
  }
  WideResult result;
  if (none) {
    result.outputs["loss"] = {.shape = rows_of(first.shape), .values = std::move(losses), .labels = {}};
    result.condition["loss"] = std::move(conditions);
  } else {
    result.outputs["loss"] = {.shape = {}, .values = {divisor == 0 ? 0.0 : total.value() / divisor}, .labels = {}};
    result.condition["loss"] = {divisor == 0 ? 0.0 : size.value() / divisor};
  }
  if (!gradients) return result;
  const std::string name = "grad_" + std::string(input);
  result.outputs[name] = {.shape = first.shape, .values = std::move(slope), .labels = {}};
  result.condition[name] = std::move(steepness);
  return result;
}

void complete(Loss& loss, bool boxes) {
  loss.inputs.push_back(grad_output_input());
  loss.options.push_back(reduction_option("none"));
  loss.resolve = [inputs = loss.inputs, boxes](Problem& problem) { resolve(problem, inputs, boxes); };
  loss.loss_shape = [](const Problem& problem) { return problem.reduces() ? Shape{} : rows_of(problem.inputs.front().array.shape); };
  loss.contract = contract;
  loss.sum_length = [](const Problem& problem) { return problem.inputs.front().array.count(); };
  loss.preference = {"tiled_priors"};
  loss.option_sets.insert(loss.option_sets.end(), {"reduction=mean", "reduction=sum", "reduction=batch"});
}

}  // namespace

Loss ssd_loc() {
  Loss loss;
  loss.name = "ssd_loc";
  loss.summary = "Σ smooth_l1 over the four offsets of a prior";
  loss.source = "Liu et al. 2016, SSD; Keras-SSD";
  loss.inputs = {{.name = "input", .shape = "[B, P, 4]", .meaning = "predicted box offsets", .differentiable = true, .prediction = true},
                 {.name = "target", .shape = "[B, P, 4]", .meaning = "encoded box offsets"}};
  loss.options = {OptionDescription::real("beta", 1.0, "|d| at which the loss turns linear; 0 is plain L1").at_least(0)};
  loss.rounding = {.value_ulps = 10, .gradient_ulps = 7};
  loss.reference = [](const WideProblem& problem) {
    return rows_reference(problem, "input", [beta = problem.options.real("beta")](double x, double y) { return reference::smooth_l1(x, y, beta); });
  };
  loss.input_shape = [](const std::string&, const Shape& shape, const Options&) -> Shape { return {shape[0], shape[1], 4}; };
  loss.cases = {.axes = {"images", "priors"}, .every = {{0, 3}, {1, 1}, {1, 33}, {2, 257}, {3, 1366}}, .few = {{0, 3}, {2, 257}}, .hard = {3, 87},
                .emulated = {32, 8732}, .scalar = {32, 8732}};
  loss.default_shapes = {{32, 8732}, {128, 24564}};
  loss.option_sets = {"beta=0.25", "beta=0"};
  complete(loss, true);
  return loss;
}

Loss ssd_conf() {
  Loss loss;
  loss.name = "ssd_conf";
  loss.summary = "-Σ y·log max(p, eps) over the classes of a prior";
  loss.source = "Keras-SSD";
  loss.inputs = {{.name = "probs", .content = Content::probability, .shape = "[B, P, C]", .meaning = "predicted probabilities", .differentiable = true,
                  .prediction = true},
                 {.name = "target", .content = Content::probability, .shape = "[B, P, C]", .meaning = "one-hot or soft target; a row of zeros gives 0"}};
  loss.options = {OptionDescription::real("eps", 1e-15, "floor of a probability").above(0).at_most(1)};
  loss.rounding = {.value_ulps = 8, .gradient_ulps = 6};
  loss.reference = [](const WideProblem& problem) {
    return rows_reference(problem, "probs", [eps = problem.options.real("eps")](double p, double y) { return reference::ssd_conf_term(p, y, eps); });
  };
  loss.input_shape = [](const std::string&, const Shape& shape, const Options&) { return shape; };
  loss.cases = {.axes = {"images", "priors", "classes"},
                .every = {{0, 3, 4}, {1, 1, 1}, {1, 33, 2}, {2, 257, 21}, {1, 300, 20}, {2, 77, 81}, {1, 9, 1500}},
                .few = {{0, 3, 4}, {2, 257, 21}},
                .hard = {3, 87, 6},
                .emulated = {4, 8732, 21},
                .scalar = {4, 8732, 21}};
  loss.default_shapes = {{32, 8732, 21}, {32, 24564, 81}};
  loss.option_sets = {"eps=0.01"};
  complete(loss, false);
  return loss;
}

}  // namespace lossbench
