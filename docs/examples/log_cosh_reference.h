#pragma once

#include "reference/element.h"

namespace lossbench::reference {

/// log(cosh(d)), d = input - target; derivative tanh(d). cosh(d) - 1 is 2·sinh²(d/2), which keeps a small d; cosh overflows beyond
/// |d| = 710, where the loss is |d| - log 2.
inline Element log_cosh(double input, double target) {
  const double d = input - target, half = std::sinh(d / 2);
  return {std::fabs(d) > 700 ? std::fabs(d) - std::log(2.0) : std::log1p(2 * half * half), std::tanh(d)};
}

}  // namespace lossbench::reference
