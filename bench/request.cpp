#include "bench/request.h"

#include <algorithm>

#include "core/error.h"
#include "registry/resolve.h"

namespace lossbench {
namespace {

/// The problem of given tensors, not yet checked.
Problem problem_of(const Loss& loss, Options options, const std::vector<Tensor>& inputs) {
  Problem problem{.loss = loss.name, .options = std::move(options)};
  for (const Tensor& tensor : inputs) problem.inputs.push_back({tensor.name, tensor.array()});
  return problem;
}

/// The tensors in the order of the problem's inputs.
std::vector<Tensor> in_order(const Problem& problem, std::vector<Tensor> given) {
  std::vector<Tensor> ordered;
  for (const NamedArray& input : problem.inputs)
    ordered.push_back(std::move(*std::find_if(given.begin(), given.end(), [&](const Tensor& tensor) { return tensor.name == input.name; })));
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
  Problem problem = problem_of(loss, std::move(options), inputs);
  loss.infer(problem);
  options = std::move(problem.options);
}

std::vector<std::string> differentiable_inputs(const Loss& loss, const Options& options, const std::vector<Tensor>& inputs,
                                               bool prediction_only) {
  return differentiable_inputs(loss, problem_of(loss, options, inputs), prediction_only);
}

Resolved resolve(Request request) {
  const Loss& loss = *request.loss;
  Resolved resolved;
  resolved.loss = &loss;
  Problem& problem = resolved.problem;
  problem = problem_of(loss, std::move(request.options), request.inputs);
  problem.pass = request.pass;
  problem.dtype = request.dtype;
  resolve_problem(loss, problem);
  resolved.inputs = in_order(problem, std::move(request.inputs));

  if (request.grad_output) add_grad_output(resolved, *request.grad_output, loss_type(problem), loss.loss_shape(problem));
  add_outputs(loss, request.gradients, problem);
  return resolved;
}

WideProblem Resolved::wide() const {
  WideProblem wide{problem.loss, problem.options, problem.pass, problem.dtype, {}, {}};
  for (const Tensor& tensor : inputs) wide.inputs.emplace(tensor.name, tensor.widen());
  for (const NamedArray& output : problem.outputs) wide.wanted.push_back(output.name);
  return wide;
}

}  // namespace lossbench
