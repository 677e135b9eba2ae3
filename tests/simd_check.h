// What the tests of the vector contender share: one call, held to the reference for every instruction set that this machine has.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench/gate.h"
#include "contenders/cpu/targets.h"
#include "hwy/highway.h"
#include "tests/every_case.h"

namespace lossbench::simd {

inline const Variant& simd() {
  for (const Variant& variant : Registry::instance().variants())
    if (variant.name == "simd") return variant;
  throw std::logic_error("there is no variant simd");
}

/// Leaves the choice of the instruction set as it was.
struct Targets {
  ~Targets() { hwy::SetSupportedTargetsForTest(0); }
  /// Those of this machine, asked for before any was chosen.
  static const std::vector<std::int64_t>& all() {
    static const std::vector<std::int64_t> targets = hwy::SupportedAndGeneratedTargets();
    return targets;
  }
};

inline Resolved problem_of(const Loss& loss, const OptionSet& set, Pass pass, DType dtype, const Shape& shape, DataKind kind, bool every_gradient) {
  const DataMaker maker(loss, set.options, dtype, DType::i64, kind, 11);
  Request request{.loss = &loss, .options = set.options, .pass = pass, .dtype = dtype, .inputs = maker.inputs(shape, set.extra),
                  .grad_output = std::nullopt, .gradients = {}};
  if (pass == Pass::gradient) {
    request.gradients = differentiable_inputs(loss, set.options, request.inputs, !every_gradient);
    if (every_gradient) request.grad_output = maker.upstream(loss.loss_shape(resolve(request).problem));
  }
  return resolve(std::move(request));
}

/// Why the call was wrong; empty when it was right, or the contender does not serve it. `calls` counts those that ran.
inline std::string check(const Resolved& resolved, int misalignment, int& calls) {
  std::string reason;
  const Implementation* const implementation = find_implementation(simd(), resolved.problem, reason);
  if (!implementation) return {};
  const WideResult reference = resolved.loss->reference(resolved.wide());
  std::string faults;
  for (const std::int64_t target : Targets::all()) {
    hwy::SetSupportedTargetsForTest(target);
    BoundCall call(host_device(), *implementation, resolved, misalignment);
    call.run();
    Comparison worst;
    if (const std::string fault = Gate(simd(), resolved, reference).check(call, worst); !fault.empty())
      faults += std::string(hwy::TargetName(target)) + ": " + fault + "\n";
    ++calls;
  }
  return faults;
}

}  // namespace lossbench::simd
