#pragma once

#include "kernels/losses/math.h"

namespace lossbench::inline SIMT_BUILD::losses {

/// Hinge loss of a score s and a target y of -1 or +1: w·max(0, margin - y·s)^p with p = 1 or 2.   [Cortes & Vapnik 1995]
/// The derivative at the kink is 0. `weight` is the weight of the sample; a weight of 0 is an ordinary factor.
struct HingeBinary {
  static constexpr int kOperands = 3;
  static constexpr int kDivisorOperand = 2;
  double margin = 1;
  bool squared = false;

  template <class Real>
  SIMT_FN Real value(Real score, Real target, Real weight) const {
    const Real h = Real(margin) - target * score;
    if (h <= 0) return weight * Real(0);
    return weight * (squared ? h * h : h);
  }

  template <class Real>
  SIMT_FN Real gradient(Real score, Real target, Real weight) const {
    const Real h = Real(margin) - target * score;
    if (h <= 0) return weight * Real(0);
    if (h != h) return h;
    return -target * weight * (squared ? 2 * h : Real(1));
  }

  template <class Real>
  SIMT_FN double divisor_term(Real weight) const { return weight; }
};

}  // namespace lossbench::inline SIMT_BUILD::losses
