// Hinge losses.   [Cortes and Vapnik 1995]
#pragma once

#include "reference/element.h"

namespace lossbench::reference {

/// max(0, h)^power with h = margin - y·s, for a score s and a target y of -1 or +1; power is 1 or 2 (squared hinge).
/// Derivative -y·[h > 0]·power·h^(power-1): 0 at the kink h = 0. A NaN h is NaN in both.
inline Element hinge_binary(double score, double target, double margin, int power) {
  const double h = margin - target * score;
  if (h <= 0) return {0.0, 0.0};
  if (power == 1) return {h, h > 0 ? -target : h};
  return {h * h, -target * 2 * h};
}

}  // namespace lossbench::reference
