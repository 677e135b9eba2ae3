#pragma once

#include "kernels/losses/smooth_l1.h"

namespace lossbench::inline SIMT_BUILD::losses {

/// Smooth L1 with an inside weight, applied to the difference, and an outside weight, applied to the loss.   [Girshick 2015]
/// An element whose inside or outside weight is 0 contributes exactly 0, even if its difference is NaN or infinite.
struct SmoothL1Weighted {
  static constexpr int kOperands = 4;
  SmoothL1 smooth;

  template <class Real>
  SIMT_FN Real value(Real input, Real target, Real inside_weight, Real outside_weight) const {
    if (inside_weight == 0 || outside_weight == 0) return 0;
    return outside_weight * smooth.of_difference(inside_weight * (input - target));
  }

  template <class Real>
  SIMT_FN Real gradient(Real input, Real target, Real inside_weight, Real outside_weight) const {
    if (inside_weight == 0 || outside_weight == 0) return 0;
    return outside_weight * inside_weight * smooth.slope(inside_weight * (input - target));
  }
};

}  // namespace lossbench::inline SIMT_BUILD::losses
