#pragma once

#include "kernels/losses/math.h"
#include "kernels/losses/row.h"

namespace lossbench::inline SIMT_BUILD::losses {

/// Dice loss of one map: 1 - (2·Σ p·y + s)/(U + s) with U = Σ p + Σ y, or Σ p² + Σ y².   [Milletari et al. 2016]
///
/// Put as D/(U + s) with D = Σ p·(1-y) + y·(1-p), or Σ (p-y)²: sums of what is wrong, so that a good overlap does not cancel.
/// The derivative, -(2y·(U+s) - (2I+s)·U')/(U+s)², is then (U'·(1 - loss) - 2y)/(U + s) with U' = 1 or 2p. An empty map with
/// s = 0 has loss and gradient 0.
struct Dice {
  static constexpr int kOperands = 2, kGradients = 1;
  static constexpr bool kLabels = false, kReadsOwn = false, kBest = false;
  template <class Real> static constexpr int kWords = 2;
  bool from_logits = true, squares = false;
  double smooth = 1;

  struct Result {
    double loss;
    double overlap, scale;  ///< 1 - loss, 1/(U + s); 0 for an empty map
  };

  template <class Real> SIMT_FN static RowSums<2> identity() { return {}; }

  template <class Real>
  SIMT_FN void add(RowSums<2>& sums, const Real (&x)[2], std::int64_t, const RowSide<Real>&) const {
    const Pair<Real> p = probability(x[0]);
    const Real y = x[1];
    if (squares) {
      const double wrong = double(p.yes) - double(y);
      sums.word[0] += wrong * wrong;
      sums.word[1] += double(p.yes) * double(p.yes) + double(y) * double(y);
    } else {
      sums.word[0] += double(p.yes * (Real(1) - y) + y * p.no);
      sums.word[1] += double(p.yes) + double(y);
    }
  }

  template <class Real>
  SIMT_FN Result finish(const RowSums<2>& sums, const RowSide<Real>&, std::int64_t) const {
    const double whole = sums.word[1] + smooth;
    if (whole == 0) return {0, 0, 0};
    const double loss = sums.word[0] / whole;
    return {loss, 1 - loss, 1 / whole};
  }

  template <class Real>
  SIMT_FN void gradient(const Real (&x)[2], std::int64_t, const RowSide<Real>&, const Result& row, double (&g)[1]) const {
    const Pair<Real> p = probability(x[0]);
    const double growth = squares ? 2 * double(p.yes) : 1;
    const double slope = from_logits ? double(p.yes) * double(p.no) : 1;
    g[0] = (growth * row.overlap - 2 * double(x[1])) * row.scale * slope;
  }

 private:
  template <class Real>
  struct Pair {
    Real yes, no;
  };

  template <class Real>
  SIMT_FN Pair<Real> probability(Real x) const {
    if (!from_logits) return {x, Real(1) - x};
    const Real e = math::exp(-math::abs(x)), scale = Real(1) / (Real(1) + e);
    return x < 0 ? Pair<Real>{e * scale, scale} : Pair<Real>{scale, e * scale};
  }
};

}  // namespace lossbench::inline SIMT_BUILD::losses
