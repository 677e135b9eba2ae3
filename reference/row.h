// What the reference says about one row of a loss that looks at whole rows.
#pragma once

#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "reference/element.h"
#include "reference/sum.h"

namespace lossbench::reference {

using Row = std::span<const double>;

/// Gradients of one operand's elements, each with the sum of the absolute values of the terms it is made of.
struct RowGradient {
  std::vector<double> value, condition;

  explicit RowGradient(std::size_t width = 0) : value(width), condition(width) {}
};

struct RowResult {
  double value = 0;
  double condition = 0;  ///< sum of the absolute terms of the value
  std::vector<RowGradient> gradients = {};
};

}  // namespace lossbench::reference
