#include "bench/request.h"

#include <algorithm>

#include "core/error.h"
#include "registry/registry.h"

namespace lossbench {
namespace {

/// The inputs in the order of the form's description. Throws for a name that it does not have.
std::vector<Tensor> in_order(const Loss& loss, const Options& options, std::vector<Tensor> given) {
  std::vector<Tensor> ordered;
  std::vector<std::string> names;
  for (const InputDescription& input : loss.inputs_of(options)) {
    names.push_back(input.signature());
    for (auto tensor = given.begin(); tensor != given.end();) {
      if (!input.matches(tensor->name)) {
        ++tensor;
        continue;
      }
      ordered.push_back(std::move(*tensor));
      tensor = given.erase(tensor);
    }
  }
  if (!given.empty())
    throw InputError(loss.name + ": unknown input '" + given.front().name + "'; it takes " + comma_list(names));
  return ordered;
}

void add_grad_output(Resolved& resolved, const WideArray& upstream, DType dtype, const Shape& loss_shape) {
  const bool scalar = loss_shape.empty() && count_of(upstream.shape) == 1;  // [1] is as good as [] for a scalar
  if (upstream.shape != loss_shape && !scalar)
    throw InputError(resolved.loss->name + ": input 'grad_output' has shape " + to_string(upstream.shape) + "; it must be " +
                     to_string(loss_shape) + ", the shape of loss");
  Tensor tensor = Tensor::narrow("grad_output", dtype, upstream);
  tensor.shape = loss_shape;
  resolved.inputs.push_back(std::move(tensor));
  resolved.problem.inputs.push_back({"grad_output", resolved.inputs.back().array()});
}

}  // namespace

void infer_selectors(const Loss& loss, const std::vector<Tensor>& inputs, Options& options) {
  if (!loss.infer) return;
  Problem problem;
  problem.loss = loss.name;
  problem.options = std::move(options);
  for (const Tensor& tensor : inputs) problem.inputs.push_back({tensor.name, tensor.array()});
  loss.infer(problem);
  options = std::move(problem.options);
}

std::vector<std::string> differentiable_inputs(const Loss& loss, const Options& options, const std::vector<Tensor>& inputs,
                                               bool prediction_only) {
  std::vector<std::string> names;
  for (const InputDescription& input : loss.inputs_of(options))
    if (input.differentiable && (input.prediction || !prediction_only))
      for (const Tensor& tensor : inputs)
        if (input.matches(tensor.name)) names.push_back(tensor.name);
  return names;
}

Resolved resolve(Request request) {
  const Loss& loss = *request.loss;
  if (request.pass == Pass::gradient && !loss.has_gradient())
    throw InputError(loss.name + ": has no gradient; only its value can be asked for");

  Resolved resolved;
  resolved.loss = &loss;
  infer_selectors(loss, request.inputs, request.options);
  resolved.inputs = in_order(loss, request.options, std::move(request.inputs));
  resolved.inputs.reserve(resolved.inputs.size() + 1);  // views into the tensors must survive the last push_back
  Problem& problem = resolved.problem;
  problem.loss = loss.name;
  problem.options = std::move(request.options);
  problem.pass = request.pass;
  problem.dtype = request.dtype;
  for (const Tensor& tensor : resolved.inputs) problem.inputs.push_back({tensor.name, tensor.array()});
  loss.resolve(problem);

  const DType element = element_type(problem);
  const Shape loss_shape = loss.loss_shape(problem);
  const DType loss_type = problem.reduces() ? reduced_type(element) : companion_type(is_real(element) ? element : problem.dtype);
  if (request.grad_output) add_grad_output(resolved, *request.grad_output, loss_type, loss_shape);

  problem.outputs.push_back({"loss", Array::contiguous(nullptr, loss_type, loss_shape)});
  for (const OutputDescription& output : loss.outputs) {
    if (!output.wanted(problem.options)) continue;
    const DType type = output.integers.value_or(reduced_type(element));
    problem.outputs.push_back({output.name, Array::contiguous(nullptr, type, loss.output_shape ? loss.output_shape(output.name, problem) : Shape{})});
  }
  for (const std::string& name : request.gradients) {
    const std::vector<std::string> offered = differentiable_inputs(loss, problem.options, resolved.inputs, false);
    const Array* input = problem.input(name);
    if (std::find(offered.begin(), offered.end(), name) == offered.end())
      throw InputError(loss.name + ": gives no gradient of '" + name + "'; accepted: " + comma_list(offered));
    problem.outputs.push_back({"grad_" + name, Array::contiguous(nullptr, input->dtype, input->shape)});
  }
  return resolved;
}

WideProblem Resolved::wide() const {
  WideProblem wide{problem.loss, problem.options, problem.pass, problem.dtype, {}, {}};
  for (const Tensor& tensor : inputs) wide.inputs.emplace(tensor.name, tensor.widen());
  for (const NamedArray& output : problem.outputs) wide.wanted.push_back(output.name);
  return wide;
}

}  // namespace lossbench
