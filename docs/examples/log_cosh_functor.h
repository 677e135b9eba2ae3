#pragma once

#include "kernels/losses/math.h"

namespace lossbench::inline SIMT_BUILD::losses {

/// Log-cosh loss, log(cosh(d)) with d = input - target: |d| + log1p(e^(-2|d|)) - log 2, which does not overflow.
/// Near 0 the terms cancel, so below |d| = 1/4 a series takes over, d²/2 - d⁴/12 + d⁶/45 - 17d⁸/2520; its remainder is below
/// 6e-8 of the value there.
struct LogCosh {
  static constexpr int kOperands = 2;

  template <class Real>
  SIMT_FN Real value(Real input, Real target) const {
    const Real r = math::abs(input - target), s = r * r;
    if (r < Real(0.25)) return s * (Real(0.5) - s * (Real(1.0 / 12) - s * (Real(1.0 / 45) - s * Real(17.0 / 2520))));
    return r + math::log1p(math::exp(-2 * r)) - Real(0.6931471805599453);
  }

  /// tanh(d) = sign(d)·(1 - e)/(1 + e) with e = e^(-2|d|).
  template <class Real>
  SIMT_FN Real gradient(Real input, Real target) const {
    const Real d = input - target, e = math::exp(-2 * math::abs(d));
    return math::sign(d) * (1 - e) / (1 + e);
  }
};

}  // namespace lossbench::inline SIMT_BUILD::losses
