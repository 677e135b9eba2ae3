#pragma once

#include "kernels/losses/math.h"

namespace lossbench::inline SIMT_BUILD::losses {

/// What is done about probabilities near 0 and 1.
enum class ProbabilityClip {
  both,   ///< to [eps, 1 - eps]
  lower,  ///< max(p, eps)
  none,
};

/// Log loss of p = P(class 1) and a class of 0 or 1: -w·log p, or -w·log(1 - p), which is log1p(-p).   [scikit-learn log_loss]
/// The complement is kept apart: 1 - (1 - eps) would not be eps where eps is near the rounding error of 1.
/// The derivative is 0 where the clip moved p; with `lower` it may be that of the floor, -1/eps.   [Caffe]
struct LogLossBinary {
  static constexpr int kOperands = 3;
  static constexpr int kDivisorOperand = 2;
  ProbabilityClip clip = ProbabilityClip::both;
  bool pass_floor = false;
  double eps = 0x1p-23;
  double log_eps = 0, log_rest = 0;  ///< log(eps), log(1 - eps)

  template <class Real>
  SIMT_FN Real value(Real prob, Real target, Real weight) const {
    const bool one = target == 1;
    if (below(prob)) return -weight * Real(one ? log_eps : log_rest);
    if (above(prob)) return -weight * Real(one ? log_rest : log_eps);
    return -weight * (one ? math::log(prob) : math::log1p(-prob));
  }

  template <class Real>
  SIMT_FN Real gradient(Real prob, Real target, Real weight) const {
    const bool one = target == 1;
    if (below(prob) && pass_floor) return weight * Real(one ? -1 / eps : 1 / (1 - eps));
    if (below(prob) || above(prob)) return 0;
    return one ? -weight / prob : weight / (Real(1) - prob);
  }

  template <class Real>
  SIMT_FN double divisor_term(Real weight) const { return weight; }

 private:
  // Compared in double: rounding eps first would move a p that lies exactly on the border.
  SIMT_FN bool below(double prob) const { return clip != ProbabilityClip::none && prob < eps; }
  SIMT_FN bool above(double prob) const { return clip == ProbabilityClip::both && 1 - prob < eps; }
};

}  // namespace lossbench::inline SIMT_BUILD::losses
