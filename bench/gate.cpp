#include "bench/gate.h"

#include <fmt/format.h>

namespace lossbench {
namespace {

std::string describe_miss(const std::string& output, const Comparison& comparison) {
  if (comparison.worst < 0) return output + ": " + comparison.fault;
  return fmt::format("{}[{}] is {:.9g}, expected {:.9g}: {} (error {:.3g}, bound {:.3g}; {} of {} elements)", output, comparison.worst,
                     comparison.actual, comparison.expected, comparison.fault, comparison.error, comparison.bound, comparison.misses,
                     comparison.count);
}

}  // namespace

std::string Gate::compare(BoundCall& call, Comparison& worst, std::int64_t& suspects) const {
  std::string fault;
  for (const NamedArray& entry : call.problem().outputs) {
    const auto expected = reference_.outputs.find(entry.name);
    const auto condition = reference_.condition.find(entry.name);
    if (expected == reference_.outputs.end() || condition == reference_.condition.end()) return "the reference gives no " + entry.name;
    Comparison comparison = compare_result(call.output(entry.name), expected->second, condition->second,
                                           bound_of(*resolved_.loss, variant_, resolved_.problem, entry));
    suspects += comparison.suspects;
    if (!comparison.passed() && fault.empty()) fault = describe_miss(entry.name, comparison);
    if (comparison.ratio >= worst.ratio) worst = std::move(comparison);
  }
  return fault;
}

std::string Gate::check(BoundCall& call, Comparison& worst) const {
  call.finish();
  std::string fault = call.damage();
  std::int64_t suspects = 0;
  if (const std::string miss = compare(call, worst, suspects); fault.empty()) fault = miss;
  if (suspects == 0 || !fault.empty()) return fault;
  // A NaN that could be the poison: over another filling, one that is no NaN in any type, it must be NaN again.
  call.poison_outputs(0x5A);
  call.run();
  call.finish();
  suspects = 0;
  fault = compare(call, worst, suspects);
  return fault.empty() ? fault : "not written: " + fault;
}

}  // namespace lossbench
