#include "capi/call.h"

#include <algorithm>
#include <mutex>
#include <optional>

#include "capi/cuda.h"
#include "capi/errors.h"
#include "core/error.h"
#include "registry/registry.h"
#include "registry/resolve.h"

namespace lossbench::capi {
namespace {

constexpr std::size_t kAlignment = 256;

const char* given_text(const char* text, const char* what) {
  if (!text) throw ArgumentError(std::string(what) + " is a null pointer");
  return text;
}

Options options_of(const Loss& loss, std::span<const lossbench_option> given) {
  Options options(loss.options);
  for (const lossbench_option& option : given) {
    const char* const name = given_text(option.name, "the name of an option");
    if (!option.value) throw ArgumentError("option " + std::string(name) + ": the value is a null pointer");
    if (options.given(name)) throw InputError("option " + std::string(name) + " is given twice; accepted: each name once");
    options.give(loss.options, name, option.value);
  }
  return options;
}

/// The type of the first real input in the order of the description, which all others must have. f32 where all are labels.
DType arithmetic_type(const Loss& loss, const Problem& problem) {
  for (const InputDescription& input : loss.inputs)
    for (const NamedArray& given : problem.inputs)
      if (input.matches(given.name) && input.name != "grad_output" && is_real(given.array.dtype)) return given.array.dtype;
  return DType::f32;
}

std::vector<std::string> gradients_of(const Loss& loss, const Problem& problem, const char* names) {
  if (problem.pass == Pass::forward) {
    if (names) throw InputError(loss.name + ": gradients '" + names + "' are asked for in the forward pass; accepted: pass LOSSBENCH_GRADIENT");
    return {};
  }
  if (!names) return differentiable_inputs(loss, problem, true);
  std::vector<std::string> list(1);
  for (const char* letter = names; *letter; ++letter) {
    if (*letter == ',') list.emplace_back();
    else list.back() += *letter;
  }
  for (auto name = list.begin(); name != list.end(); ++name)
    if (std::find(list.begin(), name, *name) != name) throw InputError(loss.name + ": gradient '" + *name + "' is asked for twice; accepted: each name once");
  return list;
}

/// The backends to look for a variant on, the best first.
std::vector<Backend> backends_for(const Place& place, const lossbench_request& request) {
  if (!request.backend) {
    if (place.where == Where::cuda) return {Backend::cuda};
    if (request.variant) return {Backend::cpu, Backend::scalar, Backend::simt};
    return {Backend::cpu, Backend::scalar};
  }
  const Backend backend = parse_backend(request.backend);
  if (backend == Backend::cuda) need_device(place.device);
  if ((backend == Backend::cuda) != (place.where == Where::cuda))
    throw InputError("backend '" + std::string(request.backend) + "' does not compute on tensors on " + to_string(place) + "; accepted there: " +
                     (place.where == Where::cuda ? "cuda" : "cpu, scalar, simt"));
  return {backend};
}

}  // namespace

Call::Call(const lossbench_request& request) {
  if (request.size != sizeof(lossbench_request))
    throw ArgumentError("the request's size is " + std::to_string(request.size) + ", not " + std::to_string(sizeof(lossbench_request)) +
                        ": start from LOSSBENCH_REQUEST");
  if (request.input_count && !request.inputs) throw ArgumentError("inputs is a null pointer");
  if (request.option_count && !request.options) throw ArgumentError("options is a null pointer");
  if (request.pass != LOSSBENCH_FORWARD && request.pass != LOSSBENCH_GRADIENT)
    throw ArgumentError("the pass is " + std::to_string(request.pass) + "; accepted: LOSSBENCH_FORWARD, LOSSBENCH_GRADIENT");

  const Loss& loss = Registry::instance().loss(given_text(request.loss, "the name of the loss"));
  problem_.loss = loss.name;
  problem_.options = options_of(loss, {request.options, request.option_count});
  problem_.pass = request.pass == LOSSBENCH_GRADIENT ? Pass::gradient : Pass::forward;
  bind_inputs({request.inputs, request.input_count});
  std::optional<CurrentDevice> current;  // variants may ask what the device is
  if (place_.where == Where::cuda) current.emplace(place_.device);
  problem_.dtype = arithmetic_type(loss, problem_);
  resolve_problem(loss, problem_);
  add_outputs(loss, gradients_of(loss, problem_, request.gradients), problem_);
  for (NamedArray& output : problem_.outputs) output.array.where = place_.where;

  choice_ = choose_variant(loss, problem_, request.variant ? request.variant : "", backends_for(place_, request));
  if (choice_.implementation->workspace_bytes) workspace_bytes_ = choice_.implementation->workspace_bytes(problem_);
  contract_bytes_ = loss.contract(problem_).total();
}

void Call::bind_inputs(std::span<const lossbench_array> inputs) {
  for (const lossbench_array& input : inputs) {
    const std::string name = given_text(input.name, "the name of an input");
    if (problem_.input(name)) throw InputError(problem_.loss + ": input '" + name + "' is given twice; accepted: each name once");
    View view = view_of(input.tensor, problem_.loss + ": input '" + name + "'");
    if (problem_.inputs.empty()) place_ = view.place;
    if (view.place != place_)
      throw InputError(problem_.loss + ": input '" + name + "' is on " + to_string(view.place) + ", input '" + problem_.inputs.front().name +
                       "' on " + to_string(place_) + "; accepted: all on one device");
    problem_.inputs.push_back({name, std::move(view.array)});
  }
}

void Call::bind_output(const lossbench_array& output) {
  const std::string name = given_text(output.name, "the name of an output"), what = problem_.loss + ": output '" + name + "'";
  const auto wanted = std::find_if(problem_.outputs.begin(), problem_.outputs.end(), [&](const NamedArray& entry) { return entry.name == name; });
  if (wanted == problem_.outputs.end()) {
    std::vector<std::string> names;
    for (const NamedArray& entry : problem_.outputs) names.push_back(entry.name);
    throw ArgumentError(what + " is unknown; this call has " + comma_list(names));
  }
  Array& array = wanted->array;
  if (array.data) throw ArgumentError(what + " is given twice");
  const View view = view_of(output.tensor, what);
  if (view.place != place_) throw ArgumentError(what + " is on " + to_string(view.place) + "; the inputs are on " + to_string(place_));
  if (view.array.dtype != array.dtype)
    throw ArgumentError(what + " is " + std::string(name_of(view.array.dtype)) + "; it must be " + std::string(name_of(array.dtype)));
  if (view.array.shape != array.shape)
    throw ArgumentError(what + " has shape " + lossbench::to_string(view.array.shape) + "; it must be " + lossbench::to_string(array.shape));
  if (!view.array.is_contiguous()) throw ArgumentError(what + " must be contiguous, row-major");
  for (const std::vector<NamedArray>* others : {&problem_.inputs, &problem_.outputs})
    for (const NamedArray& other : *others)
      if (other.array.data && overlap(view.array, other.array)) throw ArgumentError(what + " overlaps '" + other.name + "'");
  array.data = view.array.data;
}

void Call::check_workspace(Workspace workspace) const {
  if (workspace.bytes < workspace_bytes_)
    throw ArgumentError("the workspace has " + std::to_string(workspace.bytes) + " bytes; this call needs " + std::to_string(workspace_bytes_));
  if (workspace_bytes_ && !workspace.data) throw ArgumentError("the workspace is a null pointer");
  if (workspace_bytes_ && reinterpret_cast<std::uintptr_t>(workspace.data) % kAlignment != 0)
    throw ArgumentError("the workspace is not aligned to " + std::to_string(kAlignment) + " bytes");
}

void Call::run(std::span<const lossbench_array> outputs, Workspace workspace, Stream stream) {
  for (NamedArray& output : problem_.outputs) output.array.data = nullptr;
  for (const lossbench_array& output : outputs) bind_output(output);
  for (const NamedArray& output : problem_.outputs)
    if (!output.array.data) throw ArgumentError(problem_.loss + ": output '" + output.name + "' is missing");
  check_workspace(workspace);
  if (stream && place_.where == Where::host) throw ArgumentError("the stream must be NULL: the tensors are on the host");

  if (place_.where == Where::cuda) {
    const CurrentDevice current(place_.device);
    choice_.implementation->run(problem_, {workspace.data, workspace_bytes_}, stream);
  } else {
    static std::mutex one_at_a_time;  // the threads of the host serve one call at a time; the reference uses its caller's alone
    std::unique_lock lock(one_at_a_time, std::defer_lock);
    if (variant().backend != Backend::scalar) lock.lock();
    choice_.implementation->run(problem_, {workspace.data, workspace_bytes_}, nullptr);
  }
}

}  // namespace lossbench::capi
