// Variant `elementwise`. The loss of every element, nothing added up: reduction none.
//
//   Why      with `none` there is no sum to arrange, so the ladder has a single step: vector loads, vector stores.
//   Moves    every operand once, the loss once, and in the gradient pass the upstream gradient and the gradients once.
//   Needs    any n, any alignment; arrays out of phase with each other are accessed element by element.
//   Order    none to speak of: every element stands alone.
#pragma once

#include "kernels/pointwise/gradient.h"
#include "kernels/pointwise/ladder.h"

namespace lossbench::inline SIMT_BUILD {

/// What the derivatives of kWidth consecutive elements are multiplied by: their upstream gradients, or 1.
template <int kWidth, class Real>
struct UpstreamFactors {
  Real factor[kWidth];

  template <class Functor, class T>
  __device__ static UpstreamFactors of(const PointwiseArguments<Functor, T>& arguments, std::int64_t index) {
    UpstreamFactors factors;
#pragma unroll
    for (int e = 0; e < kWidth; ++e)
      factors.factor[e] = arguments.elementwise_upstream ? widen(simt::load(arguments.elementwise_upstream, index + e)) : Real(1);
    return factors;
  }

  __device__ Real operator()(Real derivative, int e) const { return derivative * factor[e]; }
};

template <class Functor, class T, Pass kPass>
__global__ void __launch_bounds__(kBlockThreads)
elementwise_kernel(PointwiseArguments<Functor, T> arguments) {
  constexpr int kWidth = kVectorWidth<T>;
  using Real = Arithmetic<T>;
  grid_vectors<kWidth>(
      arguments.count, arguments.operands[0].values.misalignment(), arguments.in_phase,
      [&](std::int64_t index) {
        Real x[kWidth][Functor::kOperands];
        read_elements<kWidth>(arguments, index, x);
        if (arguments.elementwise_loss) {
          simt::Vec<T, kWidth> losses;
#pragma unroll
          for (int e = 0; e < kWidth; ++e) losses[e] = narrow<T>(value_of(arguments.loss, x[e]));
          simt::store<simt::Cache::streaming>(arguments.elementwise_loss, index, losses);
        }
        if constexpr (kPass == Pass::gradient) {
          const auto factors = UpstreamFactors<kWidth, Real>::of(arguments, index);
          Real gradient[kWidth];
#pragma unroll
          for (int e = 0; e < kWidth; ++e) gradient[e] = factors(gradient_of(arguments.loss, x[e]), e);
          store_gradients<kWidth>(arguments, index, x, gradient, factors);
        }
      },
      [&](std::int64_t index) {
        Real x[1][Functor::kOperands];
        read_element(arguments, index, x[0]);
        if (arguments.elementwise_loss) simt::store(arguments.elementwise_loss, index, narrow<T>(value_of(arguments.loss, x[0])));
        if constexpr (kPass == Pass::gradient) {
          const auto factors = UpstreamFactors<1, Real>::of(arguments, index);
          store_gradients<1>(arguments, index, x, {factors(gradient_of(arguments.loss, x[0]), 0)}, factors);
        }
      });
}

struct Elementwise {
  static constexpr const char* kName = "elementwise";
  static constexpr const char* kSummary = "reduction none: the loss of every element";
  static constexpr Order kOrder = Order::run_to_run;
  static constexpr bool kProduction = true;

  static double sum_ulps(std::int64_t, DType) { return 0; }

  template <class Entry, class T, Pass kPass>
  struct Run {
    using Functor = typename Entry::Functor;

    static std::string rejects(const Problem& problem) {
      if constexpr (requires { Functor::kLabelOperands; }) return "elementwise computes losses of real inputs";
      if (problem.reduction() == Reduction::none) return {};
      return "elementwise adds nothing up: option 'reduction' takes none here (sum, mean, batch by the other variants)";
    }
    static std::size_t workspace_bytes(const Problem&) { return 0; }
    static std::int64_t workspace_traffic(const Problem&) { return 0; }
    static int launches(const Problem& problem) { return problem.inputs.front().array.count() > 0; }

    static void run(const Problem& problem, Workspace, Stream stream) {
      const auto arguments = make_arguments<Entry, T>(problem);
      if (arguments.count == 0) return;
      simt::launch({.kernel = kName, .grid = grid_blocks(arguments.count, kVectorWidth<T>), .block = kBlockThreads, .stream = stream},
                   elementwise_kernel<Functor, T, kPass>, arguments);
    }
  };
};

}  // namespace lossbench::inline SIMT_BUILD
