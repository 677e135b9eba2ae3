#pragma once

#include "kernels/losses/math.h"

namespace lossbench::inline SIMT_BUILD::losses {

/// Squared error, (input - target)², or half of it. The difference is formed before squaring.
struct L2 {
  static constexpr int kOperands = 2;
  double scale = 1;  ///< 1, or 1/2 for the form of Caffe's EuclideanLoss

  template <class Real>
  SIMT_FN Real value(Real input, Real target) const {
    const Real d = input - target;
    return Real(scale) * (d * d);
  }

  template <class Real>
  SIMT_FN Real gradient(Real input, Real target) const { return Real(2 * scale) * (input - target); }
};

}  // namespace lossbench::inline SIMT_BUILD::losses
