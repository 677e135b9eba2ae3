#pragma once

#include "kernels/losses/math.h"

namespace lossbench::inline SIMT_BUILD::losses {

// Zero-one losses count wrong decisions. They have no gradient, and their sums are kept in double, which holds every count
// below 2^53 exactly and lets a NaN through. `weight` is the weight of the sample.

/// Wrong when two class labels differ.
struct ZeroOneLabels {
  static constexpr int kOperands = 2;
  static constexpr bool kCounts = true;
  static constexpr bool kLabelOperands = true;  ///< operands are i32 or i64, whatever the dtype of the problem

  template <class Label>
  SIMT_FN double value(Label pred, Label target) const { return pred != target ? 1.0 : 0.0; }
};

/// Wrong when the sign of the score is not the target, -1 or +1; a score of exactly 0 decides for -1.
struct ZeroOneSign {
  static constexpr int kOperands = 3;
  static constexpr int kDivisorOperand = 2;
  static constexpr bool kCounts = true;

  template <class Real>
  SIMT_FN double value(Real score, Real target, Real weight) const {
    const Real decision = score > 0 ? Real(1) : score <= 0 ? Real(-1) : score;
    if (decision != decision || target != target) return double(decision + target);
    return decision != target ? double(weight) : 0 * double(weight);
  }

  template <class Real>
  SIMT_FN double divisor_term(Real weight) const { return weight; }
};

/// Wrong unless |target - pred| < T: equality is wrong, NaN too. The difference is taken in double, where that of two floats
/// within a factor 2^29 of each other is exact, so that rounding decides no case.
struct ZeroOneTolerance {
  static constexpr int kOperands = 3;
  static constexpr int kDivisorOperand = 2;
  static constexpr bool kCounts = true;
  double tolerance = 1;

  template <class Real>
  SIMT_FN double value(Real pred, Real target, Real weight) const {
    return math::abs(double(target) - double(pred)) < tolerance ? 0 * double(weight) : double(weight);
  }

  template <class Real>
  SIMT_FN double divisor_term(Real weight) const { return weight; }
};

}  // namespace lossbench::inline SIMT_BUILD::losses
