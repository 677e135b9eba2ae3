// Softmax cross-entropy of one row of logits, with everything a rounding-error bound of another implementation needs.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include "reference/softmax.h"
#include "reference/sum.h"

namespace lossbench::reference {

struct SoftmaxOptions {
  double label_smoothing = 0;        ///< ε: this share of the target goes to all classes alike
  std::int64_t ignore_index = -100;  ///< label of rows that are left out
  double z_loss = 0;                 ///< adds z·L² with L = log_sum_exp
  double prob_floor = 0;             ///< the value uses log max(p, floor); the gradient does not change
  double softcap = 0;                ///< s > 0: logits are s·tanh(x/s) before everything else
  bool rounds_logits = false;        ///< another implementation rounds them before use, as it does with softcapped ones
};

/// `condition` bounds rounding: arithmetic of unit roundoff u gets the value within a small multiple of u·condition.
struct SoftmaxRow {
  double value;
  double condition;
  double log_sum_exp;   ///< -inf when every logit is -inf; NaN with a NaN or a +inf in the row
  std::int64_t argmax;  ///< lowest index among the greatest logits; NaN never wins
};

namespace detail {

/// Target weights t_c of an index target, with their sum: w_c·((1-ε)·[c = label] + ε/C).
/// Without smoothing only the label's own weight is read, so that a NaN or inf weight of another class does no harm.
struct IndexTarget {
  std::int64_t label;
  std::span<const double> weight;
  double smoothing;
  std::int64_t classes;

  double weight_of(std::int64_t c) const { return weight.empty() ? 1.0 : weight[static_cast<std::size_t>(c)]; }
  double operator()(std::int64_t c) const {
    const double own = c == label ? 1 - smoothing : 0.0;
    if (smoothing == 0 && c != label) return 0.0;
    return weight_of(c) * (own + smoothing / static_cast<double>(classes));
  }
  double total() const {
    if (smoothing == 0) return weight_of(label);
    Sum sum;
    for (std::int64_t c = 0; c < classes; ++c) sum.add((*this)(c));
    return sum.value();
  }
};

/// Target weights of a probability target: w_c·((1-ε)·q_c + ε/C).
struct ProbabilityTarget {
  std::span<const double> probability;
  std::span<const double> weight;
  double smoothing;

  double operator()(std::int64_t c) const {
    const auto i = static_cast<std::size_t>(c);
    const double w = weight.empty() ? 1.0 : weight[i];
    return w * ((1 - smoothing) * probability[i] + smoothing / static_cast<double>(probability.size()));
  }
  double total() const {
    Sum sum;
    for (std::size_t c = 0; c < probability.size(); ++c) sum.add((*this)(static_cast<std::int64_t>(c)));
    return sum.value();
  }
};

/// Value, gradient and conditions of a row with target weights t.
///
/// Value.  l = -Σ t_c·log p_c + z·L², in the safe form -log p_c = log l - (x_c - m) with m the maximum and l = Σ e^(x_k - m).
/// Terms with t_c = 0 are 0. log l is log1p of the sum without its greatest term, which keeps a confident row's digits.
///
/// Condition.  x_c - m is rounded: u·|x_c - m|. e^(x_k - m) inherits u·(|x_k - m| + 1), so l is wrong by the relative amount
/// u·(1 + D) with D = Σ p_k·|x_k - m|, which is an absolute error of log l beside its own rounding u·log l. Hence
/// r_c = log l + |x_c - m| + 1 + D for -log p_c, Σ|t_c|·r_c for the value, and 2z·|L|·(|m| + log l + 1 + D) for z·L², since
/// L = m + log l. Where a floor applies, r_c = |log floor| + 1 + D. Softcapped logits, and those of rounds_logits, are themselves
/// rounded: |x_c| + |m| joins each |x_c - m|.
///
/// Gradient.  T·p_c - t_c + 2zL·p_c with T = Σ t_k, formed as p_c·(T - t_c) - t_c·(1 - p_c), where 1 - p_c of the greatest
/// class is the sum of the others: a confident row has p_c - 1 to full accuracy.
/// Its condition is Σ|t|·p_c·(1 + |x_c - m| + D) + |t_c|, and 2z·p_c·(|L|·(1 + |x_c - m| + D) + |m| + log l + 1 + D).
/// A softcap multiplies the derivative f by 1 - tanh², itself within u: the condition is multiplied by it and gains |f|.
template <class Target>
SoftmaxRow softmax_row(std::span<const double> logits, const Target& target, const SoftmaxOptions& options, double* gradient,
                       double* gradient_condition) {
  const std::int64_t classes = static_cast<std::int64_t>(logits.size());
  const SoftmaxSums row = softmax_sums(logits, options.softcap);
  if (!row.proper) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    if (gradient) std::fill_n(gradient, classes, nan);
    if (gradient_condition) std::fill_n(gradient_condition, classes, nan);
    return {nan, nan, row.log_sum_exp, row.argmax};
  }

