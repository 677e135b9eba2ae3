// Cosine embedding loss.   [PyTorch cosine_embedding_loss]
#pragma once

#include "reference/row.h"

namespace lossbench::reference {

/// 1 - cos(a, b) for a target of 1, max(0, cos(a, b) - margin) for -1, with
/// cos = a·b / sqrt((‖a‖² + 1e-12)·(‖b‖² + 1e-12)) and dcos/da = b/sqrt(..) - cos·a/(‖a‖² + 1e-12).
/// Where cos is at the margin but for rounding, the condition of the gradient is unbounded.
inline RowResult cosine_embedding(Row a, Row b, double target, double margin) {
  const std::size_t width = a.size();
  RowResult row{.gradients = std::vector<RowGradient>(2, RowGradient(width))};
  Sum product, product_size, a_square, b_square;
  for (std::size_t i = 0; i < width; ++i) {
    product.add(a[i] * b[i]), product_size.add(std::fabs(a[i] * b[i]));
    a_square.add(a[i] * a[i]), b_square.add(b[i] * b[i]);
  }
  const double aa = a_square.value() + 1e-12, bb = b_square.value() + 1e-12;
  const double length = std::sqrt(aa) * std::sqrt(bb), cosine = product.value() / length, share = product_size.value() / length;
  const bool similar = target > 0;
  row.value = similar ? 1 - cosine : cosine <= margin ? 0.0 : cosine - margin;
  row.condition = share + (similar ? 1 : std::fabs(margin));
  const double slope = similar ? -1.0 : cosine <= margin ? 0.0 : 1.0;
  const bool undecided = !similar && std::fabs(cosine - margin) <= 0x1p-40 * (1 + std::fabs(margin));
  for (std::size_t i = 0; i < width; ++i)
    for (const bool first : {true, false}) {
      const double own = first ? a[i] : b[i], other = first ? b[i] : a[i], square = first ? aa : bb;
      RowGradient& gradient = row.gradients[first ? 0 : 1];
      gradient.value[i] = slope == 0 ? 0.0 : slope * (other / length - cosine * own / square);
      gradient.condition[i] = undecided ? HUGE_VAL : slope == 0 ? 0.0 : std::fabs(other) / length + (share + std::fabs(cosine)) * std::fabs(own) / square;
    }
  return row;
}

}  // namespace lossbench::reference
