#pragma once

#include "kernels/losses/math.h"

namespace lossbench::inline SIMT_BUILD::losses {

/// L1 loss, |input - target|. The derivative at 0 is 0.
struct L1 {
  static constexpr int kOperands = 2;

  template <class Real>
  SIMT_FN Real value(Real input, Real target) const { return math::abs(input - target); }

  template <class Real>
  SIMT_FN Real gradient(Real input, Real target) const { return math::sign(input - target); }
};

}  // namespace lossbench::inline SIMT_BUILD::losses
