// Log loss on probabilities.   [scikit-learn log_loss; Caffe MultinomialLogisticLoss]
#pragma once

#include "reference/row.h"

namespace lossbench::reference {

enum class LogLossClip { both, lower, none };

struct LogLossOptions {
  double eps;
  LogLossClip clip;
  bool renormalize;       ///< of no effect on two classes, whose probabilities sum to 1 as they are
  bool floor_passes;      ///< with `lower`: the derivative at a raised p is that at eps, not 0
};

/// -log of the clipped probability of class y, where p is that of class 1.
/// With q = clip(p): class 1 has q, class 0 has 1 - q. For a p above 1 - eps the latter is eps itself, not 1 - (1 - eps) rounded.
inline Element log_loss_binary(double p, double y, const LogLossOptions& options) {
  const bool low = options.clip != LogLossClip::none && p < options.eps;
  const bool high = options.clip == LogLossClip::both && 1 - p < options.eps;
  const double log_q = low ? std::log(options.eps) : high ? std::log1p(-options.eps) : std::log(p);
  const double log_complement = low ? std::log1p(-options.eps) : high ? std::log(options.eps) : std::log1p(-p);
  const double q = low ? options.eps : p;
  const double derivative = y == 1 ? -1 / q : 1 / (1 - q);
  const bool stopped = high || (low && !options.floor_passes);
  return {-(y == 1 ? log_q : log_complement), stopped ? 0.0 : derivative};
}

/// The same of C classes: -log(q_y/s) with q_j the clipped p_j and s = Σ q_j, or 1 without `renormalize`.
/// Derivative: -[j = y]/q_j + 1/s (or 0), and 0 where the clip moved p_j, unless `floor_passes`.
/// As s/q_y = 1 + (Σ_{j≠y} q_j)/q_y, a confident row keeps its digits.
inline RowResult log_loss_classes(Row p, std::int64_t label, const LogLossOptions& options) {
  const std::size_t own = static_cast<std::size_t>(label);
  RowResult row{.gradients = {RowGradient(p.size())}};
  const auto low = [&](double x) { return options.clip != LogLossClip::none && x < options.eps; };
  const auto high = [&](double x) { return options.clip == LogLossClip::both && 1 - x < options.eps; };
  const auto clipped = [&](double x) { return low(x) ? options.eps : high(x) ? 1 - options.eps : x; };
  const double q = clipped(p[own]);
  Sum others;
  if (options.renormalize)
    for (std::size_t j = 0; j < p.size(); ++j)
      if (j != own) others.add(clipped(p[j]));
  const double rest = others.value(), total = q + rest;
  row.value = options.renormalize ? std::log1p(rest / q) : high(p[own]) ? -std::log1p(-options.eps) : -std::log(q);
  row.condition = std::fabs(row.value);
  for (std::size_t j = 0; j < p.size(); ++j) {
    if ((low(p[j]) && !options.floor_passes) || high(p[j])) continue;
    double slope = options.renormalize ? 1 / total : 0.0;
    if (j == own) slope = options.renormalize ? -rest / (q * total) : -1 / q;
    row.gradients[0].value[j] = slope;
    row.gradients[0].condition[j] = std::fabs(slope);
  }
  return row;
}

}  // namespace lossbench::reference
