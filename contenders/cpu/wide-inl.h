// Arithmetic on doubles that stand for a vector of floats. Compiled once for each instruction set: see targets.h.
#if defined(LOSSBENCH_CPU_WIDE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LOSSBENCH_CPU_WIDE_INL_H
#undef LOSSBENCH_CPU_WIDE_INL_H
#else
#define LOSSBENCH_CPU_WIDE_INL_H
#endif

#include "contenders/cpu/vector_math-inl.h"
#include "contenders/cpu/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lossbench::simd::HWY_NAMESPACE {

HWY_INLINE Wide wide_set(double x) { return {hn::Set(Doubles(), x), hn::Set(Doubles(), x)}; }
HWY_INLINE Wide operator+(const Wide& x, const Wide& y) { return {hn::Add(x.low, y.low), hn::Add(x.high, y.high)}; }
HWY_INLINE Wide operator-(const Wide& x, const Wide& y) { return {hn::Sub(x.low, y.low), hn::Sub(x.high, y.high)}; }
HWY_INLINE Wide operator*(const Wide& x, const Wide& y) { return {hn::Mul(x.low, y.low), hn::Mul(x.high, y.high)}; }
HWY_INLINE Wide operator-(const Wide& x) { return {hn::Neg(x.low), hn::Neg(x.high)}; }
HWY_INLINE Wide abs(const Wide& x) { return {hn::Abs(x.low), hn::Abs(x.high)}; }
HWY_INLINE Wide sign(const Wide& x) { return {sign(Doubles(), x.low), sign(Doubles(), x.high)}; }

/// kLanes doubles in memory.
HWY_INLINE Wide load_wide(const double* from) {
  const Doubles d;
  return {hn::LoadU(d, from), HWY_TARGET == HWY_SCALAR ? hn::Zero(d) : hn::LoadU(d, from + kLanes / 2)};
}
HWY_INLINE void store_wide(const Wide& x, double* to) {
  hn::StoreU(x.low, Doubles(), to);
  if (HWY_TARGET != HWY_SCALAR) hn::StoreU(x.high, Doubles(), to + kLanes / 2);
}

/// 0 where `flags` is 0, or where it is not; x elsewhere.
HWY_INLINE Wide zero_unless(const Wide& flags, const Wide& x) {
  const DoubleVector zero = hn::Zero(Doubles());
  return {hn::IfThenElseZero(hn::Ne(flags.low, zero), x.low), hn::IfThenElseZero(hn::Ne(flags.high, zero), x.high)};
}
HWY_INLINE Wide zero_if(const Wide& flags, const Wide& x) {
  const DoubleVector zero = hn::Zero(Doubles());
  return {hn::IfThenElseZero(hn::Eq(flags.low, zero), x.low), hn::IfThenElseZero(hn::Eq(flags.high, zero), x.high)};
}

/// f of either half.
template <class F>
HWY_INLINE Wide by_halves(const Wide& x, const F& f) { return {f(x.low), f(x.high)}; }

/// Sums of several things, as the words of a scalar row functor.
template <int kCount>
struct WideSums {
  WideSum sum[kCount];

  HWY_INLINE WideSums() {}
  HWY_INLINE void join(const WideSums& other) {
#pragma GCC unroll 4
    for (int k = 0; k < kCount; ++k) sum[k].join(other.sum[k]);
  }
  HWY_INLINE void enter(double* words) const {
#pragma GCC unroll 4
    for (int k = 0; k < kCount; ++k) words[k] = sum[k].total();
  }
  /// The same where every lane has a row of its own.
  HWY_INLINE void enter_lanes(double (*words)[kLanes]) const {
#pragma GCC unroll 4
    for (int k = 0; k < kCount; ++k) store_wide(sum[k].lanes(), words[k]);
  }
};

}  // namespace lossbench::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
