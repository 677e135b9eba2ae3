// What a softmax cross-entropy kernel is given.
#pragma once

#include <cstdint>
#include <type_traits>

#include "kernels/primitives/labels.h"
#include "simt/float8.h"

namespace lossbench::inline SIMT_BUILD::rowwise {

/// Arithmetic on 8-bit and 16-bit logits is done in float.
template <class T>
using RealOf = decltype(simt::to_float(T{}));

/// Type of weights, probabilities and losses beside logits of type T: see companion_type().
template <class T>
using CompanionOf = std::conditional_t<simt::kIsFloat8<T>, float, T>;

/// Where the rows of an array [N, C] or [N, C, d1, …] lie. A row is one position (n, d1, …); its classes are `class_stride`
/// apart. All strides count elements.
struct RowLayout {
  std::int64_t inner = 1;  ///< positions of one sample: d1·d2·…
  std::int64_t sample_stride = 0;
  std::int64_t inner_stride = 0;
  std::int64_t class_stride = 1;

  __device__ std::int64_t first_class(std::int64_t row) const {
    return inner == 1 ? row * sample_stride : row / inner * sample_stride + row % inner * inner_stride;
  }
};

/// What the sum of row losses is divided by.
struct RowDivisor {
  double constant = 1;
  bool from_labels = false;    ///< Σ over kept rows of 1, or of their label's weight; `constant` is not used then
  bool weighted = false;
  bool at_least_one = false;   ///< max(1, ·)
  bool zero_if_empty = false;  ///< a divisor of 0 gives loss 0 instead of NaN

  __device__ double of(double labels_sum) const {
    if (!from_labels) return constant;
    return at_least_one && labels_sum < 1 ? 1.0 : labels_sum;
  }
  __device__ double quotient(double losses, double divisor) const {
    if (divisor == 0) return zero_if_empty ? 0.0 : double(NAN);
    return losses / divisor;
  }
};

/// Sums over rows that the blocks of a grid hand to the last one.
struct RowTotals {
  double loss;
  double divisor;

  SIMT_FN void join(const RowTotals& other) {
    loss += other.loss;
    divisor += other.divisor;
  }
};

/// Most classes a row may have: class indices are int, and a thread counts a few pieces beyond the end. Offsets are int64.
constexpr std::int64_t kMaxClasses = std::int64_t(1) << 30;

/// Instead of a label: the row is left out, or its target is a row of probabilities.
constexpr int kIgnored = -1;
constexpr int kProbabilities = -2;

template <class T>
struct SoftmaxArguments {
  using Real = RealOf<T>;
  using Companion = CompanionOf<T>;
  using Reduced = std::conditional_t<std::is_same_v<T, double>, double, float>;

  simt::Global<const T> logits;
  RowLayout layout;
  std::int64_t rows = 0;
  int classes = 0;
  Labels labels;                                ///< one a row, or none …
  simt::Global<const Companion> probabilities;  ///< … and one a logit
  RowLayout probability_layout;
  std::int64_t ignore_index = 0;
  simt::Global<const Companion> weight;  ///< one a class, or null for ones
  double own = 1;                 ///< 1 - label_smoothing: share of the target that is the label's
  double share = 0;               ///< label_smoothing / classes: share of every class
  double z_loss = 0;
  double most = INFINITY;         ///< of -log p: -log(prob_floor)
  Real softcap = 0;               ///< 0: none
  Real scale = 1;                 ///< of f8 logits
  RowDivisor divisor;

  simt::Global<Companion> row_loss;            ///< reduction none
  simt::Global<Reduced> reduced_loss;          ///< the others
  simt::Global<const Companion> row_upstream;  ///< gradient of the row losses, or null for ones
  simt::Global<const Reduced> upstream;        ///< of the reduced loss, or null for 1
  simt::Global<T> gradient;                    ///< of the logits; may be the logits' own memory
  RowLayout gradient_layout;
  simt::Global<Reduced> log_sum_exp;           ///< one a row, or null
  simt::Global<std::int64_t> argmax;           ///< one a row, or null

  simt::Global<double> label_sum;   ///< what the `divisor` kernel found
  simt::Global<RowTotals> partials;
  simt::Global<unsigned> ticket;

  int slice = 0;   ///< classes a block keeps of a row, where several blocks share one
  int stages = 1;  ///< slices a block has room for

  /// Label of the row, or kIgnored, also for a label that is no class; kProbabilities where there are none.
  __device__ int kept_label(std::int64_t row) const {
    if (probabilities) return kProbabilities;
    const std::int64_t label = labels[row];
    return label == ignore_index || label < 0 || label >= classes ? kIgnored : int(label);
  }
  __device__ Real class_weight(int c) const { return weight ? Real(simt::to_float(simt::load(weight, c))) : Real(1); }

  /// Whether every class has a target weight of its own, not the label alone.
  __device__ bool spreads() const { return share != 0 || probabilities; }
  /// Whether rows are reduced even where their label is ignored.
  __device__ bool describes_rows() const { return bool(log_sum_exp) || bool(argmax); }
};

}  // namespace lossbench::inline SIMT_BUILD::rowwise
