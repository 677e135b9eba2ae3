// Hinge losses of several classes.
#pragma once

#include "reference/row.h"

namespace lossbench::reference {

struct HingeOptions {
  double margin;
  int power;           ///< 1, or 2: squared hinge
  bool class_average;  ///< weston_watkins: divide by the number of classes
};

namespace detail {

inline double hinge(double h, int power) { return h <= 0 ? 0.0 : power == 2 ? h * h : h; }
/// Derivative of that with respect to h: 0 at the kink, NaN for NaN.
inline double hinge_slope(double h, int power) { return h > 0 ? (power == 2 ? 2 * h : 1.0) : h <= 0 ? 0.0 : h; }

/// Size of the terms of a shortfall. One with an infinite score is not rounded.
inline double finite_or_0(double size) { return std::isfinite(size) ? size : 0.0; }

}  // namespace detail

/// hinge(margin - (s_y - max_{j≠y} s_j)).   [Crammer and Singer 2001]
/// Gradient: the slope at the best wrong class (of equals the lowest index), minus it at y. With one class nothing can be wrong.
/// A NaN among the scores makes value and gradients NaN.
inline RowResult hinge_crammer_singer(Row scores, std::int64_t label, const HingeOptions& options) {
  const std::size_t classes = scores.size(), own = static_cast<std::size_t>(label);
  RowResult row{.gradients = {RowGradient(classes)}};
  std::size_t best = classes;
  double nan = 0;
  for (std::size_t j = 0; j < classes; ++j) {
    if (std::isnan(scores[j])) nan = scores[j];
    if (j != own && (best == classes || scores[j] > scores[best])) best = j;
  }
  double h = nan, size = 0;
  if (best < classes && !std::isnan(nan)) {
    h = options.margin - (scores[own] - scores[best]);
    size = detail::finite_or_0(std::fabs(options.margin) + std::fabs(scores[own]) + std::fabs(scores[best]));
  }
  row.value = detail::hinge(h, options.power);
  row.condition = options.power == 2 ? (h > 0 ? 2 * h * size : 0.0) : size;
  const double slope = detail::hinge_slope(h, options.power);
  for (std::size_t j = 0; j < classes; ++j) {
    row.gradients[0].value[j] = std::isnan(h) ? h : j == own ? -slope : j == best ? slope : 0.0;
    row.gradients[0].condition[j] = j == own || j == best ? std::fabs(slope) + (options.power == 2 ? size : 0.0) : 0.0;
  }
  return row;
}

/// w_y·Σ_{j≠y} hinge(margin - s_y + s_j), over the number of classes with `class_average`.   [Weston and Watkins 1999]
inline RowResult hinge_weston_watkins(Row scores, std::int64_t label, double weight, const HingeOptions& options) {
  const std::size_t classes = scores.size(), own = static_cast<std::size_t>(label);
  RowResult row{.gradients = {RowGradient(classes)}};
  const double scale = weight / (options.class_average ? static_cast<double>(classes) : 1.0);
  Sum value, condition, slopes, slope_sizes;
  for (std::size_t j = 0; j < classes; ++j) {
    if (j == own) continue;
    const double h = options.margin - scores[own] + scores[j];
    const double size = detail::finite_or_0(std::fabs(options.margin) + std::fabs(scores[own]) + std::fabs(scores[j]));
    const double slope = detail::hinge_slope(h, options.power);
    value.add(detail::hinge(h, options.power));
    condition.add(options.power == 2 ? (h > 0 ? 2 * h * size : 0.0) : size);
    slopes.add(slope), slope_sizes.add(std::fabs(slope) + (options.power == 2 ? size : 0.0));
    row.gradients[0].value[j] = scale * slope;
    row.gradients[0].condition[j] = std::fabs(scale) * (std::fabs(slope) + (options.power == 2 ? size : 0.0));
  }
  row.value = scale * value.value();
  row.condition = std::fabs(scale) * condition.value();
  row.gradients[0].value[own] = -scale * slopes.value();
  row.gradients[0].condition[own] = std::fabs(scale) * slope_sizes.value();
  return row;
}

/// Σ_j hinge(margin - t_j·s_j), t_j = 1 for j = y and -1 for the others.   [Caffe HingeLoss]
inline RowResult hinge_one_vs_all(Row scores, std::int64_t label, const HingeOptions& options) {
  RowResult row{.gradients = {RowGradient(scores.size())}};
  Sum value, condition;
  for (std::size_t j = 0; j < scores.size(); ++j) {
    const double t = j == static_cast<std::size_t>(label) ? 1.0 : -1.0, h = options.margin - t * scores[j];
    const double size = detail::finite_or_0(std::fabs(options.margin) + std::fabs(scores[j])), slope = detail::hinge_slope(h, options.power);
    value.add(detail::hinge(h, options.power));
    condition.add(options.power == 2 ? (h > 0 ? 2 * h * size : 0.0) : size);
    row.gradients[0].value[j] = -t * slope;
    row.gradients[0].condition[j] = std::fabs(slope) + (options.power == 2 ? size : 0.0);
  }
  row.value = value.value();
  row.condition = condition.value();
  return row;
}

}  // namespace lossbench::reference
