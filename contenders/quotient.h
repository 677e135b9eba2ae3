// What contenders that add up on their own do with the sum. Host code that knows no device.
#pragma once

#include <cmath>
#include <limits>

#include "core/problem.h"
#include "kernels/pointwise/divisor_rule.h"

namespace lossbench::inline SIMT_BUILD {

/// The divisor by its rule; `computed` is what the data said, where the rule asks them.
inline double divisor_of(const DivisorRule& rule, double computed = 0) {
  const double divisor = rule.computed ? computed : rule.constant;
  return rule.at_least_one ? std::fmax(1.0, divisor) : divisor;
}

/// Sum over divisor; a divisor of 0 gives NaN, or 0 by option `empty`.
inline double quotient(const Problem& problem, double sum, double divisor) {
  if (divisor != 0) return sum / divisor;
  const bool zero = problem.options.has("empty") && problem.options.word("empty") == "zero";
  return zero ? 0.0 : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace lossbench::inline SIMT_BUILD
