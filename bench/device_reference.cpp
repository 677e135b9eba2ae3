#include "bench/device_reference.h"

#include <algorithm>
#include <map>
#include <span>
#include <utility>

#include "bench/bound_call.h"
#include "bench/cases.h"
#include "bench/choice.h"
#include "bench/gate.h"
#include "registry/registry.h"

namespace lossbench {
namespace {

/// So large that an element's bound is its allowance, never what rounding explains: a kernel gives no condition.
constexpr double kNoCondition = 1e300;

bool usable(Backend backend) {
  std::string reason;
  return backend == Backend::cuda ? cuda_device(reason) != nullptr : backend == Backend::simt;
}

/// The same arrays in double precision.
std::vector<Tensor> widened(const std::vector<Tensor>& inputs) {
  std::vector<Tensor> wide;
  for (const Tensor& tensor : inputs) wide.push_back(is_real(tensor.dtype) ? Tensor::narrow(tensor.name, DType::f64, tensor.widen()) : tensor);
  return wide;
}

/// The first step of the ladder on a backend that computes the problem.
Choice first_step(Backend backend, const Problem& problem) {
  std::string reason;
  for (const Variant& variant : Registry::instance().variants())
    if (variant.backend == backend)
      if (const Implementation* const found = find_implementation(variant, problem, reason)) return {&variant, found};
  return {nullptr, nullptr};
}

/// Whether every output has an allowance, without which nothing could be said about it.
bool has_allowances(const Loss& loss, const Variant& variant, const Problem& problem) {
  return std::all_of(problem.outputs.begin(), problem.outputs.end(),
                     [&](const NamedArray& output) { return bound_of(loss, variant, problem, output).allowance.has_value(); });
}

class LossOnBackend {
 public:
  LossOnBackend(const Loss& loss, Backend backend, const Selection& selection, std::uint64_t seed, const ValidationEvents& events)
      : loss_(loss), backend_(backend), selection_(selection), seed_(seed), events_(events), set_(parse_option_set(loss, "")) {}

  std::vector<ValidationLine> run() {
    for (const Pass pass : {Pass::forward, Pass::gradient})
      if (selection_.pass.matches(name_of(pass)) && (pass == Pass::forward || loss_.has_gradient()))
        for (const DType dtype : {DType::f32, DType::f16, DType::bf16})
          if (selection_.dtype.matches(name_of(dtype)))
            for (const Shape& shape : shapes()) run_problem(pass, dtype, shape);
    return std::move(lines_);
  }

 private:
  std::vector<Shape> shapes() const {
    std::vector<Shape> shapes;
    for (const Shape& shape : selection_.shapes)
      if (loss_.composite() ? shape.size() == loss_.cases.hard.size() : takes_rank(loss_, set_.options, shape.size())) shapes.push_back(shape);
    if (!selection_.shapes.empty()) return shapes;
    return {longest_shape(default_shapes(loss_, set_.options, backend_), selection_.most_elements)};
  }

  Resolved problem(Pass pass, DType dtype, std::vector<Tensor> inputs) const {
    Request request{&loss_, set_.options, pass, dtype, std::move(inputs), {}, {}};
    if (pass == Pass::gradient) request.gradients = differentiable_inputs(loss_, request.options, request.inputs, true);
    return resolve(std::move(request));
  }

  void run_problem(Pass pass, DType dtype, const Shape& shape) {
    const DataMaker maker(loss_, set_.options, dtype, DType::i64, DataKind::kept, seed_);
    const Resolved resolved = problem(pass, dtype, maker.inputs(shape, set_.extra));
    if (!is_real(element_type(resolved.problem))) return;  // labels are counted, and counts are exact
    const Resolved wide = problem(pass, DType::f64, widened(resolved.inputs));
    const Choice choice = first_step(backend_, wide.problem);
    if (!choice.variant) return;
    WideResult reference;
    const std::string distrust = hold_reference(choice, pass);
    const std::string input = shape_text(shape) + " plain against " + choice.variant->name + " in f64";
    for (const Variant& variant : Registry::instance().variants()) {
      std::string reason;
      if (variant.backend != backend_ || !selection_.variant.matches(variant.name)) continue;
      const Implementation* const implementation = find_implementation(variant, resolved.problem, reason);
      if (!implementation) continue;
      ValidationLine found{.loss = &loss_, .variant = &variant, .dtype = dtype, .pass = pass, .input = input, .culprits = {}};
      std::string fault = distrust;
      if (const std::string reason = device_of(backend_).lost(); !reason.empty()) {
        found.skipped = 1;
        fault = "skipped: " + lost_before(reason);
      } else if (!has_allowances(loss_, variant, resolved.problem)) {
        found.skipped = 1;
        fault = "skipped: it promises no accuracy that holds without a condition";
      } else {
        found.cases = 1;
        if (fault.empty()) fault = compare({&variant, implementation}, choice, resolved, wide, reference, found);
        found.misses = !fault.empty();
        if (!fault.empty()) found.culprits.push_back(input + ": " + fault);
      }
      add(found, fault);
    }
  }

