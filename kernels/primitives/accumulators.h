// Accumulators: how one thread adds its terms and how partial sums join. Arithmetic only; the levels above decide the order.
//
//   PlainSum<Real>     one addition a term: error up to (terms - 1)·u of Σ|term|
//   WideSum            double, whatever the term: for counts, and for partial sums that must not lose accuracy with length
//   TwoFloatSum<Real>  an unevaluated pair high + low: error about u, nearly independent of the number of terms
//
// They have no initialisers, because shared memory cannot run them: an empty sum is written `PlainSum<float>{}`.
#pragma once

#include "simt/qualifiers.h"

namespace lossbench::inline SIMT_BUILD {

template <class Real>
struct PlainSum {
  Real total;

  SIMT_FN void add(Real term) { total += term; }
  SIMT_FN void join(const PlainSum& other) { total += other.total; }
  SIMT_FN double result() const { return double(total); }
};

/// Terms of one vector are added to each other in their own type first, so a double addition is paid once a vector.
struct WideSum {
  double total;

  SIMT_FN void add(double term) { total += term; }
  SIMT_FN void join(const WideSum& other) { total += other.total; }
  SIMT_FN double result() const { return total; }
};

/// Two-sum accumulation [Knuth 1969; Neumaier 1974]. `high` alone is the plain sum, so infinities and NaN behave as in one:
/// once it is not finite, `low` (then NaN) is left out of the result.
/// Hazard: needs the additions as written. Any re-association (fast-math) reduces it to a plain sum.
template <class Real>
struct TwoFloatSum {
  Real high;
  Real low;

  SIMT_FN void add(Real term) {
    const Real sum = high + term;
    const Real from_high = sum - term, from_term = sum - from_high;
    low += (high - from_high) + (term - from_term);
    high = sum;
  }

  SIMT_FN void join(const TwoFloatSum& other) {
    add(other.high);
    low += other.low;
  }

  SIMT_FN double result() const {
    const bool finite = high - high == 0;
    return finite ? double(high) + double(low) : double(high);
  }
};

}  // namespace lossbench::inline SIMT_BUILD
