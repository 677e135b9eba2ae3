// Norms of a vector.
#pragma once

#include "reference/row.h"

namespace lossbench::reference {

/// Σ|x|, gradient sign(x).
inline RowResult norm_l1(Row x) {
  RowResult row{.gradients = {RowGradient(x.size())}};
  Sum sum;
  for (std::size_t i = 0; i < x.size(); ++i) {
    sum.add(std::fabs(x[i]));
    row.gradients[0].value[i] = sign(x[i]);
    row.gradients[0].condition[i] = 1;
  }
  row.value = row.condition = sum.value();
  return row;
}

/// sqrt(Σ x²), gradient x/‖x‖, the zero vector at 0. Elements are divided by the largest, so that no square leaves the range.
inline RowResult norm_l2(Row x) {
  RowResult row{.gradients = {RowGradient(x.size())}};
  double largest = 0;
  for (const double v : x) largest = std::isnan(v) || std::fabs(v) > largest ? std::fabs(v) : largest;
  if (largest > 0 && std::isfinite(largest)) {
    int exponent;
    std::frexp(largest, &exponent);
    Sum sum;
    for (const double v : x) sum.add(std::ldexp(v, -exponent) * std::ldexp(v, -exponent));
    row.value = std::ldexp(std::sqrt(sum.value()), exponent);
  } else {
    row.value = largest;
    for (const double v : x) row.value = std::isnan(v) ? v : row.value;
  }
  row.condition = row.value;
  for (std::size_t i = 0; i < x.size(); ++i) {
    row.gradients[0].value[i] = row.value == 0 ? 0.0 : x[i] / row.value;
    row.gradients[0].condition[i] = std::fabs(row.gradients[0].value[i]);
  }
  return row;
}

}  // namespace lossbench::reference
