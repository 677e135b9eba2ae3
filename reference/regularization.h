// Penalties on parameters: weight decay and its kin.
#pragma once

#include <span>

#include "reference/element.h"
#include "reference/sum.h"

namespace lossbench::reference {

struct PenaltyOptions {
  bool l1;
  bool half;  ///< l2: λ/2·Σ w², not λ·Σ w²
  double lambda;
};

/// Adds the terms of one tensor, before the factor λ (or λ/2).
inline void add_penalty(Sum& sum, std::span<const double> tensor, const PenaltyOptions& options) {
  for (const double w : tensor) sum.add(options.l1 ? std::fabs(w) : w * w);
}

inline double penalty_factor(const PenaltyOptions& options) { return !options.l1 && options.half ? options.lambda / 2 : options.lambda; }

/// Derivative with respect to one parameter.
inline double penalty_slope(double w, const PenaltyOptions& options) {
  if (options.l1) return options.lambda * sign(w);
  return (options.half ? 1 : 2) * options.lambda * w;
}

}  // namespace lossbench::reference
