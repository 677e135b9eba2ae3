// Poisson negative log-likelihood.   [PyTorch poisson_nll_loss]
#pragma once

#include "reference/element.h"

namespace lossbench::reference {

struct PoissonElement {
  Element element;
  Element magnitude;  ///< sums of the absolute terms of value and derivative
};

namespace detail {

/// With Stirling's approximation of log t!, t·log t - t + log(2πt)/2, which PyTorch adds for t > 1 only, the loss near its least
/// value is a small difference of terms of order t·log t. The parts of the result that are left when these are taken out first:
/// r - t - t·log(r/t) and log(2πt)/2, for a rate r given as the distance `log_ratio` = log(r/t) and `excess` = r - t.
inline Element with_stirling(double excess, double log_ratio, double t) {
  const double constant = 0.5 * std::log(2 * M_PI * t);
  return {excess - t * log_ratio + constant, std::fabs(excess) + t * std::fabs(log_ratio) + constant};
}

}  // namespace detail

/// e^x - t·x for the logarithm x of the rate.
/// log(r/t) = x - log t; where it is small, r - t = t·expm1(x - log t) and the difference of the two is taken by its series.
inline PoissonElement poisson_nll_log(double input, double target, bool full) {
  const double rate = std::exp(input);
  const Element slope{rate - target, rate + std::fabs(target)};
  if (!full || !(target > 1)) return {{rate - target * input, slope.value}, {rate + std::fabs(target * input), slope.gradient}};
  const double log_ratio = input - std::log(target);
  const double excess = std::fabs(log_ratio) < 0.5 ? target * std::expm1(log_ratio) : rate - target;
  const Element sum = detail::with_stirling(excess, log_ratio, target);
  // x - log t is rounded, which costs (r - t)·u·(|x| + |log t|).
  return {{sum.value, slope.value}, {sum.gradient + std::fabs(excess) * (std::fabs(input) + std::log(target)), slope.gradient}};
}

/// x - t·log(x + eps) for the rate x; 0·log 0 is 0. The argument of the logarithm is itself rounded, which costs t·u.
inline PoissonElement poisson_nll_rate(double input, double target, double eps, bool full) {
  const double rate = input + eps, log_rate = target == 0 ? 0.0 : std::log(rate), pull = target == 0 ? 0.0 : target / rate;
  const Element slope{target == 0 ? 1.0 : (input - target + eps) / rate, 1 + std::fabs(pull)};
  if (!full || !(target > 1))
    return {{input - target * log_rate, slope.value}, {std::fabs(input) + std::fabs(target) * (std::fabs(log_rate) + 1), slope.gradient}};
  const long double distance = (static_cast<long double>(input) - target + eps) / target;
  const double excess = static_cast<double>(target * (distance - std::log1p(distance)));
  const double value = excess - eps + 0.5 * std::log(2 * M_PI * target);
  const double constant = 0.5 * std::log(2 * M_PI * target), log_ratio = static_cast<double>(std::log1p(distance));
  return {{value, slope.value}, {std::fabs(excess) * (2 + std::fabs(log_ratio)) + eps + constant, slope.gradient}};
}

}  // namespace lossbench::reference
