// What the sum of a pointwise loss is divided by. Host code that knows no device.
#pragma once

#include "core/problem.h"
#include "simt/qualifiers.h"

namespace lossbench::inline SIMT_BUILD {

/// How a problem's divisor comes about.
struct DivisorRule {
  double constant = 1;
  bool computed = false;      ///< by the divisor kernel; `constant` is not used
  bool at_least_one = false;
};

/// The rule of a loss that says nothing else: count of elements, first dimension, or 1.
inline DivisorRule reduction_divisor(const Problem& problem) {
  const Array& input = problem.inputs.front().array;
  switch (problem.reduction()) {
    case Reduction::mean: return {.constant = double(input.count())};
    case Reduction::batch: return {.constant = input.shape.empty() ? 1.0 : double(input.shape.front())};
    default: return {};
  }
}

/// The rule of an entry: its own where it has one; a weight or ignore label makes the divisor of a mean data-dependent.
template <class Entry>
DivisorRule divisor_rule(const Problem& problem) {
  if constexpr (requires { Entry::divisor(problem); }) return Entry::divisor(problem);
  else return reduction_divisor(problem);
}

}  // namespace lossbench::inline SIMT_BUILD
