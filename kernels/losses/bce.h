#pragma once

#include "kernels/losses/math.h"

namespace lossbench::inline SIMT_BUILD::losses {

/// Elements that a label switches off: those whose target truncates to `label`, if `active`.   [Caffe SigmoidCrossEntropyLoss]
struct IgnoreLabel {
  bool active = false;
  double label = 0;

  template <class Real>
  SIMT_FN bool matches(Real target) const { return active && math::trunc(target) == Real(label); }
};

/// Binary cross-entropy on a logit x, for a target y in [0, 1]:
///   w·[ (1-y)·softplus(x) + pos_weight·y·softplus(-x) ]
/// which equals (1-y)·x + (1 + (pos_weight-1)·y)·softplus(-x), in a form whose terms are all positive: nothing cancels.
struct BceLogits {
  static constexpr int kOperands = 4;
  static constexpr int kDivisorOperand = 1;
  IgnoreLabel ignore;

  template <class Real>
  SIMT_FN Real value(Real logit, Real target, Real weight, Real pos_weight) const {
    if (ignore.matches(target)) return 0;
    const Real tail = math::log1p(math::exp(-math::abs(logit)));
    const Real positive = pos_weight * target, negative = Real(1) - target;
    const Real linear = logit > 0 ? negative * logit : logit < 0 ? positive * -logit : logit;
    return weight * (linear + (negative + positive) * tail);
  }

  template <class Real>
  SIMT_FN Real gradient(Real logit, Real target, Real weight, Real pos_weight) const {
    if (ignore.matches(target)) return 0;
    const Real e = math::exp(-math::abs(logit)), scale = Real(1) / (Real(1) + e);
    const Real up = logit < 0 ? e * scale : scale, down = logit < 0 ? scale : e * scale;  // sigmoid(x), sigmoid(-x)
    return weight * ((Real(1) - target) * up - pos_weight * target * down);
  }

  template <class Real>
  SIMT_FN double divisor_term(Real target) const { return ignore.matches(target) ? 0.0 : 1.0; }
};

/// Binary cross-entropy on a probability p, -w·[ y·log p + (1-y)·log(1-p) ]; log(1-p) is log1p(-p).
/// `log_clamp` raises each logarithm to `log_min` and floors the divisor of the gradient at 1e-12 (PyTorch); `both` clips p to
/// [eps, 1-eps], with gradient 0 where it moved p (Keras); `none` is as written, so p = 0 or 1 gives inf, or NaN.
struct BceProbs {
  enum class Clip { log_clamp, both, none };
  static constexpr int kOperands = 3;
  static constexpr int kDivisorOperand = 1;
  IgnoreLabel ignore;
  Clip clip = Clip::log_clamp;
  double eps = 1e-7, log_min = -100;

  template <class Real>
  SIMT_FN Real value(Real prob, Real target, Real weight) const {
    if (ignore.matches(target)) return 0;
    Real log_p = math::log(prob), log_q = math::log1p(-prob);
    if (clip == Clip::log_clamp) {
      log_p = math::max_or_nan(log_p, Real(log_min));
      log_q = math::max_or_nan(log_q, Real(log_min));
    } else if (clip == Clip::both) {
      // 1 - eps need not be representable, so the clipped complement is taken as eps itself.
      const Real log_eps = math::log(Real(eps)), log_rest = math::log1p(-Real(eps));
      if (below(prob)) log_p = log_eps, log_q = log_rest;
      if (above(prob)) log_p = log_rest, log_q = log_eps;
    }
    return -weight * (target * log_p + (Real(1) - target) * log_q);
  }

  template <class Real>
  SIMT_FN Real gradient(Real prob, Real target, Real weight) const {
    if (ignore.matches(target)) return 0;
    if (clip == Clip::both && (below(prob) || above(prob))) return 0;
    Real spread = prob * (Real(1) - prob);
    if (clip == Clip::log_clamp) spread = math::max_or_nan(spread, Real(1e-12));
    return weight * ((prob - target) / spread);  // dividing first: a product of two small numbers could underflow
  }

  template <class Real>
  SIMT_FN double divisor_term(Real target) const { return ignore.matches(target) ? 0.0 : 1.0; }

 private:
  // Compared in double: rounding eps first would move a p that lies exactly on the border.
  SIMT_FN bool below(double prob) const { return prob < eps; }
  SIMT_FN bool above(double prob) const { return 1 - prob < eps; }
};

}  // namespace lossbench::inline SIMT_BUILD::losses
