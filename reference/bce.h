// Binary cross-entropy, on logits and on probabilities. Targets may be soft, in [0, 1].
#pragma once

#include "reference/element.h"

namespace lossbench::reference {

/// True when the element is left out: its target, truncated towards zero, is the ignore label.   [Caffe SigmoidCrossEntropy]
inline bool bce_ignored(double target, double ignore_label) { return std::trunc(target) == ignore_label; }

/// w·[(1-y)·x + (1 + (pw-1)·y)·softplus(-x)] for a logit x, with pos_weight pw.
///
/// Written with softplus(-x) = max(-x, 0) + log1p(e^-|x|) and its linear parts collected, no two terms of opposite sign are
/// left for y in [0, 1] and pw >= 0, so nothing cancels:
///     x >= 0:   (1-y)·x    + (1 + (pw-1)·y)·log1p(e^-x)
///     x <  0:   pw·y·(-x)  + (1 + (pw-1)·y)·log1p(e^x)
/// The derivative (1-y) - (1 + (pw-1)·y)·sigmoid(-x) becomes (1-y)·sigmoid(x) - pw·y·sigmoid(-x).
/// An infinite logit on the side of a hard target is 0·inf, so NaN; on the other side the loss is inf.
inline Element bce_logits(double logit, double target, double weight, double pos_weight) {
  const double positive = pos_weight * target;
  const double negative = 1 - target;
  const double linear = logit < 0 ? positive * -logit : negative * logit;
  const double curved = (positive + negative) * std::log1p(std::exp(-std::fabs(logit)));
  return {weight * (linear + curved), weight * (negative * sigmoid(logit) - positive * sigmoid(-logit))};
}

/// What is done about log(0).
enum class BceClip {
  log_clamp,  ///< both logarithms are raised to at least log_min; the derivative divides by max(p(1-p), 1e-12)   [PyTorch]
  both,       ///< p is clipped to [eps, 1-eps]; derivative 0 where it was moved   [Keras, scikit-learn]
  none,       ///< as written: p = 0 or 1 gives inf, or NaN through 0·(-inf)
};

/// -w·[y·log p + (1-y)·log(1-p)] for a probability p; derivative w·(p-y)/(p(1-p)).
/// Under `both` a moved p has derivative 0 whatever the target, NaN too; its value is NaN then.
inline Element bce_probs(double prob, double target, double weight, BceClip clip, double eps, double log_min) {
  double log_p = std::log(prob);
  double log_q = std::log1p(-prob);  // of the complement q = 1 - p
  double denominator = prob * (1 - prob);
  bool moved = false;
  if (clip == BceClip::log_clamp) {
    if (log_p < log_min) log_p = log_min;
    if (log_q < log_min) log_q = log_min;
    if (denominator < 1e-12) denominator = 1e-12;
  } else if (clip == BceClip::both) {
    // The complement is kept apart: 1 - (1 - eps) is not eps when eps is near the rounding error of 1.
    const bool low = prob < eps, high = 1 - prob < eps;
    moved = low || high;
    if (moved) {
      log_p = low ? std::log(eps) : std::log1p(-eps);
      log_q = low ? std::log1p(-eps) : std::log(eps);
    }
  }
  const double value = -weight * (target * log_p + (1 - target) * log_q);
  return {value, moved ? 0.0 : weight * ((prob - target) / denominator)};  // dividing first: the product may underflow
}

}  // namespace lossbench::reference
