#include "registry/losses/regularization.h"

#include <cmath>

#include "core/error.h"
#include "registry/describe.h"

namespace lossbench {

std::vector<OptionDescription> penalty_options() {
  return {OptionDescription::choice("kind", "l2", {"l1", "l2"}, "λ·Σ|w|, or λ/2·Σ w²"),
          OptionDescription::real("lambda", 1.0, "strength").at_least(0),
          OptionDescription::flag("half", true, "l2: λ/2·Σ w², the \"weight decay λ\"; false: λ·Σ w²")};
}

void check_penalty_options(const Problem& problem) {
  if (problem.options.given("half") && problem.options.word("kind") == "l1")
    throw InputError(problem.loss + ": option 'half' is accepted with kind=l2 only; 'kind' is l1");
}

reference::PenaltyOptions penalty_of(const Options& options) {
  return {.l1 = options.word("kind") == "l1", .half = options.flag("half"), .lambda = options.real("lambda")};
}

double enter_penalty(const WideProblem& problem, bool (*is_parameter)(const std::string&), WideResult& result) {
  const reference::PenaltyOptions options = penalty_of(problem.options);
  const auto upstream = problem.inputs.find("grad_output");
  const double factor = upstream == problem.inputs.end() ? 1.0 : upstream->second.values[0];
  reference::Sum sum;
  for (const auto& [name, array] : problem.inputs) {
    if (!is_parameter(name)) continue;
    reference::add_penalty(sum, array.values, options);
    if (problem.pass != Pass::gradient) continue;
    std::vector<double> slopes, conditions;
    for (const double w : array.values) {
      slopes.push_back(factor * reference::penalty_slope(w, options));
      conditions.push_back(std::fabs(slopes.back()));
    }
    result.outputs["grad_" + name] = {.shape = array.shape, .values = std::move(slopes)};
    result.condition["grad_" + name] = std::move(conditions);
  }
  return reference::penalty_factor(options) * sum.value();
}

Shape made_up_tensor(const std::string& word, const Shape& shape) {
  const std::int64_t count = count_of(shape);
  switch (word.back()) {
    case '1': return {1};
    case '2': return {count / 3};
    case '3': return {5, 33};
    case '4': return {0};
    case '5': return {count / 7, 3};
    case '6': return {4096};
    default: return shape;
  }
}

namespace {

std::vector<InputDescription> inputs() {
  return {{.name = "", .shape = "[*]", .meaning = "parameter tensors, of any names and shapes, in the order given", .differentiable = true,
           .prediction = true, .any_number = 7},
          grad_output_input()};
}

void resolve(Problem& problem) {
  check_names(problem, inputs());
  check_dtypes(problem, inputs());
  check_penalty_options(problem);
  check_shape(problem, "grad_output", {}, "the shape of loss");
  for (const NamedArray& input : problem.inputs) check_contiguous(problem, input.name);
}

Contract contract(const Problem& problem) {
  Contract contract;
  for (const NamedArray& input : problem.inputs) contract.entries.push_back({input.name, input.array.bytes(), 0});
  contract.entries.push_back({"loss", 0, std::int64_t(size_of(reduced_type(problem.dtype)))});
  if (problem.pass == Pass::gradient)
    for (const NamedArray& input : problem.inputs)
      if (input.name != "grad_output") contract.entries.push_back({"grad_" + input.name, 0, input.array.bytes()});
  return contract;
}

}  // namespace

Loss regularization() {
  return {.name = "regularization",
          .summary = "λ/2·Σ w² or λ·Σ|w| over many tensors",
          .source = "Tikhonov 1943; Caffe and PyTorch weight_decay (half=true), Keras l2 (half=false)",
          .inputs = inputs(),
          .options = penalty_options(),
          .rounding = {.value_ulps = 2, .gradient_ulps = 2},
          .resolve = resolve,
          .loss_shape = [](const Problem&) { return Shape{}; },
          .contract = contract,
          .reference = [](const WideProblem& problem) {
            WideResult result;
            const double value = enter_penalty(problem, [](const std::string& name) { return name != "grad_output"; }, result);
            result.outputs["loss"] = {.shape = {}, .values = {value}};
            result.condition["loss"] = {std::fabs(value)};
            return result;
          },
          .sum_length = [](const Problem& problem) {
            std::int64_t length = 0;
            for (const NamedArray& input : problem.inputs) length += input.array.count();
            return length;
          },
          .input_shape = [](const std::string& input, const Shape& shape, const Options&) { return made_up_tensor(input, shape); },
          .preference = {"all_tensors", "tensor_by_tensor"},
          .default_shapes = {{std::int64_t(1) << 26}, {std::int64_t(1) << 20}, {4096}},
          .option_sets = {"kind=l1 lambda=0.01", "half=false lambda=0.0005", "lambda=0"}};
}

}  // namespace lossbench
