// Variant `naive_atomic`. The first idea: one thread an element, one atomic addition each.
//
//   Why      the baseline every other step is measured against; all atomics meet at one address.
//   Moves    every operand once; n atomics on 4 bytes, which the L2 executes one after another.
//   Needs    any n, any alignment.
//   Order    none: the additions happen in the order the hardware schedules them, so the last bits differ from run to run.
//   Error    up to n·u of Σ|l|: within 1e-5 for certain only up to n = 167, though errors of random sign grow like sqrt(n).
#pragma once

#include "kernels/pointwise/ladder.h"

namespace lossbench::inline SIMT_BUILD {

template <class Functor, class T, class Total>
__global__ void __launch_bounds__(kBlockThreads)
naive_atomic_kernel(PointwiseArguments<Functor, T> arguments, simt::Global<Total> total) {
  const std::int64_t index = grid_thread();
  if (index >= arguments.count) return;
  Arithmetic<T> x[Functor::kOperands];
  read_element(arguments, index, x);
  simt::atomic_add(total, 0, Total(value_of(arguments.loss, x)));
}

struct NaiveAtomic {
  static constexpr const char* kName = "naive_atomic";
  static constexpr const char* kSummary = "one thread an element, one atomic addition each";
  static constexpr Order kOrder = Order::none;
  static constexpr bool kProduction = false;
  static constexpr bool computes(Pass pass) { return pass == Pass::forward; }

  static double sum_ulps(std::int64_t length, DType) { return double(length); }

  template <class Entry, class T, Pass kPass>
  struct Run {
    using Functor = typename Entry::Functor;
    using Sum = typename SumOf<Functor, PlainSum<Arithmetic<T>>>::Type;
    using Total = std::conditional_t<std::is_same_v<Sum, WideSum>, double, Arithmetic<T>>;

    struct Layout {
      WorkspaceWalk walk;
      DivisorStep<Entry, T> divisor;
      simt::Global<Total> total;

      Layout(const Problem& problem, Workspace workspace)
          : walk(workspace), divisor(walk, problem), total(walk.take<Total>(1, "workspace")) {}
    };

    static std::string rejects(const Problem& problem) { return rejects_unless_sum<Entry>(problem, kName); }
    static std::size_t workspace_bytes(const Problem& problem) { return Layout(problem, {}).walk.bytes(); }

    /// The total is read once; the atomics are counted apart.
    static std::int64_t workspace_traffic(const Problem& problem) {
      const std::int64_t divisor = DivisorStep<Entry, T>::traffic(problem);
      return divisor + (divisor ? std::int64_t(sizeof(double)) : 0) + std::int64_t(sizeof(Total));
    }

    static int launches(const Problem& problem) {
      return (problem.inputs.front().array.count() > 0) + 1 + DivisorStep<Entry, T>::needed(problem);
    }

    static void run(const Problem& problem, Workspace workspace, Stream stream) {
      const Layout layout(problem, workspace);
      auto arguments = make_arguments<Entry, T>(problem);
      layout.divisor.run(arguments, stream);
      simt::fill_zero(layout.total, 1, stream);
      const auto blocks = unsigned((arguments.count + kBlockThreads - 1) / kBlockThreads);
      if (blocks > 0)
        simt::launch({.kernel = kName, .grid = blocks, .block = kBlockThreads, .stream = stream},
                     naive_atomic_kernel<Functor, T, Total>, arguments, layout.total);
      simt::launch({.kernel = "divide", .grid = 1, .block = 1, .stream = stream}, divide_kernel<T, Total>,
                   simt::Global<const Total>(layout.total), arguments.divisor, arguments.reduced_loss);
    }
  };
};

}  // namespace lossbench::inline SIMT_BUILD
