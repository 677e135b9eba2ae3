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
};

}  // namespace lossbench::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
