// The OpenPose loss: weighted squares of the differences of all stages.   [Cao et al. 2017]
#pragma once

#include <cmath>
#include <span>
#include <vector>

#include "reference/sum.h"

namespace lossbench::reference {

/// One stage of one branch: Σ W·(pred - target)², with its gradient 2·W·(pred - target). Where the weight is 0 both are exactly 0,
/// whatever prediction and target hold. An empty span of weights stands for ones.
struct MaskedSquares {
  double value;
  std::vector<double> gradient;
};

inline MaskedSquares masked_squares(std::span<const double> prediction, std::span<const double> target, std::span<const double> weight) {
  MaskedSquares result{0, std::vector<double>(prediction.size())};
  Sum sum;
  for (std::size_t i = 0; i < prediction.size(); ++i) {
    const double w = weight.empty() ? 1.0 : weight[i];
    if (w == 0) continue;
    const double difference = prediction[i] - target[i];
    sum.add(w * difference * difference);
    result.gradient[i] = 2 * w * difference;
  }
  result.value = sum.value();
  return result;
}

}  // namespace lossbench::reference
