// Variant `online`. Builds on `three_pass`; changes one thing: maximum and sums come from a single read of the row.
//
//   Why      beyond the caches every read of the row is paid in full, and three_pass spends half of its forward traffic on
//            reading again what it had already seen. Each thread keeps sums relative to a running reference and rescales them
//            when a logit exceeds it by more than a slack (log_sum_exp.h); the block first agrees on the maximum, then every
//            thread rescales once and the sums are added.   [Milakov & Gimelshein 2018]
//   Moves    logits: 1 read forward, 2 reads + 1 write with the gradient. The label's logit is remembered in passing.
//   Needs    as three_pass.
//   Order    as three_pass.
//   Error    see sum_ulps. A masked logit (-inf) adds 0 wherever it stands, a whole tile of them too: the running reference is
//            always finite.
#pragma once

#include "kernels/rowwise/softmax_launch.h"

namespace lossbench::inline SIMT_BUILD {

namespace rowwise {

template <simt::Cache kCache>
struct SumsInOnePass {
  template <class Team, class T>
  static __device__ RowSums<RealOf<T>> of(Team& team, const SoftmaxArguments<T>& arguments, simt::Global<const T> logits,
                                          int label) {
    using Real = RealOf<T>;
    const bool smooths = arguments.share != 0;
    OnlineSum<Real> mine;
    read_row<kCache>(team, arguments, logits, [&](const Real(&x)[kChunk], const int(&c)[kChunk]) {
      mine.add(x, [&](int k) { return c[k] == label; });
      if (!smooths) return;
#pragma unroll
      for (int k = 0; k < kChunk; ++k)
        if (c[k] < arguments.classes) mine.add_shortfall(x[k], arguments.class_weight(c[k]));
    });
    RowSums<Real> row{team.reduce(mine.peak()), 0, {0, 0}};
    mine.settle(row.peak.maximum);
    row.others = team.reduce(mine.others);
    if (smooths) row.shortfall = team.reduce(mine.shortfall);
    return row;
  }
};

/// The gradient pass reads the row again, so there the first read may stay in the cache.
template <Pass kPass>
using OnlineSums = SumsInOnePass<kPass == Pass::forward ? simt::Cache::streaming : simt::Cache::normal>;

/// Rounding that rescaling adds, in units of u of the sum: 4 for each exponential (2 ulp), of which a term passes 2.1 + 0.26·ln n
/// in its thread on average and one more at the end, and kSlack twice over for exponents rounded above the reference.
inline double rescaling_ulps(std::int64_t length) {
  return 4 * (3.1 + 1.03 / OnlineSum<float>::kSlack * std::log(double(length < 1 ? 1 : length))) + 2 * OnlineSum<float>::kSlack;
}

template <class T, Pass kPass>
__global__ void __launch_bounds__(kBlockThreads, kBlocksWanted) online_kernel(SoftmaxArguments<T> arguments) {
  using Shared = BlockShared<RealOf<T>>;
  SIMT_SHARED(Shared, shared);
  softmax_rows<OnlineSums<kPass>, kPass>(arguments, BlockTeam<RealOf<T>>(shared));
}

}  // namespace rowwise

struct Online {
  static constexpr const char* kName = "online";
  static constexpr const char* kSummary = "one read of the logits: running maximum and rescaled sum";
  static constexpr const char* kLoss = "softmax_cross_entropy";
  static constexpr Order kOrder = Order::run_to_run;
  static constexpr bool kProduction = true;
  static constexpr int kRowsPerBlock = 1;

  /// As three_pass, and the rescaling. The shortfall of label smoothing is kept in double relative to the same reference: its
  /// terms are >= -kSlack·w and every raise adds to it, so it does not cancel at any offset and costs nothing in u of a float.
  static double sum_ulps(std::int64_t length, DType element) {
    return rowwise::added_ulps(length, kBlockThreads, element) + rowwise::rescaling_ulps(length);
  }

  template <class T, Pass kPass>
  static auto main() { return rowwise::online_kernel<T, kPass>; }

  template <class T, Pass kPass>
  struct Run : rowwise::SoftmaxRun<Online, T, kPass> {};
};

}  // namespace lossbench::inline SIMT_BUILD
