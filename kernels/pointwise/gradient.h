// Gradients of a pointwise loss: the factor every element is multiplied by, and the stores.
#pragma once

#include "kernels/pointwise/arguments.h"

namespace lossbench::inline SIMT_BUILD {

/// What the derivative of one element is multiplied by: the upstream gradient over the divisor. Where the divisor is 0 there is
/// nothing to average, and every gradient is exactly 0.
template <class Real>
struct GradientFactor {
  Real factor;
  bool empty;

  template <class Functor, class T>
  __device__ static GradientFactor of(const PointwiseArguments<Functor, T>& arguments) {
    const double divisor = arguments.divisor.get();
    const double upstream = arguments.upstream ? double(simt::load(arguments.upstream, 0)) : 1.0;
    return {divisor == 0 ? Real(0) : Real(upstream / divisor), divisor == 0};
  }

  __device__ Real operator()(Real derivative, int = 0) const { return empty ? Real(0) : derivative * factor; }
};

/// Stores the gradients of kWidth consecutive elements, 16 bytes at once where there are several, to outputs in phase.
/// `gradient` is the first, complete; scale(derivative, e) makes a gradient of the derivative that the second needs.
template <int kWidth, class Functor, class T, class Scale>
__device__ __forceinline__ void store_gradients(const PointwiseArguments<Functor, T>& arguments, std::int64_t index,
                                                const Arithmetic<T> (&x)[kWidth][Functor::kOperands],
                                                const Arithmetic<T> (&gradient)[kWidth], Scale scale) {
  simt::Vec<T, kWidth> vector;
  if (arguments.gradient) {
#pragma unroll
    for (int e = 0; e < kWidth; ++e) vector[e] = narrow<T>(gradient[e]);
    simt::store<simt::Cache::streaming>(arguments.gradient, index, vector);
  }
  if (arguments.second_gradient) {
#pragma unroll
    for (int e = 0; e < kWidth; ++e) {
      if constexpr (HasSecondGradient<Functor>) vector[e] = narrow<T>(scale(second_gradient_of(arguments.loss, x[e]), e));
      else vector[e] = narrow<T>(-gradient[e]);
    }
    simt::store<simt::Cache::streaming>(arguments.second_gradient, index, vector);
  }
}

}  // namespace lossbench::inline SIMT_BUILD
