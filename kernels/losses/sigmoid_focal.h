#pragma once

#include "kernels/losses/math.h"

namespace lossbench::inline SIMT_BUILD::losses {

/// Focal loss on a logit x, for a target y in [0, 1]: a·q^γ·c.   [Lin et al. 2017; torchvision sigmoid_focal_loss]
///
///   q = 1 - p_t = σ(x)·(1-y) + σ(-x)·y      c = softplus(x) - y·x      a = α·y + (1-α)·(1-y), or 1 where α < 0
///
/// Everything is built from e^-|x|, in sums of non-negative terms: nothing cancels for a confident logit.
/// Derivative: a·q^γ·(γ·(q'/q)·c + c') with q'/q = σ(x)·σ(-x)·(1-2y)/q and c' = σ(x)·(1-y) - σ(-x)·y. Where y is 0 or 1 the
/// quotient is σ(-x) or -σ(x) and is written so, because q may have underflowed.
struct SigmoidFocal {
  static constexpr int kOperands = 2;
  double alpha = 0.25;
  double gamma = 2;

  template <class Real>
  SIMT_FN Real value(Real logit, Real target) const {
    const Parts<Real> parts(logit, target);
    return balance(target) * (modulation(parts.q) * parts.cross_entropy);
  }

  template <class Real>
  SIMT_FN Real gradient(Real logit, Real target) const {
    const Parts<Real> parts(logit, target);
    const Real rest = Real(1) - target;
    const Real slope = parts.up * rest - parts.down * target;
    const Real ratio = target == 0 ? parts.down : target == 1 ? -parts.up : parts.up * parts.down * (rest - target) / parts.q;
    const Real bend = gamma == 0 ? slope : Real(gamma) * ratio * parts.cross_entropy + slope;
    return balance(target) * (modulation(parts.q) * bend);
  }

 private:
  template <class Real>
  struct Parts {
    Real up, down, q, cross_entropy;  ///< σ(x), σ(-x), 1 - p_t, softplus(x) - y·x

    SIMT_FN Parts(Real logit, Real target) {
      const Real e = math::exp(-math::abs(logit)), scale = Real(1) / (Real(1) + e), rest = Real(1) - target;
      up = logit < 0 ? e * scale : scale;
      down = logit < 0 ? scale : e * scale;
      q = up * rest + down * target;
      const Real linear = logit > 0 ? rest * logit : logit < 0 ? target * -logit : logit;
      cross_entropy = linear + math::log1p(e);
    }
  };

  template <class Real>
  SIMT_FN Real balance(Real target) const {
    return alpha < 0 ? Real(1) : Real(alpha) * target + Real(1 - alpha) * (Real(1) - target);
  }

  /// q^γ; the usual exponents without a power.
  template <class Real>
  SIMT_FN Real modulation(Real q) const {
    if (gamma == 2) return q * q;
    if (gamma == 1) return q;
    return gamma == 0 ? Real(1) : math::pow(q, Real(gamma));
  }
};

}  // namespace lossbench::inline SIMT_BUILD::losses
