// What a pointwise kernel is given: the loss functor, its operands, the divisor and the outputs.
#pragma once

#include <cstdint>

#include "kernels/pointwise/broadcast.h"
#include "simt/simt.h"

namespace lossbench::inline SIMT_BUILD {

/// Type a kernel computes in: 16-bit elements in float, labels as they are.
template <class T> struct ArithmeticOf { using Type = T; };
template <> struct ArithmeticOf<simt::half> { using Type = float; };
template <> struct ArithmeticOf<simt::bfloat16> { using Type = float; };
template <class T> using Arithmetic = typename ArithmeticOf<T>::Type;

/// Type of a scalar result, reduced_type() of the element type. Counts of wrong labels are returned in float.
template <class T> struct ReducedOf { using Type = float; };
template <> struct ReducedOf<double> { using Type = double; };
template <class T> using Reduced = typename ReducedOf<T>::Type;

template <class T> SIMT_FN Arithmetic<T> widen(T x) { return x; }
SIMT_FN float widen(simt::half x) { return simt::to_float(x); }
SIMT_FN float widen(simt::bfloat16 x) { return simt::to_float(x); }

template <class T, class Real> SIMT_FN T narrow(Real x) {
  if constexpr (sizeof(T) == 2) return simt::from_float<T>(float(x));
  else return T(x);
}

/// Elements in one 16-byte access.
template <class T> constexpr int kVectorWidth = 16 / int(sizeof(T));

/// One input of the loss. An absent optional input reads as 1, the neutral factor.
template <class T>
struct Operand {
  simt::Global<const T> values;
  Broadcast broadcast;
};

/// The divisor of the reduced loss: a constant, or what the `divisor` kernel left in device memory.
struct Divisor {
  double constant = 1;
  simt::Global<const double> computed;
  bool at_least_one = false;    ///< divide by max(1, divisor)
  bool zero_if_empty = false;   ///< a divisor of 0 gives loss 0 instead of NaN

  __device__ double get() const {
    const double divisor = computed ? simt::load<simt::Cache::l2>(computed, 0) : constant;
    return at_least_one && divisor < 1 ? 1.0 : divisor;
  }
  __device__ double quotient(double sum) const {
    const double divisor = get();
    if (divisor == 0) return zero_if_empty ? 0.0 : NAN;
    return sum / divisor;
  }
};

/// What the arguments of every loss have in common.
template <class T>
struct PointwiseArrays {
  std::int64_t count = 0;
  Divisor divisor;
  simt::Global<Reduced<T>> reduced_loss;          ///< one element; reductions sum, mean, batch
  simt::Global<T> elementwise_loss;               ///< `count` elements; reduction none
  simt::Global<const Reduced<T>> upstream;        ///< gradient of the reduced loss; absent is 1
  simt::Global<const T> elementwise_upstream;     ///< the same for reduction none
  simt::Global<T> gradient;                       ///< of the prediction, or null
  simt::Global<T> second_gradient;                ///< of another input: Functor::second_gradient, or minus the first; or null
  /// Every operand and output that is present is full size and as far from a 16-byte boundary as operand 0, so that vector
  /// accesses line up. Where they do not, all are accessed element by element.
  bool in_phase = false;
};

template <class Functor, class T>
struct PointwiseArguments : PointwiseArrays<T> {
  Functor loss;
  Operand<T> operands[Functor::kOperands];
};

/// A functor with a second gradient that is not just minus the first.
template <class Functor>
concept HasSecondGradient = requires { Functor::kSecondGradient; };

// ---- one element, or one vector of them --------------------------------------------------------------------------------

template <class T>
__device__ __forceinline__ Arithmetic<T> read(const Operand<T>& operand, std::int64_t index) {
  if (!operand.values) return Arithmetic<T>(1);
  return widen(simt::load<simt::Cache::streaming>(operand.values, operand.broadcast(index)));
}

/// Reads kWidth consecutive elements of an operand in phase: one 16-byte access.
template <int kWidth, class T>
__device__ __forceinline__ void read_vector(const Operand<T>& operand, std::int64_t index, Arithmetic<T> (&values)[kWidth]) {
  if (!operand.values) {
#pragma unroll
    for (int e = 0; e < kWidth; ++e) values[e] = Arithmetic<T>(1);
    return;
  }
  const auto vector = simt::load<kWidth, simt::Cache::streaming>(operand.values, index);
#pragma unroll
  for (int e = 0; e < kWidth; ++e) values[e] = widen(vector[e]);
}

template <class Functor, class Real>
__device__ __forceinline__ auto value_of(const Functor& loss, const Real (&x)[Functor::kOperands]) {
  if constexpr (Functor::kOperands == 2) return loss.value(x[0], x[1]);
  else if constexpr (Functor::kOperands == 3) return loss.value(x[0], x[1], x[2]);
  else return loss.value(x[0], x[1], x[2], x[3]);
}

template <class Functor, class Real>
__device__ __forceinline__ Real gradient_of(const Functor& loss, const Real (&x)[Functor::kOperands]) {
  if constexpr (Functor::kOperands == 2) return loss.gradient(x[0], x[1]);
  else if constexpr (Functor::kOperands == 3) return loss.gradient(x[0], x[1], x[2]);
  else return loss.gradient(x[0], x[1], x[2], x[3]);
}

template <HasSecondGradient Functor, class Real>
__device__ __forceinline__ Real second_gradient_of(const Functor& loss, const Real (&x)[Functor::kOperands]) {
  if constexpr (Functor::kOperands == 2) return loss.second_gradient(x[0], x[1]);
  else return loss.second_gradient(x[0], x[1], x[2]);
}

/// The operands of one element.
template <class Functor, class T>
__device__ __forceinline__ void read_element(const PointwiseArguments<Functor, T>& arguments, std::int64_t index,
                                             Arithmetic<T> (&x)[Functor::kOperands]) {
#pragma unroll
  for (int k = 0; k < Functor::kOperands; ++k) x[k] = read(arguments.operands[k], index);
}

/// The operands of kWidth consecutive elements, element by element.
template <int kWidth, class Functor, class T>
__device__ __forceinline__ void read_elements(const PointwiseArguments<Functor, T>& arguments, std::int64_t index,
                                              Arithmetic<T> (&x)[kWidth][Functor::kOperands]) {
#pragma unroll
  for (int k = 0; k < Functor::kOperands; ++k) {
    Arithmetic<T> column[kWidth];
    read_vector<kWidth>(arguments.operands[k], index, column);
#pragma unroll
    for (int e = 0; e < kWidth; ++e) x[e][k] = column[e];
  }
}

}  // namespace lossbench::inline SIMT_BUILD
