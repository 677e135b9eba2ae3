// Sums of exponentials over a row of logits, in forms that neither overflow nor cancel.
//
// A row x with label y and maximum m is reduced to m, x_y and `others` = Σ e^(x_c - m) over the classes other than y. Keeping the
// label's own term apart costs nothing and saves the digits of a confident row: 1 - p_y is others/l, not 1 - (almost 1), and
// log l is log1p(others) where the label holds the maximum.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

#include "kernels/losses/math.h"
#include "kernels/primitives/warp_reduce.h"

namespace lossbench::inline SIMT_BUILD {

/// The larger of two numbers; NaN never wins, because it is found in the sums.
SIMT_FN float larger(float a, float b) { return fmaxf(a, b); }
SIMT_FN double larger(double a, double b) { return fmax(a, b); }

/// Maximum of a row, and the label's logit: the thread that met the label holds it, every other holds 0, so it is found by adding.
template <class Real>
struct Peak {
  Real maximum;
  Real label_logit;
};

struct JoinPeaks {
  template <class Real>
  SIMT_FN Peak<Real> operator()(const Peak<Real>& a, const Peak<Real>& b) const {
    return {larger(a.maximum, b.maximum), a.label_logit + b.label_logit};
  }
};

/// Σ w_c and Σ w_c·(m - x_c): what label smoothing asks of a row beside the rest. Kept in double: the differences of large
/// logits may leave the range of float where their mean does not.
struct Shortfall {
  double weight;
  double below;

  /// A class of weight 0 has no part, even with a logit of -inf.
  SIMT_FN void add(double class_weight, double difference) {
    weight += class_weight;
    if (class_weight != 0) below += class_weight * difference;
  }
  /// Measures from a reference that lies `step` higher.
  SIMT_FN void raise(double step) {
    if (weight != 0) below += weight * step;
  }
};

SIMT_FN Shortfall operator+(const Shortfall& a, const Shortfall& b) { return {a.weight + b.weight, a.below + b.below}; }

/// What one row of logits is reduced to.
template <class Real>
struct RowSums {
  Peak<Real> peak;
  double others;
  Shortfall shortfall;  ///< zero where there is no smoothing

  /// Σ e^(x_c - m), between 1 and the number of classes. NaN for a row without probabilities: a NaN is in the sum, and an infinite
  /// m puts inf - inf there.
  SIMT_FN double exponentials() const {
    return others + double(math::exp(peak.label_logit - peak.maximum));
  }

  /// log Σ e^x_c: -inf where every logit is -inf.
  SIMT_FN double log_sum_exp() const {
    const Real none = Real(-INFINITY);
    if (peak.maximum == none && peak.label_logit == none && others == 0) return -INFINITY;
    return double(peak.maximum) + double(log_exponentials());
  }

  /// log of that.
  SIMT_FN Real log_exponentials() const {
    const double sum = exponentials();
    if (sum != sum) return Real(sum);
    return peak.label_logit == peak.maximum ? math::log1p(Real(others)) : math::log(Real(sum));
  }
};

/// e^x. The fast one rounds x·log2(e), with a constant that is rounded too, and is then off by 2^-22: relative error
/// u·(4 + 2·|x|), where the accurate one has 4u (2 ulp). Double has no fast one.
template <bool kFast>
__device__ __forceinline__ float exponential(float x) {
  if constexpr (kFast) return simt::exp2_approx(x * 1.44269504088896341f);
  else return math::exp(x);
}
template <bool>
__device__ __forceinline__ double exponential(double x) { return math::exp(x); }

/// The same where a result below the smallest normal number counts: as the gradient of a class that is all but impossible. The fast
/// one is computed 2^64 too large there, because ex2.approx gives 0 for subnormal results; adding 64 to the exponent is exact.
template <bool kFast>
__device__ __forceinline__ float gradual_exponential(float x) {
  if constexpr (!kFast) return math::exp(x);
  const float exponent = x * 1.44269504088896341f;
  const bool tiny = exponent < -64;
  const float e = simt::exp2_approx(tiny ? exponent + 64 : exponent);
  return tiny ? e * 0x1p-64f : e;
}
template <bool>
__device__ __forceinline__ double gradual_exponential(double x) { return math::exp(x); }

/// One thread's share of a row, read once: sums relative to a running reference r that follows the maximum.
///
/// r is raised to the maximum so far only when a logit exceeds it by more than kSlack; until then exponents reach e^kSlack at
/// most. Rescaling at every new maximum would round everything added so far each time, as often as a rising row has logits.
/// With the slack, a term that was rescaled k times is at most e^(-kSlack·(k-1)) of the logit that set r last, so of n terms in
/// a thread the average one (by weight) was rescaled at most 2.1 + 1.03·ln(n)/kSlack times, one of them because of the label.
/// r starts at the lowest number of the type, not at -inf: -inf - r is then -inf and never NaN, whatever was masked.
///
/// kFast: exponentials by ex2.approx, see exponential().
template <class Real, bool kFast = false>
struct OnlineSum {
  static constexpr Real kLowest = std::numeric_limits<Real>::lowest();
  static constexpr Real kSlack = 4;

  Real reference = kLowest;
  Real maximum = -INFINITY;
  Real label_logit = 0;
  double others = 0;
  Shortfall shortfall{};

  /// Takes in kCount logits; -inf stands for one that is absent. is_label(k) tells whether x[k] is the label's.
  /// Terms are added to each other in Real, then once in double.
  template <int kCount, class IsLabel>
  __device__ __forceinline__ void add(const Real (&x)[kCount], IsLabel is_label) {
    Real highest = x[0];
#pragma unroll
    for (int k = 1; k < kCount; ++k) highest = larger(highest, x[k]);
    maximum = larger(maximum, highest);
    if (highest > reference + kSlack) {
      others *= double(exponential<kFast>(reference - highest));
      shortfall.raise(double(highest) - double(reference));
      reference = highest;
    }
    Real sum = 0;
#pragma unroll
    for (int k = 0; k < kCount; ++k) {
      const bool own = is_label(k);
      if (own) label_logit = x[k];
      sum += own ? Real(0) : exponential<kFast>(x[k] - reference);
    }
    others += double(sum);
  }

  /// The share of one logit in the shortfall, after add() has seen it.
  SIMT_FN void add_shortfall(Real x, double class_weight) { shortfall.add(class_weight, double(reference) - double(x)); }

  SIMT_FN Peak<Real> peak() const { return {maximum, label_logit}; }

  /// Measures everything from the row's maximum, once that is known. Where nothing exceeds -inf all stays as it is: the sum is 0,
  /// or NaN.
  __device__ __forceinline__ void settle(Real row_maximum) {
    if (row_maximum == Real(-INFINITY)) return;
    others *= double(exponential<kFast>(reference - row_maximum));
    shortfall.raise(double(row_maximum) - double(reference));
  }
};

}  // namespace lossbench::inline SIMT_BUILD
