#include "registry/resolve.h"

#include <algorithm>

#include "core/error.h"
#include "registry/registry.h"

namespace lossbench {
namespace {

/// The inputs in the order of the form's description. Throws for a name that it does not have.
std::vector<NamedArray> in_order(const Loss& loss, const Options& options, std::vector<NamedArray> given) {
  std::vector<NamedArray> ordered;
  std::vector<std::string> names;
  for (const InputDescription& input : loss.inputs_of(options)) {
    names.push_back(input.signature());
    for (auto entry = given.begin(); entry != given.end();) {
      if (!input.matches(entry->name)) {
        ++entry;
        continue;
      }
      ordered.push_back(std::move(*entry));
      entry = given.erase(entry);
    }
  }
  if (!given.empty())
    throw InputError(loss.name + ": unknown input '" + given.front().name + "'; it takes " + comma_list(names));
  return ordered;
}

}  // namespace

void resolve_problem(const Loss& loss, Problem& problem) {
  if (problem.pass == Pass::gradient && !loss.has_gradient())
    throw InputError(loss.name + ": has no gradient; only its value can be asked for");
  if (loss.infer) loss.infer(problem);
  problem.inputs = in_order(loss, problem.options, std::move(problem.inputs));
  loss.resolve(problem);
}

void add_outputs(const Loss& loss, const std::vector<std::string>& gradients, Problem& problem) {
  problem.outputs.push_back({"loss", Array::contiguous(nullptr, loss_type(problem), loss.loss_shape(problem))});
  for (const OutputDescription& output : loss.outputs) {
    if (!output.wanted(problem.options)) continue;
    const DType type = output.integers.value_or(reduced_type(element_type(problem)));
    problem.outputs.push_back({output.name, Array::contiguous(nullptr, type, loss.output_shape ? loss.output_shape(output.name, problem) : Shape{})});
  }
  const std::vector<std::string> offered = differentiable_inputs(loss, problem, false);
  for (const std::string& name : gradients) {
    if (std::find(offered.begin(), offered.end(), name) == offered.end())
      throw InputError(loss.name + ": gives no gradient of '" + name + "'; accepted: " + comma_list(offered));
    const Array& input = *problem.input(name);
    problem.outputs.push_back({"grad_" + name, Array::contiguous(nullptr, input.dtype, input.shape)});
  }
}

DType loss_type(const Problem& problem) {
  const DType element = element_type(problem);
  return problem.reduces() ? reduced_type(element) : companion_type(is_real(element) ? element : problem.dtype);
}

std::vector<std::string> differentiable_inputs(const Loss& loss, const Problem& problem, bool prediction_only) {
  std::vector<std::string> names;
  for (const InputDescription& input : loss.inputs_of(problem.options))
    if (input.differentiable && (input.prediction || !prediction_only))
      for (const NamedArray& given : problem.inputs)
        if (input.matches(given.name)) names.push_back(given.name);
  return names;
}

}  // namespace lossbench
