// Smooth L1 with an inside and an outside weight, as box regression uses it.   [Girshick, Fast R-CNN, 2015]
#pragma once

#include "reference/smooth_l1.h"

namespace lossbench::reference {

/// u = w_in·(input - target), value w_out·smooth_l1(u, β), derivative w_out·w_in·smooth_l1'(u).
/// An element with either weight zero is masked: exactly 0 and 0, whatever its input holds (NaN and inf too). A NaN weight
/// is not zero, so it gives NaN, unless the other weight is zero.
inline Element smooth_l1_weighted(double input, double target, double inside_weight, double outside_weight, double beta) {
  if (inside_weight == 0 || outside_weight == 0) return {0.0, 0.0};
  const Element inner = smooth_l1(inside_weight * (input - target), beta);
  return {outside_weight * inner.value, outside_weight * inside_weight * inner.gradient};
}

}  // namespace lossbench::reference
