#include "bench/eval.h"

#include <algorithm>

#include "bench/bound_call.h"
#include "bench/choice.h"
#include "bench/npy.h"
#include "bench/selection.h"
#include "core/error.h"
#include "registry/registry.h"

namespace lossbench {
namespace {

struct Named {
  std::string name, text;
};

/// NAME=TEXT, each name once.
std::vector<Named> parse_named(const std::vector<std::string>& arguments, const std::string& flag, const std::string& form) {
  std::vector<Named> named;
  for (const std::string& argument : arguments) {
    const std::size_t equals = argument.find('=');
    if (equals == argument.npos || equals == 0)
      throw InputError(flag + " '" + argument + "' is not accepted; accepted: " + form);
    const std::string name = argument.substr(0, equals);
    if (std::any_of(named.begin(), named.end(), [&](const Named& entry) { return entry.name == name; }))
      throw InputError(flag + " '" + name + "' is given twice; accepted: each name once");
    named.push_back({name, argument.substr(equals + 1)});
  }
  return named;
}

/// Where the dtype is an f8, the first input may be given as its codes.
std::vector<Tensor> read_inputs(const Loss& loss, const std::vector<std::string>& arguments, DType dtype) {
  const std::vector<Named> named = parse_named(arguments, "--in", "NAME=FILE.npy");
  std::vector<std::string> accepted;
  for (const InputDescription& input : loss.inputs) accepted.push_back(input.signature());
  for (const Named& entry : named)
    if (!loss.find_input(entry.name))
      throw InputError(loss.name + ": unknown input '" + entry.name + "'; it takes " + comma_list(accepted));
  std::vector<Tensor> tensors;
  for (const Named& entry : named) {
    const bool codes = is_f8(dtype) && loss.takes_f8() && entry.name == loss.inputs.front().name;
    tensors.push_back(read_npy(entry.text, codes ? std::optional(dtype) : std::nullopt));
    tensors.back().name = entry.name;
  }
  return tensors;
}

/// Real inputs rounded once to the dtype; labels as they are; signs may be either.
Tensor converted(const Loss& loss, const InputDescription& input, Tensor tensor, DType dtype) {
  if (is_label(input.content)) return tensor;
  if (!is_real(tensor.dtype) && !is_sign_or_bit(input.content))
    throw InputError(loss.name + ": input '" + tensor.name + "' is " + std::string(name_of(tensor.dtype)) +
                     "; accepted: real arrays, f2, f4 or f8");
  return tensor.dtype == dtype ? std::move(tensor) : Tensor::narrow(tensor.name, dtype, tensor.widen());
}

Request make_request(const Loss& loss, const EvalRequest& asked) {
  Request request;
  request.loss = &loss;
  request.dtype = parse_real_dtype(asked.dtype);
  request.options = Options(loss.options);
  for (const Named& option : parse_named(asked.options, "--opt", "NAME=VALUE")) request.options.give(loss.options, option.name, option.text);
  std::vector<Tensor> given = read_inputs(loss, asked.inputs, request.dtype);
  infer_selectors(loss, given, request.options);
  for (Tensor& tensor : given) {
    if (tensor.name == "grad_output") {
      request.grad_output = tensor.widen();
      if (request.grad_output->is_label) throw InputError(loss.name + ": input 'grad_output' is no real array; accepted: f2, f4, f8");
      continue;
    }
    const std::vector<InputDescription> form = loss.inputs_of(request.options);
    const auto input = std::find_if(form.begin(), form.end(), [&](const InputDescription& entry) { return entry.matches(tensor.name); });
    const DType dtype = input == form.begin() ? request.dtype : companion_type(request.dtype);
    request.inputs.push_back(input == form.end() ? std::move(tensor) : converted(loss, *input, std::move(tensor), dtype));
  }
  if (asked.gradients) {
    request.pass = Pass::gradient;
    if (!loss.has_gradient()) throw InputError(loss.name + ": has no gradient; accepted: no --grad");
    request.gradients = *asked.gradients == "*" ? differentiable_inputs(loss, request.options, request.inputs, false)
                                                : split(*asked.gradients, ',');
    if (request.gradients.empty())
      throw InputError(loss.name + ": --grad names nothing; accepted: " +
                       comma_list(differentiable_inputs(loss, request.options, request.inputs, false)));
  }
  return request;
}

/// The scalar backend answers in double, not rounded to the dtype of the inputs.
std::vector<Tensor> compute_in_double(const Resolved& resolved) {
  const WideResult result = resolved.loss->reference(resolved.wide());
  std::vector<Tensor> outputs;
  for (const NamedArray& entry : resolved.problem.outputs)
    outputs.push_back(Tensor::narrow(entry.name, is_real(entry.array.dtype) ? DType::f64 : entry.array.dtype, result.outputs.at(entry.name)));
  return outputs;
}

std::vector<Tensor> compute(const Resolved& resolved, const Choice& choice) {
  if (choice.variant->backend == Backend::scalar) return compute_in_double(resolved);
  BoundCall call(device_of(choice.variant->backend), *choice.implementation, resolved);
  call.run();
  call.finish();
  std::vector<Tensor> outputs;
  for (const NamedArray& entry : call.problem().outputs) outputs.push_back(call.output(entry.name));
  return outputs;
}

void need_out(const Problem& problem, const std::optional<std::string>& out) {
  if (out) return;
  for (const NamedArray& output : problem.outputs)
    if (!output.array.shape.empty())
      throw InputError("output '" + output.name + "' is an array of shape " + to_string(output.array.shape) +
                       "; accepted: --out DIR, where it is written");
}

}  // namespace

EvalResult evaluate(const EvalRequest& asked) {
  const Loss& loss = Registry::instance().loss(asked.loss);
  std::optional<Backend> backend;
  if (!asked.backend.empty()) backend = parse_backend(asked.backend);
  Request request = make_request(loss, asked);
  // A loss of decisions has no gradient; what it offers beside its value is every decision.
  std::optional<Request> decisions;
  if (asked.out && !loss.has_gradient()) decisions = request;

  Resolved resolved = resolve(std::move(request));
  // Arrays that a loss gives unasked are left out where there is nowhere to write them.
  if (!asked.out)
    std::erase_if(resolved.problem.outputs, [&](const NamedArray& output) {
      return !output.array.shape.empty() && std::any_of(loss.outputs.begin(), loss.outputs.end(),
                                                        [&](const OutputDescription& entry) { return entry.name == output.name; });
    });
  const Choice choice = choose_variant(loss, resolved.problem, asked.variant, backend);
  need_out(resolved.problem, asked.out);
  EvalResult result{loss.name, choice.variant->name, std::string(name_of(choice.variant->backend)), asked.dtype,
                    compute(resolved, choice)};
  if (decisions) {
    decisions->options.set("reduction", std::string("none"));
    const Resolved every = resolve(std::move(*decisions));
    result.outputs.push_back(compute(every, choose_variant(loss, every.problem, "", choice.variant->backend)).front());
    result.outputs.back().name = "elementwise";
  }
  return result;
}

}  // namespace lossbench
