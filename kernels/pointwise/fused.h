// Variant `fused`. Builds on `single_pass`; changes one thing: the gradients are written in the pass that adds the loss up.
//
//   Why      map_then_reduce reads the inputs twice and passes the elementwise loss through memory: 6 transfers an element where
//            3 are needed.
//   Moves    every operand once, the gradient of the prediction once (and that of the target, if wanted).
//   Needs    as single_pass. A divisor that depends on the data is found by a `divisor` launch before.
//   Order    as single_pass; every gradient depends on its own element only.
//   Error    as single_pass.
#pragma once

#include "kernels/pointwise/gradient.h"
#include "kernels/pointwise/one_launch.h"

namespace lossbench::inline SIMT_BUILD {

template <class Functor, class T, class Sum>
__global__ void __launch_bounds__(kBlockThreads)
fused_kernel(PointwiseArguments<Functor, T> arguments, simt::Global<Sum> partials, simt::Global<unsigned> ticket) {
  constexpr int kWidth = kVectorWidth<T>;
  using Real = Arithmetic<T>;
  const auto factor = GradientFactor<Real>::of(arguments);
  Sum sum{};
  grid_vectors<kWidth>(
      arguments.count, arguments.operands[0].values.misalignment(), arguments.in_phase,
      [&](std::int64_t index) {
        Real x[kWidth][Functor::kOperands], gradient[kWidth];
        read_elements<kWidth>(arguments, index, x);
        Real vector = 0;
#pragma unroll
        for (int e = 0; e < kWidth; ++e) {
          vector += value_of(arguments.loss, x[e]);
          gradient[e] = factor(gradient_of(arguments.loss, x[e]));
        }
        sum.add(vector);
        store_gradients<kWidth>(arguments, index, x, gradient, factor);
      },
      [&](std::int64_t index) {
        Real x[1][Functor::kOperands];
        read_element(arguments, index, x[0]);
        sum.add(value_of(arguments.loss, x[0]));
        store_gradients<1>(arguments, index, x, {factor(gradient_of(arguments.loss, x[0]))}, factor);
      });
  if (grid_sum(sum, partials, ticket) && arguments.reduced_loss)
    simt::store(arguments.reduced_loss, 0, Reduced<T>(arguments.divisor.quotient(sum.result())));
}

struct Fused {
  static constexpr const char* kName = "fused";
  static constexpr const char* kSummary = "value and gradients in one pass over the data";
  static constexpr Order kOrder = Order::run_to_run;
  static constexpr bool kProduction = true;
  static constexpr bool computes(Pass pass) { return pass == Pass::gradient; }

  static double sum_ulps(std::int64_t length, DType element) { return wide_sum_ulps(length, element); }

  template <class Functor, class T, class Sum>
  static auto main() { return fused_kernel<Functor, T, Sum>; }

  template <class Entry, class T, Pass kPass>
  struct Run : OneLaunchSum<Fused, Entry, T, WideSum> {};
};

}  // namespace lossbench::inline SIMT_BUILD
