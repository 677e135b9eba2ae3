// What a loss of whole rows is given by the vector contender: arrays and factors, with no vector in sight.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <variant>

#include "core/float16.h"
#include "kernels/losses/cosine_embedding.h"
#include "kernels/losses/dice.h"
#include "kernels/losses/hinge_classes.h"
#include "kernels/losses/log_loss_classes.h"
#include "kernels/losses/norm.h"
#include "kernels/losses/triplet_margin.h"

namespace lossbench::simd {

/// Elements of a row that are added up on one thread; shorter rows go together up to as many.
inline constexpr std::int64_t kSlice = std::int64_t{1} << 14;
/// Rows beyond this are cut into slices, which are spread over the threads. Up to it a row stays in the second-level cache.
inline constexpr std::int64_t kLongRow = 2 * kSlice;
/// Elements of long rows whose sums are found before any of their gradients is written.
inline constexpr std::int64_t kBatch = std::int64_t{1} << 20;

inline constexpr int kMostRowOperands = 3, kMostWords = 4;

/// What is known of a row before it is read.
struct RowHead {
  losses::RowSide<float> side{0, 0, 1};
  double weight = 1;  ///< of its loss
  double scale = 1;   ///< of its gradients
  bool kept = true;   ///< false: loss and gradients are exactly 0
};

/// Arrays are f32, or bf16 where `narrow`; contiguous, rows x width or one value a row.
struct RowWork {
  bool narrow = false;
  std::int64_t rows = 0, width = 0;
  std::int64_t touched = 0;                   ///< elements of a row that memory is asked for: its width, or one line where only its own is wanted
  const void* operands[kMostRowOperands] = {};
  const std::int32_t* labels = nullptr;       ///< one a row …
  const std::int64_t* wide_labels = nullptr;  ///< … of either type, or none
  const void* row_factor = nullptr;
  const void* class_weight = nullptr;         ///< one a class
  const void* sample_weight = nullptr;

  void* losses = nullptr;                     ///< one a row: reduction none
  void* gradients[kMostRowOperands] = {};
  const void* upstream = nullptr;             ///< one a row, or null for ones: reduction none
  double factor = 1;                          ///< of every gradient
  bool stream = false;                        ///< gradients go past the cache

  std::int64_t rows_of_part() const { return (kSlice + std::max<std::int64_t>(touched, 1) - 1) / std::max<std::int64_t>(touched, 1); }
  std::int64_t parts() const { return (rows + rows_of_part() - 1) / rows_of_part(); }
  std::int64_t slices() const { return (width + kSlice - 1) / kSlice; }
  std::int64_t rows_of_batch() const { return std::max<std::int64_t>(1, kBatch / std::max<std::int64_t>(width, 1)); }
  bool wants_gradients() const {
    return std::any_of(gradients, gradients + kMostRowOperands, [](const void* place) { return place != nullptr; });
  }

  float at(const void* values, std::int64_t index) const {
    return narrow ? from_bf16_bits(static_cast<const std::uint16_t*>(values)[index]) : static_cast<const float*>(values)[index];
  }
  /// Whether a row counts: one whose label is out of range does not.
  bool keeps(std::int64_t row) const {
    if (!labels && !wide_labels) return true;
    const std::int64_t label = label_of(row);
    return label >= 0 && label < width;
  }
  /// Where the element at the label of a row is, null where there is none: known long before the row's turn.
  const void* own(std::int64_t row) const {
    if (row >= rows || (!labels && !wide_labels) || !keeps(row)) return nullptr;
    return static_cast<const std::byte*>(operands[0]) + (row * width + label_of(row)) * (narrow ? 2 : 4);
  }
  RowHead head(std::int64_t row) const {
    RowHead head;
    head.kept = keeps(row);
    if (!head.kept) return head;
    if (labels || wide_labels) {
      head.side.label = label_of(row);
      head.side.own = at(operands[0], row * width + head.side.label);
      if (class_weight) head.side.factor = at(class_weight, head.side.label);
    }
    if (row_factor) head.side.factor = at(row_factor, row);
    if (sample_weight) head.weight = at(sample_weight, row);
    head.scale = head.weight * factor * (upstream ? at(upstream, row) : 1.0f);
    return head;
  }

 private:
  std::int64_t label_of(std::int64_t row) const { return labels ? labels[row] : wide_labels[row]; }
};

// The losses by family: one translation unit each. The functors carry the options, and say what the sums of a row come to.
using Distances = std::variant<losses::TripletMargin, losses::CosineEmbedding>;
using Maps = std::variant<losses::Dice>;
using Norms = std::variant<losses::NormL1, losses::NormL2>;
using HingeClasses = std::variant<losses::HingeClasses>;
using LogLossClasses = std::variant<losses::LogLossClasses>;

/// What is asked of a family. Rows that are cut into slices are visited twice, with a join of their sums in between.
struct RowTask {
  enum class Do : std::uint8_t {
    rows,   ///< losses and gradients of the rows [row, end); returns the sum of the losses
    sums,   ///< of one slice, into `words`; where gradients need none of them, those as well
    write,  ///< the gradients of one slice, by the sums of its row in `words`
  };
  Do what = Do::rows;
  std::int64_t row = 0, end = 0;
  std::int64_t slice = 0;
  double* words = nullptr;
  float* kept = nullptr;  ///< room for what is kept of the elements of a row or slice, or null
};

/// What is kept of a stretch of a row is written in whole vectors.
inline constexpr std::int64_t kKeptSpare = 64;

double compute_rows(const Distances& loss, const RowWork& work, const RowTask& task);
double compute_rows(const Maps& loss, const RowWork& work, const RowTask& task);
double compute_rows(const Norms& loss, const RowWork& work, const RowTask& task);
double compute_rows(const HingeClasses& loss, const RowWork& work, const RowTask& task);
double compute_rows(const LogLossClasses& loss, const RowWork& work, const RowTask& task);

}  // namespace lossbench::simd
