// Arg-max of a row.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

namespace lossbench::reference {

/// Lowest index among the greatest scores. NaN never wins a comparison; 0 when nothing exceeds -inf, and for an empty row.
inline std::int64_t argmax(std::span<const double> scores) {
  std::int64_t best = 0;
  double greatest = -std::numeric_limits<double>::infinity();
  for (std::size_t c = 0; c < scores.size(); ++c) {
    if (scores[c] > greatest) {
      greatest = scores[c];
      best = static_cast<std::int64_t>(c);
    }
  }
  return best;
}

}  // namespace lossbench::reference