  const double L = row.log_sum_exp, z = options.z_loss;
  const double log_floor = std::log(options.prob_floor);  // -inf without a floor
  const double common = 1 + row.spread;
  const double error_of_L = std::fabs(row.maximum) + row.log_l + common;
  Sum value, condition, size;
  for (std::int64_t c = 0; c < classes; ++c) {
    const double t = target(c);
    if (t == 0) continue;
    const double x = capped(logits[static_cast<std::size_t>(c)], options.softcap);
    const double away = row.maximum - x;
    const bool floored = -(row.log_l + away) < log_floor;
    value.add(t * (floored ? -log_floor : row.log_l + away));
    const double rounded_logits = options.softcap > 0 || options.rounds_logits ? std::fabs(x) + std::fabs(row.maximum) : 0.0;
    condition.add(std::fabs(t) * (common + (floored ? -log_floor : row.log_l + away + rounded_logits)));
    size.add(std::fabs(t));
  }
  const double z_value = z == 0 ? 0.0 : z * L * L;
  const double z_condition = z == 0 ? 0.0 : 2 * std::fabs(z * L) * error_of_L;

  if (gradient || gradient_condition) {
    const double total = target.total(), total_size = size.value();
    for (std::int64_t c = 0; c < classes; ++c) {
      const double logit = logits[static_cast<std::size_t>(c)];
      const double x = capped(logit, options.softcap);
      const double t = target(c);
      const double p = row.probability(x);
      const double q = c == row.argmax ? row.rest / row.l() : 1 - p;
      const double slope = p * (total - t) - t * q + (z == 0 ? 0.0 : 2 * z * L * p);
      const double cap_slope = capped_slope(logit, options.softcap);
      if (gradient) gradient[c] = slope * cap_slope;
      if (!gradient_condition) continue;
      double bound = std::fabs(t);
      if (p > 0) {  // away from -inf, where 0·inf would be NaN
        const double rounded_logits = options.softcap > 0 || options.rounds_logits ? std::fabs(x) + std::fabs(row.maximum) : 0.0;
        const double error_of_p = common + (row.maximum - x) + rounded_logits;
        bound += total_size * p * error_of_p;
        if (z != 0) bound += 2 * std::fabs(z) * p * (std::fabs(L) * error_of_p + error_of_L);
      }
      if (options.softcap > 0) bound = bound * cap_slope + std::fabs(slope);
      gradient_condition[c] = bound;
    }
  }
  return {value.value() + z_value, condition.value() + z_condition, L, row.argmax};
}

}  // namespace detail

/// Cross-entropy of one row with an index target. `weight` has C values or is empty for ones. `gradient` and
/// `gradient_condition` receive C values each, or are null.
/// An ignored label, or one outside [0, C), gives value, gradient and conditions of exactly 0 whatever the logits hold.
/// Any NaN or +inf, and a row of nothing but -inf, gives NaN throughout (NaN even where the weight is 0). -inf elsewhere is
/// a class of probability 0: legal where its target weight is 0, a loss of inf where it is not.
inline SoftmaxRow softmax_cross_entropy_row(std::span<const double> logits, std::int64_t label, std::span<const double> weight,
                                            const SoftmaxOptions& options, double* gradient, double* gradient_condition) {
  const std::int64_t classes = static_cast<std::int64_t>(logits.size());
  if (label == options.ignore_index || label < 0 || label >= classes) {
    if (gradient) std::fill_n(gradient, classes, 0.0);
    if (gradient_condition) std::fill_n(gradient_condition, classes, 0.0);
    const SoftmaxSums row = softmax_sums(logits, options.softcap);
    return {0.0, 0.0, row.log_sum_exp, row.argmax};
  }
  const detail::IndexTarget target{label, weight, options.label_smoothing, classes};
  return detail::softmax_row(logits, target, options, gradient, gradient_condition);
}

/// The same with a target of C probabilities. There is no ignored row; the gradient is that of the logits.
inline SoftmaxRow softmax_cross_entropy_row(std::span<const double> logits, std::span<const double> probability,
                                            std::span<const double> weight, const SoftmaxOptions& options, double* gradient,
                                            double* gradient_condition) {
  const detail::ProbabilityTarget target{probability, weight, options.label_smoothing};
  return detail::softmax_row(logits, target, options, gradient, gradient_condition);
}

}  // namespace lossbench::reference
