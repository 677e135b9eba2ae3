// Log loss of a margin: what logistic regression minimises.
#pragma once

#include "reference/element.h"

namespace lossbench::reference {

/// softplus(-y·f) for a score f and a target y of -1 or +1; derivative -y·sigmoid(-y·f). Finite for every finite score.
inline Element logistic(double score, double target) {
  const double loss_margin = -target * score;
  return {softplus(loss_margin), -target * sigmoid(loss_margin)};
}

}  // namespace lossbench::reference
