// Gaussian negative log-likelihood.   [Nix and Weigend 1994; PyTorch gaussian_nll_loss]
#pragma once

#include "reference/element.h"

namespace lossbench::reference {

struct GaussianElement {
  Element element;
  double magnitude;  ///< sum of the absolute terms of the value
  Slope variance;    ///< derivative with respect to the variance
};

/// (log v + (x-t)²/v)/2 with v = max(var, eps), and log(2π)/2 with `full`. The derivative ignores the clamp: a variance below
/// eps gets that of the formula at eps. The logarithm inherits u from rounding eps, hence the 1 in its magnitude.
inline GaussianElement gaussian_nll(double input, double target, double var, double eps, bool full) {
  const double v = var < eps ? eps : var, d = input - target, constant = full ? 0.5 * std::log(2 * M_PI) : 0.0;
  const double misfit = d / v * d;
  return {{0.5 * (std::log(v) + misfit) + constant, d / v},
          0.5 * (std::fabs(std::log(v)) + 1 + misfit) + constant,
          {0.5 * (1 / v - d / v * (d / v)), 0.5 * (1 / v + d / v * (d / v))}};
}

}  // namespace lossbench::reference
