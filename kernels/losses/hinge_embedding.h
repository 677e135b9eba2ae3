#pragma once

#include "kernels/losses/math.h"

namespace lossbench::inline SIMT_BUILD::losses {

/// Hinge embedding loss of a distance x and a target of -1 or +1: x where the target is 1, else max(0, margin - x).
/// [PyTorch hinge_embedding_loss] The derivative at the kink is 0.
struct HingeEmbedding {
  static constexpr int kOperands = 2;
  double margin = 1;

  template <class Real>
  SIMT_FN Real value(Real input, Real target) const {
    return target == 1 ? input : math::max_or_nan(Real(margin) - input, Real(0));
  }

  template <class Real>
  SIMT_FN Real gradient(Real input, Real target) const {
    if (target == 1) return 1;
    const Real h = Real(margin) - input;
    return h > 0 ? Real(-1) : h == h ? Real(0) : h;
  }
};

}  // namespace lossbench::inline SIMT_BUILD::losses
