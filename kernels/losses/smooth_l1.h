#pragma once

#include "kernels/losses/math.h"

namespace lossbench::inline SIMT_BUILD::losses {

/// Smooth L1 loss: d²/(2β) where |d| < β, else |d| - β/2, with d = input - target.   [Girshick 2015]
/// The branches agree in value and slope at |d| == β; β = 0 is plain L1, whose quadratic branch is never entered.
struct SmoothL1 {
  static constexpr int kOperands = 2;
  double beta = 1;
  double inverse_beta = 1;  ///< a product costs a tenth of a division; infinite for β = 0, and then never used

  template <class Real>
  SIMT_FN Real value(Real input, Real target) const { return of_difference(input - target); }

  template <class Real>
  SIMT_FN Real gradient(Real input, Real target) const { return slope(input - target); }

  template <class Real>
  SIMT_FN Real of_difference(Real d) const {
    const Real r = math::abs(d);
    return r < Real(beta) ? Real(0.5) * r * (r * Real(inverse_beta)) : r - Real(0.5) * Real(beta);
  }

  template <class Real>
  SIMT_FN Real slope(Real d) const { return math::abs(d) < Real(beta) ? d * Real(inverse_beta) : math::sign(d); }
};

}  // namespace lossbench::inline SIMT_BUILD::losses
