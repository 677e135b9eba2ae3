// Variant `warp_shuffle`. Builds on `shared_tree`; changes one thing: lanes add through registers, not through shared memory.
//
//   Why      five shuffles replace five rounds of shared memory and barrier; a block meets at one barrier instead of nine.
//   Moves    as shared_tree: every operand once, one partial sum a block written and read.
//   Needs    blocks of 256 threads; any n, any alignment.
//   Order    fixed for a fixed grid: results repeat run to run on one device.
//   Error    as shared_tree.
#pragma once

#include "kernels/pointwise/ladder.h"

namespace lossbench::inline SIMT_BUILD {

template <class Functor, class T, class Sum>
__global__ void __launch_bounds__(kBlockThreads)
warp_shuffle_kernel(PointwiseArguments<Functor, T> arguments, simt::Global<Sum> partials) {
  SIMT_SHARED(Sum, shared, [kBlockThreads / 32]);
  Sum sum{};
  grid_elements(arguments.count, [&](std::int64_t index) {
    Arithmetic<T> x[Functor::kOperands];
    read_element(arguments, index, x);
    sum.add(value_of(arguments.loss, x));
  });
  sum = block_sum(sum, shared);
  if (threadIdx.x == 0) simt::store(partials, blockIdx.x, sum);
}

struct WarpShuffle {
  static constexpr const char* kName = "warp_shuffle";
  static constexpr const char* kSummary = "lanes add through registers; one barrier a block";
  static constexpr Order kOrder = Order::run_to_run;
  static constexpr bool kProduction = false;
  static constexpr bool computes(Pass pass) { return pass == Pass::forward; }
  static constexpr int kPerThread = 1;

  static double sum_ulps(std::int64_t length, DType) { return two_level_ulps(length, kPerThread); }

  template <class Functor, class T, class Sum>
  static auto main() { return warp_shuffle_kernel<Functor, T, Sum>; }

  template <class Entry, class T, Pass kPass>
  struct Run : TwoLaunchSum<WarpShuffle, Entry, T, PlainSum<Arithmetic<T>>> {};
};

}  // namespace lossbench::inline SIMT_BUILD
