// What softmax cross-entropy of the vector contender is given. Rows of neighbouring logits; labels, not probabilities.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/float16.h"

namespace lossbench::simd {

/// Logits and gradients are f32, or bf16 where `narrow`.
struct SoftmaxWork {
  bool narrow = false;
  std::int64_t rows = 0, classes = 0;
  const void* logits = nullptr;
  std::int64_t row_stride = 0;
  const std::int32_t* labels = nullptr;       ///< one a row …
  const std::int64_t* wide_labels = nullptr;  ///< … of either type
  std::int64_t ignore_index = 0;
  const void* weight = nullptr;               ///< one a class, or null for ones
  double own = 1;                             ///< 1 - label_smoothing: share of the target that is the label's
  double share = 0;                           ///< label_smoothing / classes: share of every class

  void* losses = nullptr;          ///< one a row: reduction none
  void* gradient = nullptr;
  std::int64_t gradient_stride = 0;
  double factor = 1;               ///< of every gradient
  const void* upstream = nullptr;  ///< one a row, or null for ones: reduction none
  bool stream = false;             ///< gradients go past the cache

  /// Rows of one part: their losses are added up by one thread, and the sums of the parts in order.
  std::int64_t rows_of_part() const { return std::max<std::int64_t>(1, (std::int64_t{1} << 14) / std::max<std::int64_t>(classes, 1)); }
  std::int64_t parts() const { return (rows + rows_of_part() - 1) / rows_of_part(); }

  std::int64_t label(std::int64_t row) const { return labels ? labels[row] : wide_labels[row]; }
  double class_weight(std::int64_t label) const {
    return narrow ? from_bf16_bits(static_cast<const std::uint16_t*>(weight)[label]) : static_cast<const float*>(weight)[label];
  }
  bool keeps(std::int64_t label) const { return label != ignore_index && label >= 0 && label < classes; }
};

/// Logits that are looked at together; a row is padded to whole blocks.
inline constexpr std::int64_t kMostBlock = 64;

/// What a thread keeps of its row where gradients are wanted: exponentials, and the reference that those of a block are relative to.
struct RowScratch {
  float* exponentials = nullptr;
  float* references = nullptr;

  static std::int64_t padded(std::int64_t classes) { return (classes + kMostBlock - 1) / kMostBlock * kMostBlock; }
  /// With a reference for each block, which is four logits where vectors have one lane.
  static std::int64_t floats(std::int64_t classes) { return padded(classes) + padded(classes) / 4; }
  static RowScratch at(float* memory, std::int64_t classes) { return {memory, memory + padded(classes)}; }
};

/// Losses, and gradients where they have a place, of the rows of one part. Returns the sum of the losses.
double compute_rows(const SoftmaxWork& work, RowScratch scratch, std::int64_t part);

}  // namespace lossbench::simd
