#pragma once

#include "kernels/losses/math.h"
#include "kernels/losses/row.h"

namespace lossbench::inline SIMT_BUILD::losses {

/// Cosine embedding loss of a pair (a, b) and a target of -1 or +1: 1 - cos, or max(0, cos - margin).
/// cos = a·b / sqrt((‖a‖² + 1e-12)·(‖b‖² + 1e-12)), so that zero vectors give 0.   [PyTorch cosine_embedding_loss]
/// dcos/da = b/sqrt(..) - cos·a/(‖a‖² + 1e-12).
struct CosineEmbedding {
  static constexpr int kOperands = 2, kGradients = 2;
  static constexpr bool kLabels = false, kReadsOwn = false, kBest = false;
  template <class Real> static constexpr int kWords = 3;
  double margin = 0;

  struct Result {
    double loss;
    double across;        ///< factor of the other vector
    double first, second; ///< factors of the vector itself
    bool active;
  };

  template <class Real> SIMT_FN static RowSums<3> identity() { return {}; }

  template <class Real>
  SIMT_FN void add(RowSums<3>& sums, const Real (&x)[2], std::int64_t, const RowSide<Real>&) const {
    const double a = x[0], b = x[1];
    sums.word[0] += a * b;
    sums.word[1] += a * a;
    sums.word[2] += b * b;
  }

  template <class Real>
  SIMT_FN Result finish(const RowSums<3>& sums, const RowSide<Real>& side, std::int64_t) const {
    const double a = sums.word[1] + 1e-12, b = sums.word[2] + 1e-12, length = math::sqrt(a) * math::sqrt(b);
    const double cosine = sums.word[0] / length;
    const double loss = side.factor > 0 ? 1 - cosine : cosine <= margin ? 0 : cosine - margin;
    const bool active = side.factor > 0 || !(cosine <= margin);
    const double slope = side.factor > 0 ? -1 : 1;
    return {loss, slope / length, slope * cosine / a, slope * cosine / b, active};
  }

  template <class Real>
  SIMT_FN void gradient(const Real (&x)[2], std::int64_t, const RowSide<Real>&, const Result& row, double (&g)[2]) const {
    const double a = x[0], b = x[1];
    g[0] = row.active ? row.across * b - row.first * a : 0;
    g[1] = row.active ? row.across * a - row.second * b : 0;
  }
};

}  // namespace lossbench::inline SIMT_BUILD::losses
