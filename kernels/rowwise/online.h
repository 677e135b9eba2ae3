// Variant `online`. Builds on `three_pass`; changes one thing: maximum and sums come from a single read of the row.
//
//   Why      beyond the caches every read of the row is paid in full, and three_pass spends half of its forward traffic on
//            reading again what it had already seen. Each thread keeps sums relative to a running reference and rescales them
//            when a logit exceeds it by more than a slack (log_sum_exp.h); the block first agrees on the maximum, then every
//            thread rescales once and the sums are added.   [Milakov & Gimelshein 2018]
//   Moves    logits: 1 read forward, 2 reads + 1 write with the gradient. The label's logit is remembered in passing.
//   Needs    as three_pass, and every option: softcap and targets of probabilities, arg-max. Those are in a kernel of their own, which
//            has two blocks a multiprocessor; a floor under smoothed targets or probabilities costs a read more.
//   Order    as three_pass.
//   Error    see sum_ulps. A masked logit (-inf) adds 0 wherever it stands, a whole tile of them too: the running reference is
//            always finite.
//   Holds    4 blocks a multiprocessor at 64 registers a thread (3 in f64, 2 where the row is rich).
#pragma once

#include "kernels/rowwise/softmax_launch.h"

namespace lossbench::inline SIMT_BUILD {

namespace rowwise {

/// The gradient pass reads the row again, so there the first read may stay in the cache.
template <Pass kPass>
constexpr simt::Cache kFirstRead = kPass == Pass::forward ? simt::Cache::streaming : simt::Cache::normal;

template <class T, Pass kPass, bool kRich>
__global__ void __launch_bounds__(kBlockThreads, (kBlocksHeld<T, kRich>)) online_kernel(SoftmaxArguments<T> arguments) {
  using Shared = BlockShared<RealOf<T>>;
  SIMT_SHARED(Shared, shared);
  softmax_rows<SumsInOnePass<kRich, false>, kPass>(arguments, BlockTeam<RealOf<T>>(shared),
                                                   PlainRows<SingleSource<T, kFirstRead<kPass>>>{});
}

}  // namespace rowwise

struct Online : rowwise::PlainPlan<1> {
  static constexpr const char* kName = "online";
  static constexpr const char* kSummary = "one read of the logits: running maximum and rescaled sum";
  static constexpr const char* kLoss = "softmax_cross_entropy";
  static constexpr Order kOrder = Order::run_to_run;
  static constexpr bool kProduction = true;
  static constexpr bool kRich = true;

  /// As three_pass, and the rescaling. The shortfall of label smoothing is kept in double relative to the same reference: its
  /// terms are >= -kSlack·w and every raise adds to it, so it does not cancel at any offset and costs nothing in u of a float.
  static double sum_ulps(std::int64_t length, DType element) {
    return rowwise::added_ulps(length, kBlockThreads, rowwise::kChunk, element) + rowwise::rescaling_ulps(length);
  }

  template <class T, Pass kPass, bool kWantsRich>
  static auto main() { return rowwise::online_kernel<T, kPass, kWantsRich>; }

  template <class T, Pass kPass>
  struct Run : rowwise::SoftmaxRun<Online, T, kPass> {};
};

}  // namespace lossbench::inline SIMT_BUILD
