// Variant `warp_per_row`. Builds on `online`; changes one thing: a warp takes a row, so a block takes eight.
//
//   Why      with 10 to 1000 classes most threads of a block find nothing to read, and two barriers a row are what it waits for.
//            A warp reduces by shuffles alone, and eight rows are in flight where there was one.
//   Moves    as online.
//   Needs    256 threads a block; as three_pass otherwise. Any number of classes, but beyond a few thousand too few bytes are
//            in flight when rows are few: that is what online is for.
//   Order    as three_pass.
//   Error    as online, with a share of classes/32 terms a thread.
//   Holds    4 blocks a multiprocessor at 64 registers a thread (3 in f64, 2 where the row is rich).
#pragma once

#include "kernels/rowwise/online.h"

namespace lossbench::inline SIMT_BUILD {

namespace rowwise {

template <class T, Pass kPass, bool kRich>
__global__ void __launch_bounds__(kBlockThreads, (kBlocksHeld<T, kRich>)) warp_per_row_kernel(SoftmaxArguments<T> arguments) {
  using Team = WarpTeam<RealOf<T>>;
  SIMT_SHARED(TeamLedger, ledgers, [Team::kPerBlock]);
  softmax_rows<SumsInOnePass<kRich, false>, kPass>(arguments, Team(ledgers), PlainRows<SingleSource<T, kFirstRead<kPass>>>{});
}

}  // namespace rowwise

struct WarpPerRow : rowwise::PlainPlan<rowwise::WarpTeam<float>::kPerBlock> {
  static constexpr const char* kName = "warp_per_row";
  static constexpr const char* kSummary = "a warp per row, eight rows a block: no barriers, for few classes";
  static constexpr const char* kLoss = "softmax_cross_entropy";
  static constexpr Order kOrder = Order::run_to_run;
  static constexpr bool kProduction = true;
  static constexpr bool kRich = true;

  static double sum_ulps(std::int64_t length, DType element) {
    return rowwise::added_ulps(length, kWarp, rowwise::kChunk, element) + rowwise::rescaling_ulps(length);
  }

  template <class T, Pass kPass, bool kWantsRich>
  static auto main() { return rowwise::warp_per_row_kernel<T, kPass, kWantsRich>; }

  template <class T, Pass kPass>
  struct Run : rowwise::SoftmaxRun<WarpPerRow, T, kPass> {};
};

}  // namespace lossbench::inline SIMT_BUILD
