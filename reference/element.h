// What the reference says about one element of a loss, and the number arithmetic that several losses share.
#pragma once

#include <cmath>

namespace lossbench::reference {

/// Loss of one element, and its derivative with respect to the prediction (input, score, logit or probability).
struct Element {
  double value;
  double gradient;
};

/// Derivative with respect to another input, with the sum of the absolute values of the terms it is made of.
struct Slope {
  double gradient;
  double condition;
};

/// Sign of x: -1, 0 or +1. NaN stays NaN, so that a gradient of NaN is never mistaken for a number.
inline double sign(double x) { return x > 0 ? 1.0 : x < 0 ? -1.0 : x == 0 ? 0.0 : x; }

/// log(1 + e^x) without overflow; 0 at -inf, inf at +inf, NaN at NaN.
inline double softplus(double x) { return (x > 0 ? x : 0.0) + std::log1p(std::exp(-std::fabs(x))); }

/// 1 / (1 + e^-x). Full relative accuracy at both ends: 1 - sigmoid(x) is sigmoid(-x).
inline double sigmoid(double x) {
  const double e = std::exp(-std::fabs(x));
  return (x < 0 ? e : 1.0) / (1.0 + e);
}

}  // namespace lossbench::reference
