// Kullback-Leibler divergence, element by element.   [PyTorch kl_div]
#pragma once

#include "reference/element.h"

namespace lossbench::reference {

struct KlElement {
  Element element;
  Slope target;       ///< derivative with respect to the target
  double magnitude;   ///< sum of the absolute terms of the value
};

/// t·(log t - x) for a probability t; 0·log 0 is 0, so t = 0 gives 0 for any x but NaN.
inline KlElement kl_div(double input, double target) {
  const double log_t = std::log(target);
  const Slope slope{log_t + 1 - input, std::fabs(log_t) + 1 + std::fabs(input)};
  if (target == 0) return {{std::isnan(input) ? input : 0.0, -target}, slope, 0.0};
  return {{target * (log_t - input), -target}, slope, std::fabs(target) * (std::fabs(log_t) + std::fabs(input))};
}

/// The same for a target given as log t: e^t·(t - x).
inline KlElement kl_div_log_target(double input, double target) {
  const double t = std::exp(target), size = std::fabs(target) + std::fabs(input);
  return {{t * (target - input), -t}, {t * (target - input + 1), t * (size + 1)}, t * size};
}

}  // namespace lossbench::reference
