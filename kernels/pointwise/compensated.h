// Variant `compensated`. Builds on `single_pass`; changes one thing: every term is added to a pair of floats, not to a double.
//
//   Why      on cards with few double units (1 in 64 outside the data centre) a double addition a vector is the bottleneck; a
//            two-sum is six float additions, and it keeps the error of the terms within a vector too.
//   Moves    as single_pass.
//   Needs    as single_pass; Σ|l| of one block below the largest number of the type, beyond which the result is inf.
//   Order    fixed for a fixed grid and alignment.
//   Error    1·u of Σ|l| for any n: the pair holds twice the digits.
#pragma once

#include "kernels/pointwise/one_launch.h"

namespace lossbench::inline SIMT_BUILD {

template <class Functor, class T, class Sum>
__global__ void __launch_bounds__(kBlockThreads)
compensated_kernel(PointwiseArguments<Functor, T> arguments, simt::Global<Sum> partials, simt::Global<unsigned> ticket) {
  constexpr int kWidth = kVectorWidth<T>;
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
  if (grid_sum(sum, partials, ticket))
    simt::store(arguments.reduced_loss, 0, Reduced<T>(arguments.divisor.quotient(sum.result())));
}

struct Compensated {
  static constexpr const char* kName = "compensated";
  static constexpr const char* kSummary = "two-float accumulation instead of double";
  static constexpr Order kOrder = Order::run_to_run;
  static constexpr bool kProduction = true;
  static constexpr bool computes(Pass pass) { return pass == Pass::forward; }

  /// A two-sum loses u² of the running total: u·(terms of a thread + 24 joins), in units of u.
  static double sum_ulps(std::int64_t length, DType element) {
    return 1 + (terms_per_thread(length, 4) + 32) * unit_roundoff(reduced_type(element));
  }

  template <class Functor, class T, class Sum>
  static auto main() { return compensated_kernel<Functor, T, Sum>; }

  template <class Entry, class T, Pass kPass>
  struct Run : OneLaunchSum<Compensated, Entry, T, TwoFloatSum<Arithmetic<T>>> {};
};

}  // namespace lossbench::inline SIMT_BUILD
