// Variant `vectorized`. Builds on `warp_shuffle`; changes one thing: 16-byte loads.
//
//   Why      warp_shuffle has 8 bytes in flight per thread, too few to cover the latency of DRAM; this has 64 (two operands,
//            two vectors each).
//   Moves    as warp_shuffle: every operand once, one partial sum a block written and read.
//   Needs    blocks of 256 threads; any n, any alignment: a scalar head up to the first 16-byte boundary and a scalar tail.
//            Operands out of phase with each other are read element by element.
//   Order    fixed for a fixed grid and alignment: results repeat run to run on one device.
//   Error    as warp_shuffle.
#pragma once

#include "kernels/pointwise/ladder.h"

namespace lossbench::inline SIMT_BUILD {

template <class Functor, class T, class Sum>
__global__ void __launch_bounds__(kBlockThreads)
vectorized_kernel(PointwiseArguments<Functor, T> arguments, simt::Global<Sum> partials) {
  constexpr int kWidth = kVectorWidth<T>;
  SIMT_SHARED(Sum, shared, [kBlockThreads / 32]);
  Sum sum{};
  grid_vectors<kWidth>(
      arguments.count, arguments.operands[0].values.misalignment(), arguments.in_phase,
      [&](std::int64_t index) {
        Arithmetic<T> x[kWidth][Functor::kOperands];
        read_elements<kWidth>(arguments, index, x);
#pragma unroll
        for (int e = 0; e < kWidth; ++e) sum.add(value_of(arguments.loss, x[e]));
      },
      [&](std::int64_t index) {
        Arithmetic<T> x[Functor::kOperands];
        read_element(arguments, index, x);
        sum.add(value_of(arguments.loss, x));
      });
  sum = block_sum(sum, shared);
  if (threadIdx.x == 0) simt::store(partials, blockIdx.x, sum);
}

struct Vectorized {
  static constexpr const char* kName = "vectorized";
  static constexpr const char* kSummary = "16-byte loads, any length, any alignment";
  static constexpr Order kOrder = Order::run_to_run;
  static constexpr bool kProduction = false;
  static constexpr bool computes(Pass pass) { return pass == Pass::forward; }
  static constexpr int kPerThread = 4;

  /// One element of head or tail may come on top of a thread's share.
  static double sum_ulps(std::int64_t length, DType) { return two_level_ulps(length, kPerThread) + 8; }

  template <class Functor, class T, class Sum>
  static auto main() { return vectorized_kernel<Functor, T, Sum>; }

  template <class Entry, class T, Pass kPass>
  struct Run : TwoLaunchSum<Vectorized, Entry, T, PlainSum<Arithmetic<T>>> {};
};

}  // namespace lossbench::inline SIMT_BUILD
