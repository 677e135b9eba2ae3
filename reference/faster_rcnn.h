// The parts of Faster R-CNN's losses: sums over anchors, boxes and RoIs, with their derivatives, before any division.
// [Ren et al. 2015; Girshick 2015]
#pragma once

#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "reference/bce.h"
#include "reference/smooth_l1_weighted.h"
#include "reference/softmax_cross_entropy.h"
#include "reference/sum.h"

namespace lossbench::reference {

/// One part: the loss of each of its elements (rows of scores, or coordinates), and the derivative of each of its predictions.
/// `condition` and `steepness` bound rounding: arithmetic of unit roundoff u gets a value within a small multiple of u times them.
struct Part {
  std::vector<double> losses, condition;
  std::vector<double> gradient, steepness;

  double value() const { return total(losses); }
  double size() const { return total(condition); }

 private:
  static double total(const std::vector<double>& terms) {
    Sum sum;
    sum.add(terms);
    return sum.value();
  }
};

/// Where the scores of an anchor lie. Labels count anchors in the order (image, y, x, anchor of the cell).
struct AnchorGrid {
  bool channels = false;  ///< [N, k·A, H, W], channel s·A + a holding score s of anchor a; otherwise rows [M, k]
  std::int64_t anchors = 1, cells = 1;  ///< A and H·W

  std::size_t at(std::int64_t row, std::int64_t score, std::int64_t scores) const {
    if (!channels) return static_cast<std::size_t>(row * scores + score);
    const std::int64_t anchor = row % anchors, cell = row / anchors % cells, image = row / (anchors * cells);
    return static_cast<std::size_t>((image * scores * anchors + score * anchors + anchor) * cells + cell);
  }
};

inline bool is_sampled(std::int64_t label) { return label == 0 || label == 1; }

/// Classification of anchors: softmax cross-entropy of two scores (background, object), or binary cross-entropy of one logit.
/// Anchors with another label than 0 or 1 are left out: exactly 0, whatever their scores hold.
inline Part classify_anchors(std::span<const double> scores, std::span<const std::int64_t> labels, const AnchorGrid& grid, bool single_logit) {
  const std::int64_t rows = static_cast<std::int64_t>(labels.size()), width = single_logit ? 1 : 2;
  Part part{std::vector<double>(labels.size()), std::vector<double>(labels.size()), std::vector<double>(scores.size()),
            std::vector<double>(scores.size())};
  for (std::int64_t row = 0; row < rows; ++row) {
    const auto i = static_cast<std::size_t>(row);
    if (!is_sampled(labels[i])) continue;
    const std::size_t first = grid.at(row, 0, width);
    if (single_logit) {
      const double x = scores[first], y = static_cast<double>(labels[i]);
      const Element element = bce_logits(x, y, 1, 1);
      part.losses[i] = element.value, part.condition[i] = std::fabs(element.value);
      part.gradient[first] = element.gradient, part.steepness[first] = std::fabs(element.gradient);
      continue;
    }
    const std::size_t second = grid.at(row, 1, width);
    const double pair[2] = {scores[first], scores[second]};
    double slope[2], steepness[2];
    const SoftmaxRow result = softmax_cross_entropy_row(pair, labels[i], {}, {}, slope, steepness);
    part.losses[i] = result.value, part.condition[i] = result.condition;
    part.gradient[first] = slope[0], part.steepness[first] = steepness[0];
    part.gradient[second] = slope[1], part.steepness[second] = steepness[1];
  }
  return part;
}

/// Classification of RoIs: softmax cross-entropy over rows of `classes` scores. A label outside [0, classes) leaves its row out.
inline Part classify_rois(std::span<const double> scores, std::span<const std::int64_t> labels, std::int64_t classes) {
  const auto width = static_cast<std::size_t>(classes);
  Part part{std::vector<double>(labels.size()), std::vector<double>(labels.size()), std::vector<double>(scores.size()),
            std::vector<double>(scores.size())};
  for (std::size_t row = 0; row < labels.size(); ++row) {
    if (labels[row] < 0 || labels[row] >= classes) continue;
    const SoftmaxRow result = softmax_cross_entropy_row(scores.subspan(row * width, width), labels[row], {}, {}, &part.gradient[row * width],
                                                        &part.steepness[row * width]);
    part.losses[row] = result.value, part.condition[row] = result.condition;
  }
  return part;
}

namespace detail {

/// Rounding next to the smallest normal float is absolute, and what follows multiplies it: w_in·d by 1/β, the slope by both weights.
inline void add_box(Part& part, std::size_t loss, std::size_t prediction, double input, double target, double inside, double outside,
                    double beta) {
  const Element element = smooth_l1_weighted(input, target, inside, outside, beta);
  const double gain = std::fabs(inside * outside) * (1 + (beta > 0 ? 1 / beta : 0));
  part.losses[loss] = element.value, part.condition[loss] = std::fabs(element.value);
  part.gradient[prediction] = element.gradient;
  part.steepness[prediction] = std::fabs(element.gradient) + (gain > 0 ? gain * 0x1p-126 : 0.0);
}

}  // namespace detail

/// Box loss with weights, coordinate by coordinate. An empty span of weights stands for ones; with `masks_only` an outside weight
/// other than 0 counts as 1. A weight of 0 leaves its coordinate out.
inline Part weigh_boxes(std::span<const double> input, std::span<const double> target, std::span<const double> inside,
                        std::span<const double> outside, double beta, bool masks_only = false) {
  Part part{std::vector<double>(input.size()), std::vector<double>(input.size()), std::vector<double>(input.size()),
            std::vector<double>(input.size())};
  for (std::size_t i = 0; i < input.size(); ++i) {
    double w = outside.empty() ? 1.0 : outside[i];
    if (masks_only && w != 0 && !std::isnan(w)) w = 1;
    detail::add_box(part, i, i, input[i], target[i], inside.empty() ? 1.0 : inside[i], w, beta);
  }
  return part;
}

/// Box loss of the rows whose label is a class of an object: of [rows, 4·columns] predictions only the four of the label's column
/// enter (column 0 for a single one), against [rows, 4] targets with weights of that shape.
inline Part match_boxes(std::span<const double> input, std::span<const double> target, std::span<const double> inside,
                        std::span<const double> outside, std::span<const std::int64_t> labels, std::int64_t columns, std::int64_t classes,
                        double beta) {
  Part part{std::vector<double>(target.size()), std::vector<double>(target.size()), std::vector<double>(input.size()),
            std::vector<double>(input.size())};
  for (std::size_t row = 0; row < labels.size(); ++row) {
    if (labels[row] < 1 || labels[row] >= classes) continue;
    const std::size_t column = columns == 1 ? 0 : static_cast<std::size_t>(labels[row]);
    for (std::size_t k = 0; k < 4; ++k) {
      const std::size_t at = row * 4 + k, from = (row * static_cast<std::size_t>(columns) + column) * 4 + k;
      detail::add_box(part, at, from, input[from], target[at], inside.empty() ? 1.0 : inside[at], outside.empty() ? 1.0 : outside[at], beta);
    }
  }
  return part;
}

}  // namespace lossbench::reference