  /// What makes the kernel in double precision unfit to be a reference; empty when nothing does. Asked once for each variant and pass.
  std::string hold_reference(const Choice& choice, Pass pass) {
    const auto key = std::pair(choice.variant, pass);
    if (const auto known = held_.find(key); known != held_.end()) return known->second;
    const Selection narrow{GlobList(loss_.name), GlobList(choice.variant->name), GlobList(name_of(backend_)), GlobList(name_of(pass)),
                           GlobList("f64"), {}};
    std::string fault = "the kernel in double precision, " + choice.variant->name + ", was held to nothing";
    for (const ValidationLine& line : validate_group({&loss_, set_, DType::f64, true}, narrow, seed_, [](const ValidationEvents::Case&) {})) {
      if (line.cases > 0) fault.clear();
      if (line.misses > 0) fault = "the kernel in double precision, " + choice.variant->name + ", misses the reference: " + line.culprits.front();
    }
    return held_[key] = fault;
  }

  std::string compare(const Choice& choice, const Choice& reference_choice, const Resolved& resolved, const Resolved& wide, WideResult& reference,
                      ValidationLine& found) const {
    Device& device = device_of(backend_);
    Comparison worst;
    try {
      if (reference.outputs.empty()) {
        BoundCall call(device, *reference_choice.implementation, wide);
        call.poison_outputs();
        call.run();
        call.finish();
        for (const Tensor& output : call.arrays().outputs()) {
          reference.condition[output.name].assign(static_cast<std::size_t>(output.count()), kNoCondition);
          reference.outputs.emplace(output.name, output.widen());
        }
      }
      BoundCall call(device, *choice.implementation, resolved);
      call.poison_outputs();
      call.run();
      const Gate gate(*choice.variant, resolved, reference);
      std::string fault = gate.check(call, worst);
      if (fault.empty()) fault = gate.check_again(call, worst);
      found.ratio = worst.ratio, found.ulps = worst.ulps, found.relative = worst.relative;
      return fault;
    } catch (const std::exception& error) {
      return fault_on(device, error);
    }
  }

  void add(const ValidationLine& found, const std::string& outcome) {
    const auto same = std::find_if(lines_.begin(), lines_.end(), [&](const ValidationLine& line) { return line.same_line(found); });
    same == lines_.end() ? lines_.push_back(found) : same->join(found);
    if (events_.on_case) events_.on_case({found, found.input, outcome.empty() ? "ok" : outcome, found.ratio});
  }

  const Loss& loss_;
  Backend backend_;
  const Selection& selection_;
  std::uint64_t seed_;
  const ValidationEvents& events_;
  OptionSet set_;
  std::map<std::pair<const Variant*, Pass>, std::string> held_;
  std::vector<ValidationLine> lines_;
};

}  // namespace

Shape longest_shape(std::vector<Shape> shapes, std::int64_t most) {
  std::stable_sort(shapes.begin(), shapes.end(), [](const Shape& a, const Shape& b) { return count_of(a) < count_of(b); });
  const auto beyond = std::find_if(shapes.begin() + 1, shapes.end(), [most](const Shape& shape) { return count_of(shape) > most; });
  return *(beyond - 1);
}

std::vector<ValidationLine> validate_by_device_reference(const Selection& selection, std::uint64_t seed, const ValidationEvents& events) {
  std::vector<ValidationLine> lines;
  const std::span<const Loss> losses = Registry::instance().losses();
  for (std::size_t place = 0; place < losses.size(); ++place)
    for (const Backend backend : {Backend::simt, Backend::cuda}) {
      if (!usable(backend) || !selection.loss.matches(losses[place].name)) continue;
      if (selection.backend.given() ? !selection.backend.matches(name_of(backend)) : backend != default_backend()) continue;
      if (events.on_group) events.on_group(static_cast<double>(place), static_cast<double>(losses.size()), losses[place].name);
      const std::vector<ValidationLine> found = LossOnBackend(losses[place], backend, selection, seed, events).run();
      lines.insert(lines.end(), found.begin(), found.end());
    }
  return lines;
}

}  // namespace lossbench
