// Variant `three_pass`. The first step: one block a row, and a pass over the row for each thing that is asked of it.
//
//   Builds on  block_reduce: a block finds a maximum or a sum.
//   Why        the textbook form. The maximum first, so that no exponential overflows; then the sum of exponentials (and what
//              label smoothing needs); then, in the gradient pass, the gradient.
//   Moves      logits: 2 reads forward, 3 reads + 1 write with the gradient. Labels once, the gradient pass with a divisor that
//              depends on them once more. The second and third read find short rows in the cache; long ones come from memory.
//   Needs      256 threads a block; any number of classes, any alignment, any stride between classes ([N, C, d1, …], padded rows).
//              Labels, without softcap, arg-max, or a floor under smoothed targets: the steps after this one have these.
//   Order      fixed for a fixed device: rows in turn, classes in turn, trees.
//   Error      see sum_ulps.
//   Holds      4 blocks a multiprocessor at 64 registers a thread, 3 in f64.
#pragma once

#include "kernels/rowwise/softmax_launch.h"

namespace lossbench::inline SIMT_BUILD {

namespace rowwise {

/// One pass for the maximum, one for the sums.
struct SumsInTwoPasses {
  static constexpr bool kIsRich = false, kIsFast = false;

  template <class Team, class Source, class T>
  static __device__ RowResult<RealOf<T>> of(Team& team, const SoftmaxArguments<T>& arguments, const Source& source,
                                            const TargetRow<T>&, int label) {
    using Real = RealOf<T>;
    RowSums<Real> row{{Real(-INFINITY), 0}, 0, {0, 0}};
    source.first([&](auto& piece) {
#pragma unroll
      for (int k = 0; k < kChunk; ++k) {
        row.peak.maximum = larger(row.peak.maximum, piece.x[k]);
        if (piece.c(k) == label) row.peak.label_logit = piece.x[k];
      }
    });
    row.peak = team.reduce(row.peak);
    if (label < 0) row.peak.label_logit = Real(-INFINITY);  // an ignored row, whose log_sum_exp is wanted

    // -inf - (-inf) is NaN; a row of nothing but -inf has no sum, but it has a log_sum_exp.
    const Real reference = row.peak.maximum > Real(-INFINITY) ? row.peak.maximum : OnlineSum<Real>::kLowest;
    const bool smooths = arguments.share != 0;
    source.first([&](auto& piece) {
      Real sum = 0;
#pragma unroll
      for (int k = 0; k < kChunk; ++k)
        sum += piece.c(k) == label || !piece.holds(k) ? Real(0) : math::exp(piece.x[k] - reference);
      row.others += double(sum);
      if (!smooths) return;
#pragma unroll
      for (int k = 0; k < kChunk; ++k)
        if (piece.holds(k))
          row.shortfall.add(double(arguments.class_weight(piece.c(k))), double(row.peak.maximum) - double(piece.x[k]));
    });
    row.others = team.reduce(row.others);
    if (smooths) row.shortfall = team.reduce(row.shortfall);
    return {row, no_best<Real>()};
  }
};

template <class T, Pass kPass>
__global__ void __launch_bounds__(kBlockThreads, (kBlocksHeld<T, false>)) three_pass_kernel(SoftmaxArguments<T> arguments) {
  using Shared = BlockShared<RealOf<T>>;
  SIMT_SHARED(Shared, shared);
  softmax_rows<SumsInTwoPasses, kPass>(arguments, BlockTeam<RealOf<T>>(shared), PlainRows<SingleSource<T, simt::Cache::normal>>{});
}

}  // namespace rowwise

struct ThreePass : rowwise::PlainPlan<1> {
  static constexpr const char* kName = "three_pass";
  static constexpr const char* kSummary = "a block per row; a pass each for the maximum, the sum and the gradient";
  static constexpr const char* kLoss = "softmax_cross_entropy";
  static constexpr Order kOrder = Order::run_to_run;
  static constexpr bool kProduction = true;
  static constexpr bool kRich = false;

  /// Sum of exponentials: the additions of a chunk in the arithmetic type, then in double: those of a thread and a tree of
  /// 8 levels, which cost u of f64 each and next to nothing in units of a float.
  static double sum_ulps(std::int64_t length, DType element) {
    return rowwise::added_ulps(length, kBlockThreads, rowwise::kChunk, element);
  }

  template <class T, Pass kPass, bool>
  static auto main() { return rowwise::three_pass_kernel<T, kPass>; }

  template <class T, Pass kPass>
  struct Run : rowwise::SoftmaxRun<ThreePass, T, kPass> {};
};

}  // namespace lossbench::inline SIMT_BUILD
