// Variant `single_pass`. Builds on `vectorized`; changes one thing: the block that finishes last adds the partial sums, so that
// one launch does all. With the second launch gone, partial sums can be double: eight bytes a block.
//
//   Why      a launch costs 2 to 3 µs, as much as reading 10 MB; a small loss is mostly launch.
//   Moves    as vectorized; one atomic a block on the ticket.
//   Needs    a ticket of 0 in the workspace, left 0; any n, any alignment.
//   Order    fixed for a fixed grid and alignment: which block is last varies, what it adds does not.
//   Error    the terms of one vector are added in float, all else in double: 4·u of Σ|l| in f32, 8·u in 16 bits, for any n.
#pragma once

#include "kernels/pointwise/one_launch.h"

namespace lossbench::inline SIMT_BUILD {

template <class Functor, class T, class Sum>
__global__ void __launch_bounds__(kBlockThreads)
single_pass_kernel(PointwiseArguments<Functor, T> arguments, simt::Global<Sum> partials, simt::Global<unsigned> ticket) {
  constexpr int kWidth = kVectorWidth<T>;
  Sum sum{};
  grid_vectors<kWidth>(
      arguments.count, arguments.operands[0].values.misalignment(), arguments.in_phase,
      [&](std::int64_t index) {
        Arithmetic<T> x[kWidth][Functor::kOperands];
        read_elements<kWidth>(arguments, index, x);
        auto vector = value_of(arguments.loss, x[0]);
#pragma unroll
        for (int e = 1; e < kWidth; ++e) vector += value_of(arguments.loss, x[e]);
        sum.add(vector);
      },
      [&](std::int64_t index) {
        Arithmetic<T> x[Functor::kOperands];
        read_element(arguments, index, x);
        sum.add(value_of(arguments.loss, x));
      });
  if (grid_sum(sum, partials, ticket))
    simt::store(arguments.reduced_loss, 0, Reduced<T>(arguments.divisor.quotient(sum.result())));
}

struct SinglePass {
  static constexpr const char* kName = "single_pass";
  static constexpr const char* kSummary = "one launch: the last block adds the partial sums, kept in double";
  static constexpr Order kOrder = Order::run_to_run;
  static constexpr bool kProduction = true;
  static constexpr bool computes(Pass pass) { return pass == Pass::forward; }

  static double sum_ulps(std::int64_t length, DType element) { return wide_sum_ulps(length, element); }

  template <class Functor, class T, class Sum>
  static auto main() { return single_pass_kernel<Functor, T, Sum>; }

  template <class Entry, class T, Pass kPass>
  struct Run : OneLaunchSum<SinglePass, Entry, T, WideSum> {};
};

}  // namespace lossbench::inline SIMT_BUILD
