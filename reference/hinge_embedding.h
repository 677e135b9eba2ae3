// Hinge embedding loss.   [PyTorch hinge_embedding_loss]
#pragma once

#include "reference/element.h"

namespace lossbench::reference {

/// x for a target of 1, max(0, margin - x) for a target of -1; the derivative at the kink is 0.
inline Element hinge_embedding(double input, double target, double margin) {
  if (target == 1) return {input, 1.0};
  const double h = margin - input;
  if (std::isnan(h)) return {h, h};
  return h > 0 ? Element{h, -1.0} : Element{0.0, 0.0};
}

}  // namespace lossbench::reference
