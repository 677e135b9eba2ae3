#pragma once

#include "kernels/losses/math.h"

namespace lossbench::inline SIMT_BUILD::losses {

/// Logistic loss in margin form: log(1 + e^(-y·f)) for a score f and a target y of -1 or +1.
/// Finite for every finite score; both terms of softplus are positive, so nothing cancels.
struct Logistic {
  static constexpr int kOperands = 2;

  template <class Real>
  SIMT_FN Real value(Real score, Real target) const { return math::softplus(-target * score); }

  template <class Real>
  SIMT_FN Real gradient(Real score, Real target) const { return -target * math::sigmoid(-target * score); }
};

}  // namespace lossbench::inline SIMT_BUILD::losses
