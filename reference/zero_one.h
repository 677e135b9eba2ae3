// Zero-one loss: 1 for a wrong decision, 0 for a right one. It has no gradient.
//
// A NaN score or target of `sign` and `argmax` gives NaN: a decision that was never made is neither right nor wrong, and no
// comparison may turn NaN into a count. `tolerance` alone counts NaN as wrong, because its rule is "not within T".
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include "reference/argmax.h"

namespace lossbench::reference {

inline double zero_one_labels(std::int64_t pred, std::int64_t target) { return pred != target ? 1.0 : 0.0; }

/// The class is +1 for a score > 0, else -1 (also at exactly 0).
inline double zero_one_sign(double score, double target) {
  if (std::isnan(score) || std::isnan(target)) return std::numeric_limits<double>::quiet_NaN();
  return (score > 0 ? 1.0 : -1.0) != target ? 1.0 : 0.0;
}

/// Right only where |target - pred| < T: equality is wrong, and so is NaN (inf - inf too).
inline double zero_one_tolerance(double pred, double target, double T) { return std::fabs(target - pred) < T ? 0.0 : 1.0; }

/// The decision is the arg-max of the row. A NaN anywhere in the row gives NaN, wherever it stands and whatever wins.
inline double zero_one_argmax(std::span<const double> scores, std::int64_t target) {
  for (const double score : scores)
    if (std::isnan(score)) return std::numeric_limits<double>::quiet_NaN();
  return zero_one_labels(argmax(scores), target);
}

/// Wrong when any label of the set differs. An empty set is right.
inline double zero_one_subset(std::span<const std::int64_t> pred, std::span<const std::int64_t> target) {
  for (std::size_t i = 0; i < pred.size(); ++i)
    if (pred[i] != target[i]) return 1.0;
  return 0.0;
}

}  // namespace lossbench::reference
