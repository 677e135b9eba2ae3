// Dice loss of one map.   [Milletari et al. 2016]
#pragma once

#include "reference/row.h"

namespace lossbench::reference {

struct DiceOptions {
  bool from_logits, squares;
  double smooth;
};

/// 1 - (2I + s)/(U + s), I = Σ p·y, U = Σ p + Σ y, or Σ p² + Σ y² with `squares`; p is the sigmoid of a logit, or given.
/// 0 where U + s is 0: an empty map of an empty target.
///
/// The value is taken as (U - 2I)/(U + s): its numerator, Σ p·(1-y) + y·(1-p) or Σ (p-y)², does not cancel.
/// Derivative with respect to p: (U'·(2I + s)/(U + s) - 2y)/(U + s), U' = 1 or 2p, times p·(1-p) for a logit.
inline RowResult dice(Row prediction, Row target, const DiceOptions& options) {
  const std::size_t width = prediction.size();
  RowResult row{.gradients = {RowGradient(width)}};
  Sum wrong, whole, twice_common, magnitude;
  for (std::size_t i = 0; i < width; ++i) {
    const double p = options.from_logits ? sigmoid(prediction[i]) : prediction[i];
    const double not_p = options.from_logits ? sigmoid(-prediction[i]) : 1 - prediction[i], y = target[i];
    wrong.add(options.squares ? (p - y) * (p - y) : p * (1 - y) + y * not_p);
    whole.add(options.squares ? p * p + y * y : p + y);
    twice_common.add(2 * p * y);
    // p itself is rounded; so is p - y, which its square passes on twice.
    magnitude.add(options.squares ? (std::fabs(p) + std::fabs(y)) * std::fabs(p - y) : std::fabs(p * (1 - y)) + std::fabs(y * not_p));
  }
  const double divisor = whole.value() + options.smooth;
  if (divisor == 0) return row;
  row.value = wrong.value() / divisor;
  row.condition = std::fabs(row.value) + magnitude.value() / std::fabs(divisor);
  const double overlap = (twice_common.value() + options.smooth) / divisor;
  for (std::size_t i = 0; i < width; ++i) {
    const double p = options.from_logits ? sigmoid(prediction[i]) : prediction[i], y = target[i];
    const double growth = options.squares ? 2 * p : 1;
    const double slope = options.from_logits ? p * sigmoid(-prediction[i]) : 1;
    row.gradients[0].value[i] = (growth * overlap - 2 * y) / divisor * slope;
    row.gradients[0].condition[i] = (std::fabs(growth) * (1 + std::fabs(overlap)) + 2 * std::fabs(y)) / std::fabs(divisor) * slope;
  }
  return row;
}

}  // namespace lossbench::reference
