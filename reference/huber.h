// Huber loss.   [Huber 1964]
#pragma once

#include "reference/element.h"

namespace lossbench::reference {

/// d²/2 where |d| < δ, else δ(|d| - δ/2), with d = input - target. Derivative d inside, δ·sign(d) outside.
/// Equals δ times smooth L1 with β = δ; written out here, so that each can be tested against the other.
inline Element huber(double input, double target, double delta) {
  const double d = input - target;
  const double size = std::fabs(d);
  if (size < delta) return {0.5 * d * d, d};
  return {delta * (size - 0.5 * delta), delta * sign(d)};
}

}  // namespace lossbench::reference
