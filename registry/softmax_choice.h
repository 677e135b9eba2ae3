// Which variant computes a softmax cross-entropy best, as data: by rows, bytes of a row, pass, and how the classes lie.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>

#include "core/problem.h"
#include "core/variant.h"

namespace lossbench {

/// One line of the table: the first that fits, and whose variant accepts the problem on its device, is taken.
struct SoftmaxChoice {
  static constexpr std::int64_t kAny = std::numeric_limits<std::int64_t>::max();

  const char* variant;
  std::optional<Pass> pass = std::nullopt;  ///< absent: both
  bool classes_apart = false;               ///< for [N, C, d1, …]; false: classes are neighbours
  std::int64_t least_rows = 0, most_rows = kAny;
  std::int64_t least_bytes = 0, most_bytes = kAny;  ///< of a row
  const char* device = "";                  ///< that the line is about
  const char* why = "";                     ///< a measured figure, or the prediction it stands on
};

std::span<const SoftmaxChoice> softmax_choices();

/// The variant `auto` of a backend: picks a variant by the table, and is that one.
Variant automatic_softmax(Backend backend);

}  // namespace lossbench
