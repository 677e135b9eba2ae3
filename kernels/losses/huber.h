#pragma once

#include "kernels/losses/math.h"

namespace lossbench::inline SIMT_BUILD::losses {

/// Huber loss: d²/2 where |d| < δ, else δ·(|d| - δ/2), with d = input - target.   [Huber 1964]
/// It is δ times smooth L1 of β = δ. The branches agree in value and slope at |d| == δ.
struct Huber {
  static constexpr int kOperands = 2;
  double delta = 1;

  template <class Real>
  SIMT_FN Real value(Real input, Real target) const {
    const Real r = math::abs(input - target);
    return r < Real(delta) ? Real(0.5) * (r * r) : Real(delta) * (r - Real(0.5) * Real(delta));
  }

  template <class Real>
  SIMT_FN Real gradient(Real input, Real target) const {
    const Real d = input - target;
    return math::abs(d) < Real(delta) ? d : Real(delta) * math::sign(d);
  }
};

}  // namespace lossbench::inline SIMT_BUILD::losses
