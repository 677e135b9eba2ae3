#pragma once

#include "kernels/losses/math.h"

namespace lossbench::inline SIMT_BUILD::losses {

/// Kullback-Leibler divergence of log-probabilities x from probabilities t: t·(log t - x), and 0 where t = 0 (NaN stays NaN).
/// With `log_target` the target is log t: e^t·(t - x).   [PyTorch kl_div]
struct KlDiv {
  static constexpr int kOperands = 2;
  static constexpr bool kSecondGradient = true;
  bool log_target = false;

  template <class Real>
  SIMT_FN Real value(Real input, Real target) const {
    if (log_target) return math::exp(target) * (target - input);
    if (target == 0) return input == input ? Real(0) : input;
    return target * (math::log(target) - input);
  }

  template <class Real>
  SIMT_FN Real gradient(Real, Real target) const { return -(log_target ? math::exp(target) : target); }

  template <class Real>
  SIMT_FN Real second_gradient(Real input, Real target) const {
    if (log_target) return math::exp(target) * (target - input + Real(1));
    return math::log(target) + Real(1) - input;
  }
};

}  // namespace lossbench::inline SIMT_BUILD::losses
