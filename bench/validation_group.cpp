// One loss x dtype x option set: every input, both passes, every variant.
#include <algorithm>

#include "bench/accuracy.h"
#include "bench/bound_call.h"
#include "bench/gate.h"
#include "bench/validation.h"
#include "registry/registry.h"

namespace lossbench {
namespace {

/// The device that a backend's calls run on, or null.
Device* usable_device(Backend backend) {
  std::string reason;
  return backend == Backend::cuda ? cuda_device(reason) : &host_device();
}

/// Whether the variant has anything for this loss, element type and pass, whatever it says about the options.
bool offers(const Variant& variant, const Loss& loss, DType element, Pass pass) {
  return std::any_of(variant.implementations.begin(), variant.implementations.end(), [&](const Implementation& entry) {
    return entry.loss == loss.name && entry.element == element && entry.pass == pass && entry.run;
  });
}

/// One pass of one input, with its reference.
struct Prepared {
  std::string name;  ///< input and options
  int misalignment;
  bool repeat;       ///< called a second time
  Resolved resolved;
  WideResult reference;
};

/// Runs the call and compares every output; what is wrong in words, empty when nothing is.
std::string check_call(Device& device, const Variant& variant, const Implementation& implementation, const Prepared& prepared,
                       Comparison& worst) {
  BoundCall call(device, implementation, prepared.resolved, prepared.misalignment);
  call.run();
  const Gate gate(variant, prepared.resolved, prepared.reference);
  std::string fault = gate.check(call, worst);
  return prepared.repeat && fault.empty() ? gate.check_again(call, worst) : fault;
}

class GroupRun {
 public:
  GroupRun(const ValidationGroup& group, const Selection& selection, std::uint64_t seed,
           const std::function<void(const ValidationEvents::Case&)>& on_case)
      : group_(group), selection_(selection), seed_(seed), on_case_(on_case) {}

  std::vector<ValidationLine> run() {
    const std::vector<ValidationInput> inputs = validation_inputs(*group_.loss, group_.set.options, group_.full);
    for (std::size_t i = 0; i < inputs.size(); ++i)
      for (const Pass pass : {Pass::forward, Pass::gradient})
        if (selection_.pass.matches(name_of(pass)) && (pass == Pass::forward || has_gradient())) run_input(inputs[i], i, pass);
    return std::move(lines_);
  }

 private:
  bool has_gradient() const { return group_.loss->has_gradient() && !is_f8(group_.dtype); }

  /// Every other input has the other label type; in the gradient pass also an upstream gradient and all gradients wanted.
  Request request_of(const ValidationInput& input, std::size_t index, Pass pass) const {
    const Loss& loss = *group_.loss;
    const DataMaker maker(loss, group_.set.options, group_.dtype, kLabelTypes[index % 2], input.kind, seed_ + index);
    Request request{&loss, group_.set.options, pass, group_.dtype, maker.inputs(input.shape, group_.set.extra), {}, {}};
    if (pass == Pass::forward) return request;
    const bool upstream = index % 2 == 1;
    if (upstream) request.grad_output = maker.upstream(loss.loss_shape(resolve(request).problem));
    request.gradients = differentiable_inputs(loss, request.options, request.inputs, !upstream);
    return request;
  }

  void run_input(const ValidationInput& input, std::size_t index, Pass pass) {
    Prepared prepared{input.name(), input.misalignment, input.kind == DataKind::plain && (input.shape.front() == 4099 || group_.loss->composite()),
                      resolve(request_of(input, index, pass)), {}};
    if (!group_.set.text.empty()) prepared.name += " " + group_.set.text;
    // Labels are their own element type, whatever the dtype of a problem without real inputs: once is enough.
    const DType element = element_type(prepared.resolved.problem);
    if (!is_real(element) && group_.dtype != DType::f32) return;
    if (!selection_.dtype.matches(name_of(element))) return;
    for (const Variant& variant : Registry::instance().variants()) {
      if (!selection_.variant.matches(variant.name) || !selection_.backend.matches(name_of(variant.backend))) continue;
      const bool itself = variant.backend == Backend::scalar;  // the reference against the reference: only where asked for
      if (itself && !selection_.backend.given() && !selection_.variant.given()) continue;
      run_variant(variant, element, prepared);
    }
  }

  void run_variant(const Variant& variant, DType element, Prepared& prepared) {
    const Problem& problem = prepared.resolved.problem;
    Device* const device = usable_device(variant.backend);
    if (!device || !offers(variant, *group_.loss, element, problem.pass)) return;
    ValidationLine& line = line_of(variant, element, problem.pass);
    std::string reason;
    const Implementation* const implementation = find_implementation(variant, problem, reason);
    if (!implementation) {
      ++line.skipped;
      return on_case_({line, prepared.name, "skipped: " + reason, 0});
    }
    if (const std::string reason = device->lost(); !reason.empty()) {
      ++line.skipped;
      return on_case_({line, prepared.name, "skipped: " + lost_before(reason), 0});
    }
    if (prepared.reference.outputs.empty()) prepared.reference = group_.loss->reference(prepared.resolved.wide());
    Comparison worst;
    std::string fault;
    try {
      fault = check_call(*device, variant, *implementation, prepared, worst);
    } catch (const std::exception& error) {
      fault = fault_on(*device, error);
    }
    ValidationLine found = line;
    found.cases = 1, found.skipped = 0, found.misses = !fault.empty();
    found.ratio = worst.ratio, found.ulps = worst.ulps, found.relative = worst.relative, found.input = prepared.name;
    found.culprits.clear();
    if (!fault.empty()) found.culprits.push_back(prepared.name + ": " + fault);
    line.join(found);
    on_case_({line, prepared.name, fault.empty() ? "ok" : fault, worst.ratio});
  }

  ValidationLine& line_of(const Variant& variant, DType element, Pass pass) {
    ValidationLine line{.loss = group_.loss, .variant = &variant, .dtype = element, .pass = pass, .input = {}, .culprits = {}};
    for (ValidationLine& known : lines_)
      if (known.same_line(line)) return known;
    lines_.push_back(std::move(line));
    return lines_.back();
  }

  const ValidationGroup& group_;
  const Selection& selection_;
  std::uint64_t seed_;
  const std::function<void(const ValidationEvents::Case&)>& on_case_;
  std::vector<ValidationLine> lines_;
};

}  // namespace

std::vector<ValidationLine> validate_group(const ValidationGroup& group, const Selection& selection, std::uint64_t seed,
                                           const std::function<void(const ValidationEvents::Case&)>& on_case) {
  return GroupRun(group, selection, seed, on_case).run();
}

}  // namespace lossbench
