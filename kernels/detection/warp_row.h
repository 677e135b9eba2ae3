// One warp reduces one row of scores, which it keeps in registers as far as they reach.
#pragma once

#include "kernels/pointwise/arguments.h"
#include "kernels/primitives/log_sum_exp.h"

namespace lossbench::inline SIMT_BUILD::detection {

/// Scores a lane keeps: rows of up to 32·kKept classes are read once. Longer rows read their rest again.
constexpr int kKept = 4;

/// A row of `classes` scores, dealt to the lanes in turn. All 32 lanes call every function.
template <class T>
class WarpRow {
 public:
  using Real = Arithmetic<T>;

  __device__ WarpRow(simt::Global<const T> scores, int classes) : scores_(scores), classes_(classes) {
#pragma unroll
    for (int k = 0; k < kKept; ++k) kept_[k] = lane() + k * kWarp < classes ? read(lane() + k * kWarp) : Real(-INFINITY);
  }

  /// Maximum and sums of the row, the same in every lane.
  __device__ RowSums<Real> sums(int label) const {
    RowSums<Real> row{{Real(-INFINITY), 0}, 0, {0, 0}};
    each([&](int c, Real x) {
      row.peak.maximum = larger(row.peak.maximum, x);
      if (c == label) row.peak.label_logit = x;
    });
    row.peak = warp_reduce(row.peak, JoinPeaks{});
    each([&](int c, Real x) {
      if (c != label) row.others += double(math::exp(x - row.peak.maximum));
    });
    row.others = warp_reduce(row.others, Plus{});
    return row;
  }

  /// body(class, score) for this lane's share.
  template <class Body>
  __device__ __forceinline__ void each(Body body) const {
#pragma unroll
    for (int k = 0; k < kKept; ++k)
      if (lane() + k * kWarp < classes_) body(lane() + k * kWarp, kept_[k]);
    for (int c = lane() + kKept * kWarp; c < classes_; c += kWarp) body(c, read(c));
  }

 private:
  __device__ static int lane() { return int(threadIdx.x) % kWarp; }
  __device__ Real read(int c) const { return widen(simt::load<simt::Cache::streaming>(scores_, c)); }

  simt::Global<const T> scores_;
  int classes_;
  Real kept_[kKept];
};

/// -log of the label's probability, formed without the large terms that log_sum_exp(x) - x_label would cancel.
template <class Real>
SIMT_FN double cross_entropy(const RowSums<Real>& row) {
  return double(row.log_exponentials()) + (double(row.peak.maximum) - double(row.peak.label_logit));
}

/// Derivative of that with respect to x_c, times `scale`: p_c, and at the label -(1 - p_label), which does not cancel.
template <class Real>
struct CrossEntropySlope {
  Real maximum, factor, at_label;
  int label;

  SIMT_FN CrossEntropySlope(const RowSums<Real>& row, int row_label, double scale) : maximum(row.peak.maximum), label(row_label) {
    const double l = row.exponentials();
    factor = Real(scale / l);
    at_label = Real(-scale * (row.others / l));
  }
  SIMT_FN Real operator()(int c, Real x) const { return c == label ? at_label : factor * math::exp(x - maximum); }
};

}  // namespace lossbench::inline SIMT_BUILD::detection
