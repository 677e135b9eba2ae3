// Variant `positions`. Builds on `online`; changes one thing: a thread takes a row, for logits [N, C, d1, …] whose classes lie apart.
//
//   Why      in images and volumes the classes of a pixel are d1·d2·… elements apart. Threads along the classes then touch a sector
//            each for one element; threads along the positions read neighbours, class by class, and need no reduction at all.
//   Moves    as online, every sector once.
//   Needs    256 threads a block; any layout. Made for rows that are many and short: 33,000 positions fill 132 multiprocessors
//            with one block each, and a thread has four logits in flight.
//   Order    as three_pass; the classes of a row in turn, the rows of a thread in turn.
//   Error    as online, with all terms in one thread.
//   Holds    4 blocks a multiprocessor at 64 registers a thread (3 in f64, 2 where the row is rich).
#pragma once

#include "kernels/rowwise/online.h"

namespace lossbench::inline SIMT_BUILD {

namespace rowwise {

template <class T, Pass kPass, bool kRich>
__global__ void __launch_bounds__(kBlockThreads, (kBlocksHeld<T, kRich>)) positions_kernel(SoftmaxArguments<T> arguments) {
  SIMT_SHARED(TeamLedger, ledgers, [kBlockThreads]);
  softmax_rows<SumsInOnePass<kRich, false>, kPass>(arguments, LaneTeam<RealOf<T>>(ledgers),
                                                   PlainRows<SingleSource<T, kFirstRead<kPass>>>{});
}

}  // namespace rowwise

struct Positions : rowwise::PlainPlan<kBlockThreads> {
  static constexpr const char* kName = "positions";
  static constexpr const char* kSummary = "a thread per position of [N, C, d1, …]: neighbours read neighbours, class by class";
  static constexpr const char* kLoss = "softmax_cross_entropy";
  static constexpr Order kOrder = Order::run_to_run;
  static constexpr bool kProduction = true;
  static constexpr bool kRich = true;

  static double sum_ulps(std::int64_t length, DType element) {
    return rowwise::added_ulps(length, 1, rowwise::kChunk, element) + rowwise::rescaling_ulps(length);
  }

  template <class T, Pass kPass, bool kWantsRich>
  static auto main() { return rowwise::positions_kernel<T, kPass, kWantsRich>; }

  template <class T, Pass kPass>
  struct Run : rowwise::SoftmaxRun<Positions, T, kPass> {};
};

}  // namespace lossbench::inline SIMT_BUILD
