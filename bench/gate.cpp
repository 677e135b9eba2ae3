#include "bench/gate.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>

namespace lossbench {
namespace {

/// How long a wrong output is watched for a write that comes too late.
constexpr auto kPatience = std::chrono::milliseconds(50);

std::string describe_miss(const std::string& output, const Comparison& comparison) {
  if (comparison.worst < 0) return output + ": " + comparison.fault;
  return fmt::format("{}[{}] is {:.9g}, expected {:.9g}: {} (error {:.3g}, bound {:.3g}; {} of {} elements)", output, comparison.worst,
                     comparison.actual, comparison.expected, comparison.fault, comparison.error, comparison.bound, comparison.misses,
                     comparison.count);
}

std::int64_t poisoned(const Tensor& tensor) {
  std::int64_t count = 0;
  for (std::int64_t i = 0; i < tensor.count(); ++i) count += tensor.is_poison(i);
  return count;
}

}  // namespace

std::string Gate::compare(const std::vector<Tensor>& outputs, Comparison& worst, std::int64_t& suspects) const {
  std::string fault;
  for (const Tensor& output : outputs) {
    const auto expected = reference_.outputs.find(output.name);
    const auto condition = reference_.condition.find(output.name);
    if (expected == reference_.outputs.end() || condition == reference_.condition.end()) return "the reference gives no " + output.name;
    const auto entry = std::find_if(resolved_.problem.outputs.begin(), resolved_.problem.outputs.end(),
                                    [&](const NamedArray& array) { return array.name == output.name; });
    Comparison comparison = compare_result(output, expected->second, condition->second,
                                           bound_of(*resolved_.loss, variant_, resolved_.problem, *entry));
    suspects += comparison.suspects;
    if (!comparison.passed() && fault.empty()) fault = describe_miss(output.name, comparison);
    if (comparison.ratio >= worst.ratio) worst = std::move(comparison);
  }
  return fault;
}

std::string Gate::diagnose(BoundCall& call, const std::vector<Tensor>& outputs, const std::string& fault,
                           const std::function<void()>& work) const {
  call.poison_outputs(0);
  work();
  call.finish();
  Comparison ignored;
  std::int64_t suspects = 0;
  if (compare(call.arrays().outputs(), ignored, suspects).empty())
    return "right only where the output was zero before, so it adds to what is there, a stale accumulator: " + fault;
  for (const Tensor& output : outputs)
    if (const std::int64_t count = poisoned(output); count > 0 && count == output.count())
      return "nothing was written to " + output.name + ": " + fault;
    else if (count > 0)
      return fmt::format("{} of {} elements of {} were never written: {}", count, output.count(), output.name, fault);
  return fault;
}

std::string Gate::check(BoundCall& call, Comparison& worst, const std::function<void()>& work) const {
  call.finish();
  const std::vector<Tensor> outputs = call.arrays().outputs();  // at once: what comes later was written too late
  std::int64_t suspects = 0;
  std::string fault = compare(outputs, worst, suspects);
  const std::string damage = call.damage();
  if (!fault.empty()) std::this_thread::sleep_for(kPatience);
  for (const Tensor& output : outputs)
    if (call.output(output.name).bytes != output.bytes)
      return output.name + " was written after the call had finished" + (fault.empty() ? "" : ": " + fault);
  if (!damage.empty()) return damage;
  if (!fault.empty()) return diagnose(call, outputs, fault, work);
  if (suspects == 0) return {};
  // A NaN that could be the poison: over another filling, one that is no NaN in any type, it must be NaN again.
  call.poison_outputs(0x5A);
  work();
  call.finish();
  suspects = 0;
  fault = compare(call.arrays().outputs(), worst, suspects);
  return fault.empty() ? fault : "not written: " + fault;
}

std::string Gate::check_again(BoundCall& call, Comparison& worst) const {
  const std::vector<Tensor> first = call.arrays().outputs();
  call.poison_outputs();
  call.run();
  if (std::string fault = check(call, worst); !fault.empty())
    return "right at first, wrong when called again, so something of the earlier call is left: " + fault;
  if (variant_.order != Order::none)
    for (const Tensor& output : first)
      if (call.output(output.name).bytes != output.bytes) return output.name + " differs from run to run";
  return {};
}

}  // namespace lossbench
