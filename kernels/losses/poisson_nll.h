#pragma once

#include "kernels/losses/math.h"

namespace lossbench::inline SIMT_BUILD::losses {

/// Negative log-likelihood of a count t under a Poisson distribution.   [PyTorch poisson_nll_loss]
///   log_input (default)   e^x - t·x           x is the logarithm of the rate
///   otherwise             x - t·log(x + eps)  x is the rate; the logarithm counts 0 where t = 0
/// `full` adds Stirling's t·log t - t + log(2πt)/2 where t > 1; it has no part in the derivative. Near the best rate, t, the sum is
/// small and its terms are of order t·log t, so it is put together from the distance to t: with δ = x - log t it is
/// t·(e^δ - 1 - δ) + log(2πt)/2, with z = (x + eps - t)/t it is t·(z - log1p(z)) - eps + log(2πt)/2.
struct PoissonNll {
  static constexpr int kOperands = 2;
  bool log_input = true, full = false;
  double eps = 1e-8;

  template <class Real>
  SIMT_FN Real value(Real input, Real target) const {
    if (full && target > 1) return (log_input ? from_log_rate(input, target) : from_rate(input, target)) + stirling(target);
    if (log_input) return math::exp(input) - target * input;
    return input - (target == 0 ? Real(0) : target * math::log(input + Real(eps)));
  }

  template <class Real>
  SIMT_FN Real gradient(Real input, Real target) const {
    if (log_input) return math::exp(input) - target;
    return target == 0 ? Real(1) : (input - target + Real(eps)) / (input + Real(eps));  // 1 - t/(x + eps), which would cancel
  }

 private:
  template <class Real>
  SIMT_FN static Real stirling(Real target) { return Real(0.5) * math::log(Real(6.283185307179586) * target); }

  template <class Real>
  SIMT_FN static Real from_log_rate(Real input, Real target) {
    const Real delta = input - math::log(target);
    if (math::abs(delta) < 1) return target * (math::expm1(delta) - delta);
    return math::exp(input) - target * (delta + Real(1));
  }

  template <class Real>
  SIMT_FN Real from_rate(Real input, Real target) const {
    const Real excess = input - target, rate = input + Real(eps), z = (excess + Real(eps)) / target;
    if (math::abs(z) < Real(0.25)) return target * log1p_gap(z) - Real(eps);
    const Real ratio = target / rate;
    return excess + target * (ratio > 0 && ratio <= Real(1e30) ? math::log(ratio) : math::log(target) - math::log(rate));
  }

  /// z - log1p(z) for |z| < 1/4: with s = z/(2 + z) it is z·s - 2·(s³/3 + s⁵/5 + …), whose remainder is below the rounding of z·s.
  template <class Real>
  SIMT_FN static Real log1p_gap(Real z) {
    constexpr int kTerms = sizeof(Real) == 8 ? 10 : 5;
    const Real s = z / (Real(2) + z), square = s * s;
    Real sum = 0;
#pragma unroll
    for (int k = kTerms; k > 0; --k) sum = sum * square + Real(1.0 / (2 * k + 1));
    return z * s - 2 * s * (square * sum);
  }
};

}  // namespace lossbench::inline SIMT_BUILD::losses
