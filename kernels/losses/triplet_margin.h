#pragma once

#include "kernels/losses/math.h"
#include "kernels/losses/row.h"

namespace lossbench::inline SIMT_BUILD::losses {

/// Triplet margin loss: max(0, margin + d(anchor, positive) - d(anchor, negative)), d(u, v) = ‖u - v + eps‖_p.
/// [Schroff et al. 2015; PyTorch triplet_margin_loss] With `swap` the second distance is the smaller of d(anchor, negative) and
/// d(positive, negative). The gradient of a distance is sign(w)·|w|^(p-1)/d^(p-1) with w = u - v + eps, 0 where d is 0.
struct TripletMargin {
  static constexpr int kOperands = 3, kGradients = 3;
  static constexpr bool kLabels = false, kReadsOwn = false, kBest = false;
  template <class Real> static constexpr int kWords = 3;
  double margin = 1, p = 2, eps = 1e-6;
  bool swap = false;

  struct Result {
    double loss;
    double positive, negative, between;  ///< 1/d^(p-1) of d(a, p), d(a, n), d(p, n); 0 for a distance that does not count
    bool active;
  };

  template <class Real> SIMT_FN static RowSums<3> identity() { return {}; }

  template <class Real>
  SIMT_FN void add(RowSums<3>& sums, const Real (&x)[3], std::int64_t, const RowSide<Real>&) const {
    sums.word[0] += power(difference(x[0], x[1]));
    sums.word[1] += power(difference(x[0], x[2]));
    if (swap) sums.word[2] += power(difference(x[1], x[2]));
  }

  template <class Real>
  SIMT_FN Result finish(const RowSums<3>& sums, const RowSide<Real>&, std::int64_t) const {
    const double positive = root(sums.word[0]), negative = root(sums.word[1]), between = root(sums.word[2]);
    const bool swapped = swap && between < negative;
    const double h = margin + positive - (swapped ? between : negative);
    if (h <= 0) return {0, 0, 0, 0, false};
    if (h != h) return {h, h, h, h, true};
    return {h, steepness(positive), swapped ? 0 : steepness(negative), swapped ? steepness(between) : 0, true};
  }

  template <class Real>
  SIMT_FN void gradient(const Real (&x)[3], std::int64_t, const RowSide<Real>&, const Result& row, double (&g)[3]) const {
    if (!row.active) {
      g[0] = g[1] = g[2] = 0;
      return;
    }
    const double to_positive = pull(difference(x[0], x[1]), row.positive), to_negative = pull(difference(x[0], x[2]), row.negative);
    const double across = pull(difference(x[1], x[2]), row.between);
    g[0] = to_positive - to_negative;
    g[1] = -to_positive - across;
    g[2] = to_negative + across;
  }

 private:
  template <class Real>
  SIMT_FN double difference(Real u, Real v) const { return double(u) - double(v) + eps; }

  SIMT_FN double power(double d) const { return p == 2 ? d * d : p == 1 ? math::abs(d) : math::pow(math::abs(d), p); }
  SIMT_FN double root(double sum) const { return p == 2 ? math::sqrt(sum) : p == 1 ? sum : math::pow(sum, 1 / p); }
  SIMT_FN double steepness(double d) const { return d == 0 ? 0 : p == 2 ? 1 / d : p == 1 ? 1 : math::pow(d, 1 - p); }
  SIMT_FN double pull(double d, double scale) const {
    if (scale == 0) return 0;
    return scale * (p == 2 ? d : p == 1 ? math::sign(d) : math::sign(d) * math::pow(math::abs(d), p - 1));
  }
};

}  // namespace lossbench::inline SIMT_BUILD::losses
