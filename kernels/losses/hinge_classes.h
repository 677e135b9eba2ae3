#pragma once

#include "kernels/losses/math.h"
#include "kernels/losses/row.h"

namespace lossbench::inline SIMT_BUILD::losses {

/// Hinge losses of C scores s and a class y, with h₊ = max(0, h) and p = 1 or 2:
///   crammer_singer   (margin - (s_y - max_{j≠y} s_j))₊^p; the lowest index among equal maxima   [Crammer & Singer 2001]
///   weston_watkins   w_y·Σ_{j≠y} (margin - s_y + s_j)₊^p / C   [Weston & Watkins 1999; PyTorch multi_margin_loss]
///   one_vs_all       Σ_j (margin - t_j·s_j)₊^p with t = +1 for y, -1 for the others   [Caffe HingeLoss]
/// Derivatives at the kink are 0. A row with one class has nothing to be wrong about in the first two.
struct HingeClasses {
  enum class Kind { crammer_singer, weston_watkins, one_vs_all };
  static constexpr int kOperands = 1, kGradients = 1;
  static constexpr bool kLabels = true, kReadsOwn = true, kBest = true;
  template <class Real> static constexpr int kWords = 4;  ///< value, slopes, greatest wrong score, its class
  Kind kind = Kind::crammer_singer;
  bool squared = false, class_average = true;
  double margin = 1;

  struct Result {
    double loss;
    double slope;     ///< crammer_singer: of the best wrong class; weston_watkins: minus that of y
    double scale;     ///< weston_watkins: w_y/C
    double best;      ///< class with the greatest wrong score
  };

  template <class Real> SIMT_FN static RowSums<4> identity() { return {{0, 0, -INFINITY, 0x1p62}}; }

  template <class Real>
  SIMT_FN void add(RowSums<4>& sums, const Real (&x)[1], std::int64_t column, const RowSide<Real>& side) const {
    const bool own = column == side.label;
    if (kind == Kind::crammer_singer) {
      if (x[0] != x[0]) sums.word[0] += x[0];  // no comparison would show it
      const bool better = x[0] > sums.word[2] || (x[0] == sums.word[2] && double(column) < sums.word[3]);
      if (!own && better) sums.word[2] = x[0], sums.word[3] = double(column);
      return;
    }
    if (own && kind == Kind::weston_watkins) return;
    const double h = shortfall(x[0], own, side);
    sums.word[0] += value(h);
    sums.word[1] += steepness(h);
  }

  template <class Real>
  SIMT_FN Result finish(const RowSums<4>& sums, const RowSide<Real>& side, std::int64_t width) const {
    if (kind == Kind::one_vs_all) return {sums.word[0], 0, 1, 0};
    if (kind == Kind::weston_watkins) {
      const double scale = double(side.factor) / (class_average ? double(width) : 1);
      return {scale * sums.word[0], scale * sums.word[1], scale, 0};
    }
    double h = margin - (double(side.own) - sums.word[2]) + sums.word[0];  // word 0 is 0, or NaN
    if (width == 1) h = sums.word[0];
    return {value(h), steepness(h), 1, sums.word[3]};
  }

  template <class Real>
  SIMT_FN void gradient(const Real (&x)[1], std::int64_t column, const RowSide<Real>& side, const Result& row, double (&g)[1]) const {
    const bool own = column == side.label;
    if (kind == Kind::crammer_singer) g[0] = own ? -row.slope : double(column) == row.best || row.slope != row.slope ? row.slope : 0;
    else if (kind == Kind::weston_watkins) g[0] = own ? -row.slope : row.scale * steepness(shortfall(x[0], false, side));
    else g[0] = (own ? -1 : 1) * steepness(shortfall(x[0], own, side));
  }

 private:
  /// What a score falls short of the margin by.
  template <class Real>
  SIMT_FN double shortfall(Real x, bool own, const RowSide<Real>& side) const {
    if (kind == Kind::weston_watkins) return margin - double(side.own) + double(x);
    return own ? margin - double(x) : margin + double(x);
  }
  SIMT_FN double value(double h) const { return h <= 0 ? 0 : squared ? h * h : h; }
  SIMT_FN double steepness(double h) const { return h > 0 ? (squared ? 2 * h : 1) : h <= 0 ? 0 : h; }
};

}  // namespace lossbench::inline SIMT_BUILD::losses
