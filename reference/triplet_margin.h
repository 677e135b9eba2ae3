// Triplet margin loss.   [Schroff et al. 2015; PyTorch triplet_margin_loss]
#pragma once

#include "reference/row.h"

namespace lossbench::reference {

struct TripletOptions {
  double margin, p, eps;
  bool swap;
};

namespace detail {

/// ‖u - v + eps‖_p
inline double distance(Row u, Row v, const TripletOptions& options) {
  Sum sum;
  for (std::size_t i = 0; i < u.size(); ++i) sum.add(std::pow(std::fabs(u[i] - v[i] + options.eps), options.p));
  return std::pow(sum.value(), 1 / options.p);
}

/// Derivative of that distance d with respect to u_i; minus that with respect to v_i. 0 where d is 0.
/// The condition is that of the difference: u - v and eps may cancel.
inline Slope distance_slope(double u, double v, double d, const TripletOptions& options) {
  if (d == 0) return {0, 0};
  const double w = u - v + options.eps, size = std::fabs(u - v) + std::fabs(options.eps);
  if (options.p == 1) return {sign(w), 1};
  return {sign(w) * std::pow(std::fabs(w), options.p - 1) * std::pow(d, 1 - options.p),
          std::pow(size, options.p - 1) * std::pow(d, 1 - options.p) * options.p};
}

}  // namespace detail

/// max(0, margin + d(a, p) - d(a, n)); with `swap` the second distance is min(d(a, n), d(p, n)), the first of them if equal.
///
/// Next to the kink, where the three terms cancel to a few units of their rounding, which side is taken is a matter of rounding,
/// and with it whether there is a gradient: its condition is unbounded there. So it is where the two distances that `swap`
/// chooses from are equal but for rounding.
/// A value of NaN makes every gradient of the row NaN.
inline RowResult triplet_margin(Row anchor, Row positive, Row negative, const TripletOptions& options) {
  const std::size_t width = anchor.size();
  RowResult row{.gradients = std::vector<RowGradient>(3, RowGradient(width))};
  const double near = detail::distance(anchor, positive, options), far = detail::distance(anchor, negative, options);
  const double between = options.swap ? detail::distance(positive, negative, options) : far;
  const bool swapped = between < far;
  const double h = options.margin + near - (swapped ? between : far);
  row.value = h <= 0 ? 0.0 : h;
  const double spread = std::fabs(options.eps) * std::sqrt(static_cast<double>(width));
  const double size = std::fabs(options.margin) + near + far + (options.swap ? between : 0) + spread;
  row.condition = size;

  constexpr double kRounding = 0x1p-40;
  const bool undecided = std::fabs(h) <= kRounding * size || (options.swap && std::fabs(between - far) <= kRounding * size && between != far);
  for (std::size_t i = 0; i < width; ++i) {
    const Slope pull = detail::distance_slope(anchor[i], positive[i], near, options);
    const Slope push = swapped ? Slope{0, 0} : detail::distance_slope(anchor[i], negative[i], far, options);
    const Slope across = swapped ? detail::distance_slope(positive[i], negative[i], between, options) : Slope{0, 0};
    const double slopes[] = {pull.gradient - push.gradient, -pull.gradient - across.gradient, push.gradient + across.gradient};
    for (std::size_t k = 0; k < 3; ++k) {
      row.gradients[k].value[i] = std::isnan(h) ? h : h > 0 ? slopes[k] : 0.0;
      row.gradients[k].condition[i] = undecided ? HUGE_VAL : h > 0 ? pull.condition + push.condition + across.condition : 0.0;
    }
  }
  return row;
}

}  // namespace lossbench::reference
