// Squared error.
#pragma once

#include "reference/element.h"

namespace lossbench::reference {

/// d² with derivative 2d, or with `half` d²/2 with derivative d; d = input - target.
inline Element l2(double input, double target, bool half) {
  const double d = input - target;
  return half ? Element{0.5 * d * d, d} : Element{d * d, 2 * d};
}

}  // namespace lossbench::reference
