// Absolute error.
#pragma once

#include "reference/element.h"

namespace lossbench::reference {

/// |d| with d = input - target. Derivative sign(d): 0 at d = 0, NaN at NaN.
inline Element l1(double input, double target) {
  const double d = input - target;
  return {std::fabs(d), sign(d)};
}

}  // namespace lossbench::reference
