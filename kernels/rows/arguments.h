// What a kernel of row losses is given, and how it reaches the elements of a row.
#pragma once

#include <cstdint>

#include "kernels/losses/row.h"
#include "kernels/pointwise/arguments.h"
#include "kernels/primitives/labels.h"

namespace lossbench::inline SIMT_BUILD::rows {

/// Σ of the rows' losses, and of what they count in the divisor.
struct RowTotals {
  double loss;
  double weight;

  SIMT_FN void join(const RowTotals& other) {
    loss += other.loss;
    weight += other.weight;
  }
};

/// What the sum of row losses is divided by.
struct RowDivisor {
  double constant = 1;
  bool weighted = false;       ///< by Σ of the sample weights of the rows kept; `constant` is not used then
  bool zero_if_empty = false;  ///< a divisor of 0 gives loss 0 instead of NaN

  __device__ double of(double weights) const { return weighted ? weights : constant; }
  __device__ double quotient(double losses, double divisor) const {
    return divisor != 0 ? losses / divisor : zero_if_empty ? 0.0 : double(NAN);
  }
};

template <class Functor_, class T_>
struct RowArguments {
  using Functor = Functor_;
  using T = T_;
  using Real = Arithmetic<T>;
  using Side = losses::RowSide<Real>;
  static constexpr int kWords = Functor::template kWords<Real>;
  using Sums = losses::RowSums<kWords>;

  Functor loss;
  std::int64_t rows = 0, width = 0;
  simt::Global<const T> operands[Functor::kOperands];  ///< rows x width each
  Labels labels;                                       ///< class index of each row (kLabels)
  simt::Global<const T> row_factor;                    ///< one value a row, or none
  simt::Global<const T> class_weight;                  ///< one value a class, or none
  simt::Global<const T> sample_weight;                 ///< one value a row, or none
  RowDivisor divisor;
  simt::Global<const double> weight_sum;               ///< the divisor, where the gradient pass found it beforehand
  simt::Global<Reduced<T>> reduced_loss;               ///< one value; reductions sum, mean, batch
  simt::Global<T> row_loss;                            ///< one value a row; reduction none
  simt::Global<const Reduced<T>> upstream;             ///< gradient of the reduced loss; absent is 1
  simt::Global<const T> row_upstream;                  ///< the same for reduction none
  simt::Global<T> gradients[Functor::kGradients];      ///< rows x width each, or null
  /// Operands and gradients are equally far from a 16-byte boundary, so that vector accesses of a row line up.
  bool in_phase = false;
};

/// A row as its team's leader finds it.
template <class Real>
struct RowHead {
  losses::RowSide<Real> side;
  double weight;  ///< sample weight
  double scale;   ///< factor of the row's gradients
  bool kept;      ///< false: loss and gradients are exactly 0
};

template <class Arguments>
__device__ double known_divisor(const Arguments& arguments) {
  return arguments.divisor.of(arguments.weight_sum ? simt::load<simt::Cache::l2>(arguments.weight_sum, 0) : 0.0);
}

template <class Arguments>
__device__ double upstream_of(const Arguments& arguments) {
  return arguments.upstream ? double(simt::load(arguments.upstream, 0)) : 1.0;
}

/// Called by one thread of a team. `divisor` and `upstream` count in the gradient pass only. With a divisor of 0 every gradient
/// is 0 and the loss does not depend on the rows.
template <Pass kPass, class Arguments>
__device__ RowHead<typename Arguments::Real> row_head(const Arguments& arguments, std::int64_t row, double divisor, double upstream) {
  using Functor = typename Arguments::Functor;
  RowHead<typename Arguments::Real> head{{0, 0, 1}, 1, 1, true};
  if constexpr (Functor::kLabels) {
    head.side.label = arguments.labels[row];
    head.kept = head.side.label >= 0 && head.side.label < arguments.width;
  }
  if (kPass == Pass::gradient && divisor == 0) head.kept = false;
  if (!head.kept) return head;
  if constexpr (Functor::kReadsOwn) head.side.own = widen(simt::load(arguments.operands[0], row * arguments.width + head.side.label));
  if (arguments.row_factor) head.side.factor = widen(simt::load(arguments.row_factor, row));
  if (arguments.class_weight) head.side.factor = widen(simt::load(arguments.class_weight, head.side.label));
  if (arguments.sample_weight) head.weight = double(widen(simt::load(arguments.sample_weight, row)));
  if constexpr (kPass == Pass::gradient) {
    head.scale = head.weight * (upstream / divisor);
    if (arguments.row_upstream) head.scale *= double(widen(simt::load(arguments.row_upstream, row)));
  }
  return head;
}

/// Whether the loss depends on more of a row than its own class.
template <class Functor>
__device__ __forceinline__ bool reads_row(const Functor& loss) {
  if constexpr (requires { loss.reads_row(); }) return loss.reads_row();
  else return true;
}

// ---- elements ----------------------------------------------------------------------------------------------------------

/// A number of elements that travel together.
template <int kCount>
struct Together {
  static constexpr int count = kCount;
};

/// Elements `index` … of every operand: x[e][k] is element e of operand k.
template <int kCount, class Arguments>
__device__ __forceinline__ void load_columns(const Arguments& arguments, std::int64_t index,
                                             typename Arguments::Real (&x)[kCount][Arguments::Functor::kOperands]) {
#pragma unroll
  for (int k = 0; k < Arguments::Functor::kOperands; ++k) {
    const auto vector = simt::load<kCount, simt::Cache::normal>(arguments.operands[k], index);
#pragma unroll
    for (int e = 0; e < kCount; ++e) x[e][k] = widen(vector[e]);
  }
}

/// Adds kCount elements to the sums of their row.
template <int kCount, class Arguments>
__device__ __forceinline__ void add_columns(const Arguments& arguments, const typename Arguments::Real (&x)[kCount][Arguments::Functor::kOperands],
                                            std::int64_t column, const typename Arguments::Side& side, typename Arguments::Sums& sums) {
#pragma unroll
  for (int e = 0; e < kCount; ++e) arguments.loss.add(sums, x[e], column + e, side);
}

/// Writes the gradients of kCount elements, one access an output.
template <int kCount, class Arguments, class Result>
__device__ __forceinline__ void store_columns(const Arguments& arguments, const typename Arguments::Real (&x)[kCount][Arguments::Functor::kOperands],
                                              std::int64_t row, std::int64_t column, const RowHead<typename Arguments::Real>& head,
                                              const Result& result) {
  using T = typename Arguments::T;
  constexpr int kGradients = Arguments::Functor::kGradients;
  simt::Vec<T, kCount> vectors[kGradients];
#pragma unroll
  for (int e = 0; e < kCount; ++e) {
    double g[kGradients];
    arguments.loss.gradient(x[e], column + e, head.side, result, g);
#pragma unroll
    for (int k = 0; k < kGradients; ++k) vectors[k][e] = narrow<T>(typename Arguments::Real(g[k] * head.scale));
  }
#pragma unroll
  for (int k = 0; k < kGradients; ++k)
    if (arguments.gradients[k]) simt::store<simt::Cache::streaming>(arguments.gradients[k], row * arguments.width + column, vectors[k]);
}

}  // namespace lossbench::inline SIMT_BUILD::rows
