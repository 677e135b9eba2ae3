// Focal loss on a logit.   [Lin et al. 2017]
#pragma once

#include "reference/element.h"

namespace lossbench::reference {

struct FocalElement {
  Element element;
  double common;       ///< a·q^γ
  double slope_terms;  ///< sum of the absolute terms of the derivative over `common`: γ·|q'/q|·c and the two parts of c'
  double q;            ///< 1 - p_t
};

/// a_t·(1-p_t)^γ·(softplus(x) - y·x), p_t = p·y + (1-p)·(1-y), a_t = α·y + (1-α)·(1-y), or 1 for a negative α.
///
/// 1 - p_t is p·(1-y) + (1-p)·y, with 1 - p = sigmoid(-x). Its derivative is p·(1-p)·(1-2y), so that of the power is
/// q^γ·γ·(q'/q). For y = 1 this gives a·q^γ·(γ·p·log p - q), as in the paper; for y = 0 its mirror image.
inline FocalElement sigmoid_focal(double logit, double target, double alpha, double gamma) {
  const double p = sigmoid(logit), complement = sigmoid(-logit);
  const double q = p * (1 - target) + complement * target;
  double cross_entropy = std::log1p(std::exp(-std::fabs(logit)));
  if (logit > 0) cross_entropy += (1 - target) * logit;
  else if (logit < 0) cross_entropy -= target * logit;
  else cross_entropy += logit;
  const double a = alpha < 0 ? 1.0 : alpha * target + (1 - alpha) * (1 - target);
  const double common = a * std::pow(q, gamma);
  double ratio = p * complement * (1 - 2 * target) / q;
  if (target == 1) ratio = -p;
  if (target == 0) ratio = complement;
  const double bend = gamma == 0 ? 0.0 : gamma * ratio * cross_entropy;
  const double slope = p * (1 - target) - complement * target;
  return {{common * cross_entropy, common * (bend + slope)},
          common,
          std::fabs(bend) + p * std::fabs(1 - target) + complement * std::fabs(target),
          q};
}

}  // namespace lossbench::reference
