#pragma once

#include "kernels/losses/log_loss.h"
#include "kernels/losses/row.h"

namespace lossbench::inline SIMT_BUILD::losses {

/// Log loss of C probabilities and a class y: -log(q_y/s), q = clip(p), s = Σ q with `renormalize`, else 1.
/// The sum is kept without q_y: log(s/q_y) is then log1p(others/q_y), which keeps the digits of a confident row, and the
/// derivative at y, 1/s - 1/q_y, is -others/(q_y·s). Without `renormalize` nothing but p_y is read.
struct LogLossClasses {
  static constexpr int kOperands = 1, kGradients = 1;
  static constexpr bool kLabels = true, kReadsOwn = true, kBest = false;
  template <class Real> static constexpr int kWords = 1;
  ProbabilityClip clip = ProbabilityClip::both;
  bool renormalize = false, pass_floor = false;
  double eps = 0x1p-23;

  struct Result {
    double loss;
    double own_slope, slope;  ///< derivatives at y and at the other classes, where the clip moved nothing
  };

  SIMT_FN bool reads_row() const { return renormalize; }
  template <class Real> SIMT_FN static RowSums<1> identity() { return {}; }

  template <class Real>
  SIMT_FN void add(RowSums<1>& sums, const Real (&x)[1], std::int64_t column, const RowSide<Real>& side) const {
    if (column != side.label) sums.word[0] += clipped(x[0]);
  }

  template <class Real>
  SIMT_FN Result finish(const RowSums<1>& sums, const RowSide<Real>& side, std::int64_t) const {
    const double own = clipped(side.own), others = sums.word[0];
    if (!renormalize) return {above(side.own) ? -math::log1p(-eps) : -math::log(own), -1 / own, 0};
    return {math::log1p(others / own), -others / (own * (own + others)), 1 / (own + others)};
  }

  template <class Real>
  SIMT_FN void gradient(const Real (&x)[1], std::int64_t column, const RowSide<Real>& side, const Result& row, double (&g)[1]) const {
    const bool own = column == side.label;
    const double p = own ? side.own : x[0];
    const bool stopped = (below(p) && !pass_floor) || above(p);
    g[0] = stopped || (!own && !renormalize) ? 0 : own ? row.own_slope : row.slope;
  }

 private:
  SIMT_FN bool below(double prob) const { return clip != ProbabilityClip::none && prob < eps; }
  SIMT_FN bool above(double prob) const { return clip == ProbabilityClip::both && 1 - prob < eps; }
  SIMT_FN double clipped(double prob) const { return below(prob) ? eps : above(prob) ? 1 - eps : prob; }
};

}  // namespace lossbench::inline SIMT_BUILD::losses
