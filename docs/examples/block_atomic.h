// Variant `block_atomic`. Builds on `warp_shuffle`; changes one thing: a block adds its sum to one total with an atomic, so that
// no second kernel has to add partial sums.
//
//   Why      one launch less to wait for; a few hundred atomics instead of one an element.
//   Moves    every operand once; one atomic of 8 bytes a block.
//   Needs    any n, any alignment.
//   Order    none: the blocks' sums meet in the order the hardware runs them. The total is double, so only its last bits differ.
//   Error    as warp_shuffle within a block; the total adds nothing.
#pragma once

#include "kernels/pointwise/ladder.h"

namespace lossbench::inline SIMT_BUILD {

template <class Functor, class T, class Sum>
__global__ void __launch_bounds__(kBlockThreads)
block_atomic_kernel(PointwiseArguments<Functor, T> arguments, simt::Global<double> total) {
  SIMT_SHARED(Sum, shared, [kBlockThreads / 32]);
  Sum sum{};
  grid_elements(arguments.count, [&](std::int64_t index) {
    Arithmetic<T> x[Functor::kOperands];
    read_element(arguments, index, x);
    sum.add(value_of(arguments.loss, x));
  });
  sum = block_sum(sum, shared);
  if (threadIdx.x == 0) simt::atomic_add(total, 0, sum.result());
}

struct BlockAtomic {
  static constexpr const char* kName = "block_atomic";
  static constexpr const char* kSummary = "one atomic addition a block";
  static constexpr Order kOrder = Order::none;
  static constexpr bool kProduction = false;
  static constexpr bool computes(Pass pass) { return pass == Pass::forward; }

  static double sum_ulps(std::int64_t length, DType) { return two_level_ulps(length, 1); }

  template <class Entry, class T, Pass kPass>
  struct Run {
    using Functor = typename Entry::Functor;
    using Sum = typename SumOf<Functor, PlainSum<Arithmetic<T>>>::Type;

    struct Layout {
      WorkspaceWalk walk;
      DivisorStep<Entry, T> divisor;
      simt::Global<double> total;

      Layout(const Problem& problem, Workspace workspace)
          : walk(workspace), divisor(walk, problem), total(walk.take<double>(1, "workspace")) {}
    };

    static std::string rejects(const Problem& problem) { return rejects_unless_sum<Entry>(problem, kName); }
    static std::size_t workspace_bytes(const Problem& problem) { return Layout(problem, {}).walk.bytes(); }
    static std::int64_t workspace_traffic(const Problem& problem) {
      const std::int64_t divisor = DivisorStep<Entry, T>::traffic(problem);
      return divisor + (divisor ? 8 : 0) + 8;
    }
    static int launches(const Problem& problem) { return 2 + DivisorStep<Entry, T>::needed(problem); }

    static void run(const Problem& problem, Workspace workspace, Stream stream) {
      const Layout layout(problem, workspace);
      auto arguments = make_arguments<Entry, T>(problem);
      layout.divisor.run(arguments, stream);
      simt::fill_zero(layout.total, 1, stream);
      simt::launch({.kernel = kName, .grid = grid_blocks(arguments.count, 1), .block = kBlockThreads, .stream = stream},
                   block_atomic_kernel<Functor, T, Sum>, arguments, layout.total);
      simt::launch({.kernel = "divide", .grid = 1, .block = 1, .stream = stream}, divide_kernel<T, double>,
                   simt::Global<const double>(layout.total), arguments.divisor, arguments.reduced_loss);
    }
  };
};

}  // namespace lossbench::inline SIMT_BUILD
