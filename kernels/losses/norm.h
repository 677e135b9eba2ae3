#pragma once

#include "kernels/losses/math.h"
#include "kernels/losses/row.h"

namespace lossbench::inline SIMT_BUILD::losses {

/// ‖x‖₁ of a row. The gradient is sign(x), 0 at 0.
struct NormL1 {
  static constexpr int kOperands = 1, kGradients = 1;
  static constexpr bool kLabels = false, kReadsOwn = false, kBest = false;
  template <class Real> static constexpr int kWords = 1;

  struct Result {
    double loss;
  };

  template <class Real> SIMT_FN static RowSums<1> identity() { return {}; }

  template <class Real>
  SIMT_FN void add(RowSums<1>& sums, const Real (&x)[1], std::int64_t, const RowSide<Real>&) const {
    sums.word[0] += double(math::abs(x[0]));
  }

  template <class Real>
  SIMT_FN Result finish(const RowSums<1>& sums, const RowSide<Real>&, std::int64_t) const { return {sums.word[0]}; }

  template <class Real>
  SIMT_FN void gradient(const Real (&x)[1], std::int64_t, const RowSide<Real>&, const Result&, double (&g)[1]) const {
    g[0] = double(math::sign(x[0]));
  }
};

/// ‖x‖₂ of a row, which overflows only where the norm itself does. The gradient is x/‖x‖₂, the zero vector at 0.
/// Squares of floats fit a double. Those of doubles need not, so large, middling and small elements are added up apart, the outer
/// two scaled by a power of two.   [Blue 1978; Anderson 2017]
struct NormL2 {
  static constexpr int kOperands = 1, kGradients = 1;
  static constexpr bool kLabels = false, kReadsOwn = false, kBest = false;
  template <class Real> static constexpr int kWords = sizeof(Real) == 8 ? 3 : 1;

  struct Result {
    double loss;
  };

  template <class Real> SIMT_FN static RowSums<kWords<Real>> identity() { return {}; }

  template <class Real>
  SIMT_FN void add(RowSums<kWords<Real>>& sums, const Real (&x)[1], std::int64_t, const RowSide<Real>&) const {
    const double d = x[0];
    if constexpr (kWords<Real> == 1) {
      sums.word[0] += d * d;
    } else {
      const double size = math::abs(d);
      if (size > kBig) sums.word[1] += (d * kShrink) * (d * kShrink);
      else if (size < kSmall) sums.word[2] += (d * kGrow) * (d * kGrow);
      else sums.word[0] += d * d;
    }
  }

  template <class Real>
  SIMT_FN Result finish(const RowSums<kWords<Real>>& sums, const RowSide<Real>&, std::int64_t) const {
    const double middling = sums.word[0];
    if constexpr (kWords<Real> == 3) {
      const double big = sums.word[1], small = sums.word[2];
      if (big > 0) return {math::sqrt(big + middling * kShrink * kShrink) / kShrink};
      if (middling == 0) return {math::sqrt(small) / kGrow};
      return {math::sqrt(middling + small / kGrow / kGrow)};
    } else {
      return {math::sqrt(middling)};
    }
  }

  template <class Real>
  SIMT_FN void gradient(const Real (&x)[1], std::int64_t, const RowSide<Real>&, const Result& row, double (&g)[1]) const {
    g[0] = row.loss == 0 ? 0 : double(x[0]) / row.loss;
  }

 private:
  static constexpr double kBig = 0x1p486, kSmall = 0x1p-511, kShrink = 0x1p-538, kGrow = 0x1p537;
};

}  // namespace lossbench::inline SIMT_BUILD::losses
