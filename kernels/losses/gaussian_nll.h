#pragma once

#include "kernels/losses/math.h"

namespace lossbench::inline SIMT_BUILD::losses {

/// Negative log-likelihood of a target t under a normal distribution of mean x and variance v = max(var, eps):
/// (log v + (x-t)²/v)/2, with `full` also log(2π)/2.   [PyTorch gaussian_nll_loss]
/// The clamp of the variance is not differentiated: below eps it still has the derivative of the formula, (1/v - (x-t)²/v²)/2.
struct GaussianNll {
  static constexpr int kOperands = 3;
  static constexpr bool kSecondGradient = true;
  double eps = 1e-6;
  bool full = false;

  template <class Real>
  SIMT_FN Real value(Real input, Real target, Real var) const {
    const Real v = math::max_or_nan(var, Real(eps)), d = input - target;
    const Real loss = Real(0.5) * (math::log(v) + d * (d / v));
    return full ? loss + Real(0.9189385332046727) : loss;
  }

  template <class Real>
  SIMT_FN Real gradient(Real input, Real target, Real var) const { return (input - target) / math::max_or_nan(var, Real(eps)); }

  template <class Real>
  SIMT_FN Real second_gradient(Real input, Real target, Real var) const {
    const Real v = math::max_or_nan(var, Real(eps)), r = (input - target) / v;
    return Real(0.5) * (Real(1) / v - r * r);
  }
};

}  // namespace lossbench::inline SIMT_BUILD::losses
