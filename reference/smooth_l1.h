// Smooth L1: quadratic near zero, linear outside.   [Girshick, Fast R-CNN, 2015]
#pragma once

#include "reference/element.h"

namespace lossbench::reference {

/// Smooth L1 of a difference d: d²/(2β) where |d| < β, else |d| - β/2. Derivative d/β inside, sign(d) outside.
/// The branches agree in value and slope at |d| = β. β = 0 is plain L1. In the σ form β = 1/σ².
inline Element smooth_l1(double difference, double beta) {
  const double size = std::fabs(difference);
  if (size < beta) {
    const double slope = difference / beta;  // dividing first: d² may underflow where d/β does not
    return {0.5 * difference * slope, slope};
  }
  return {size - 0.5 * beta, sign(difference)};
}

inline Element smooth_l1(double input, double target, double beta) { return smooth_l1(input - target, beta); }

}  // namespace lossbench::reference
