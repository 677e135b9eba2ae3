// What a row of logits is reduced to before any loss looks at it: maximum, sum of exponentials, their logarithm.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <span>

#include "reference/argmax.h"
#include "reference/sum.h"

namespace lossbench::reference {

/// s·tanh(x/s), or x itself for s = 0.
inline double capped(double x, double softcap) { return softcap > 0 ? softcap * std::tanh(x / softcap) : x; }

/// Derivative of capped: 1 - tanh²(x/s), as 1/cosh² so that a saturated logit keeps its digits.
inline double capped_slope(double x, double softcap) {
  if (!(softcap > 0)) return 1.0;
  const double c = std::cosh(x / softcap);
  return 1 / (c * c);
}

struct SoftmaxSums {
  bool proper;  ///< false with a NaN, a +inf, or no finite logit at all: the row has no probabilities
  double maximum;
  double rest;          ///< Σ e^(x_k - maximum) over all k but argmax, whose own term is 1
  double log_l;         ///< log(1 + rest)
  double log_sum_exp;   ///< maximum + log_l; -inf for a row of -inf, NaN for other rows that are not proper
  double spread;        ///< Σ p_k·|x_k - maximum|, finite also with logits of -inf
  std::int64_t argmax;  ///< of the logits before the cap, which keeps their order but may round two of them together

  double l() const { return 1 + rest; }
  double probability(double x) const { return std::exp(x - maximum) / l(); }
};

inline SoftmaxSums softmax_sums(std::span<const double> logits, double softcap) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  SoftmaxSums row{};
  row.argmax = argmax(logits);
  row.maximum = logits.empty() ? -infinity : capped(logits[static_cast<std::size_t>(row.argmax)], softcap);
  bool has_nan = false;
  for (const double logit : logits) has_nan = has_nan || std::isnan(logit);
  row.proper = !has_nan && std::isfinite(row.maximum);
  if (!row.proper) {
    const bool masked_row = !has_nan && row.maximum == -infinity;
    row.rest = row.log_l = row.spread = nan;
    row.log_sum_exp = masked_row ? -infinity : nan;
    return row;
  }

  Sum rest, spread;
  for (std::size_t c = 0; c < logits.size(); ++c) {
    if (static_cast<std::int64_t>(c) == row.argmax) continue;
    const double away = row.maximum - capped(logits[c], softcap);
    const double e = std::exp(-away);
    rest.add(e);
    if (e > 0) spread.add(e * away);
  }
  row.rest = rest.value();
  row.log_l = std::log1p(row.rest);
  row.log_sum_exp = row.maximum + row.log_l;
  row.spread = spread.value() / row.l();
  return row;
}

}  // namespace lossbench::reference
