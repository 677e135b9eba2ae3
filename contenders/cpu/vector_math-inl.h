// Exponentials and logarithms of vectors of floats. Compiled once for each instruction set: see targets.h.
//
// Polynomials are least-maximum fits of the relative error, their coefficients rounded to float; the leading terms are added last, so that
// their rounding is all that is lost. Errors are in units in the last place, as tests/simd_math_test.cpp holds them to, with and without
// fused multiply-add: 1.5 for exp, 1 for log, 2 for both forms of log1p.
#if defined(LOSSBENCH_CPU_VECTOR_MATH_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LOSSBENCH_CPU_VECTOR_MATH_INL_H
#undef LOSSBENCH_CPU_VECTOR_MATH_INL_H
#else
#define LOSSBENCH_CPU_VECTOR_MATH_INL_H
#endif

#include <cmath>
#include <limits>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace lossbench::simd::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

template <class D>
using Vector = hn::Vec<D>;

/// Powers of x, for a polynomial whose products do not all wait for one another: the shortest wait.   [Estrin 1960]
template <class V>
struct Powers {
  V x, x2, x4;
  HWY_INLINE explicit Powers(V value) : x(value), x2(hn::Mul(value, value)), x4(hn::Mul(x2, x2)) {}
};
template <class D, class V>
HWY_INLINE V polynomial(D d, const Powers<V>&, float c0) { return hn::Set(d, c0); }
template <class D, class V>
HWY_INLINE V polynomial(D d, const Powers<V>& p, float c0, float c1) { return hn::MulAdd(hn::Set(d, c1), p.x, hn::Set(d, c0)); }
template <class D, class V>
HWY_INLINE V polynomial(D d, const Powers<V>& p, float c0, float c1, float c2) {
  return hn::MulAdd(hn::Set(d, c2), p.x2, polynomial(d, p, c0, c1));
}
template <class D, class V>
HWY_INLINE V polynomial(D d, const Powers<V>& p, float c0, float c1, float c2, float c3) {
  return hn::MulAdd(polynomial(d, p, c2, c3), p.x2, polynomial(d, p, c0, c1));
}
template <class D, class V, class... Rest>
HWY_INLINE V polynomial(D d, const Powers<V>& p, float c0, float c1, float c2, float c3, Rest... rest) {
  return hn::MulAdd(polynomial(d, p, rest...), p.x4, polynomial(d, p, c0, c1, c2, c3));
}

/// The larger of two numbers; NaN if x is NaN.
template <class V>
HWY_INLINE V max_or_nan(V x, V lower) { return hn::IfThenElse(hn::Lt(x, lower), lower, x); }

/// -1, 0 or +1; NaN for NaN.
template <class D, class V>
HWY_INLINE V sign(D d, V x) {
  const V zero = hn::Zero(d);
  return hn::IfThenElse(hn::Gt(x, zero), hn::Set(d, 1.0f), hn::IfThenElse(hn::Lt(x, zero), hn::Set(d, -1.0f), x));
}

/// x = n·log 2 + rest with |rest| <= 0.35: e^rest, and n in the low bits of a float that is 1.5·2^23 too large.
template <class V>
struct ReducedExp {
  V mantissa, shifted;
};

inline constexpr float kShift = 12582912.0f;  // 1.5·2^23: added, it leaves the nearest integer in the low bits
inline constexpr float kLog2High = 0.693359375f, kLog2Low = -2.12194440e-4f;  // n·kLog2High is exact

template <class D, class V>
HWY_INLINE ReducedExp<V> reduced_exp(D d, V x) {
  const V shift = hn::Set(d, kShift), shifted = hn::MulAdd(x, hn::Set(d, 1.44269504f), shift), n = hn::Sub(shifted, shift);
  const V rest = hn::NegMulAdd(n, hn::Set(d, kLog2Low), hn::NegMulAdd(n, hn::Set(d, kLog2High), x));
  const Powers<V> powers(rest);
  const V tail = polynomial(d, powers, 0.49999994f, 0.16666515f, 0.041668456f, 0.00836941f, 0.0013813161f);
  return {hn::Add(hn::MulAdd(tail, powers.x2, rest), hn::Set(d, 1.0f)), shifted};
}

/// e^x for x <= 88, or NaN; for any x where `kLarge`. A result below the smallest normal number is rounded as an integer, which is what
/// its bits are: arithmetic on such numbers is slow on many processors.
template <bool kLarge, class D, class V>
HWY_INLINE V exp_up_to(D d, V x) {
  const hn::RebindToSigned<D> di;
  const auto none = hn::Lt(x, hn::Set(d, -104.0f)), tiny = hn::Lt(x, hn::Set(d, -87.0f)), large = hn::Gt(x, hn::Set(d, 64.0f));
  const ReducedExp<V> reduced = reduced_exp(d, hn::IfThenZeroElse(none, x));
  auto exponent = hn::Sub(hn::BitCast(di, reduced.shifted), hn::BitCast(di, hn::Set(d, kShift - 127)));
  exponent = hn::Add(exponent, hn::IfThenElseZero(hn::RebindMask(di, tiny), hn::Set(di, 149)));
  if constexpr (kLarge) exponent = hn::Sub(exponent, hn::IfThenElseZero(hn::RebindMask(di, large), hn::Set(di, 64)));
  V scaled = hn::Mul(reduced.mantissa, hn::BitCast(d, hn::ShiftLeft<23>(exponent)));
  if constexpr (kLarge) scaled = hn::Mul(scaled, hn::IfThenElse(large, hn::Set(d, 0x1p64f), hn::Set(d, 1.0f)));
  return hn::IfThenZeroElse(none, hn::IfThenElse(tiny, hn::BitCast(d, hn::NearestInt(scaled)), scaled));
}

/// e^x for x <= 88, or NaN.
template <class D, class V>
HWY_INLINE V exp_of_moderate(D d, V x) { return exp_up_to<false>(d, x); }

/// e^x.
template <class D, class V>
HWY_INLINE V exp(D d, V x) {
  const V most = hn::Set(d, 89.0f);  // e^89 is beyond the largest float
  return exp_up_to<true>(d, hn::IfThenElse(hn::Gt(x, most), most, x));
}

/// log(x·2^-exponent) for normal x.
template <class D, class V>
HWY_INLINE V log_of_normal(D d, V x, V exponent) {
  const hn::RebindToSigned<D> di;
  const auto bits = hn::BitCast(di, x);
  const auto n = hn::ShiftRight<23>(hn::Sub(bits, hn::Set(di, 0x3f3504f3)));  // mantissa from sqrt(1/2) to sqrt(2)
  const V f = hn::Sub(hn::BitCast(d, hn::Sub(bits, hn::ShiftLeft<23>(n))), hn::Set(d, 1.0f)), square = hn::Mul(f, f);
  const V scale = hn::Sub(hn::ConvertTo(d, n), exponent);
  const V p = polynomial(d, Powers<V>(f), 0.3333333f, -0.2500082f, 0.20001227f, -0.16623357f, 0.14201759f, -0.13160183f, 0.12761575f, -0.07634493f);
  const V low = hn::MulAdd(scale, hn::Set(d, kLog2Low), hn::Mul(hn::Mul(square, f), p));
  const V sum = hn::Add(hn::NegMulAdd(square, hn::Set(d, 0.5f), low), f);
  return hn::MulAdd(scale, hn::Set(d, kLog2High), sum);
}

/// log x: -inf for 0, NaN below.
template <class D, class V>
HWY_INLINE V log(D d, V x) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity(), kNan = std::numeric_limits<float>::quiet_NaN();
  const V zero = hn::Zero(d), least = hn::Set(d, std::numeric_limits<float>::min()), most = hn::Set(d, std::numeric_limits<float>::max());
  if (HWY_LIKELY(hn::AllTrue(d, hn::And(hn::Ge(x, least), hn::Le(x, most))))) return log_of_normal(d, x, zero);
  const auto tiny = hn::Lt(x, least);
  const V normal = hn::IfThenElse(tiny, hn::Mul(x, hn::Set(d, 0x1p23f)), x);
  V result = log_of_normal(d, normal, hn::IfThenElseZero(tiny, hn::Set(d, 23.0f)));
  result = hn::IfThenElse(hn::Eq(x, zero), hn::Set(d, -kInfinity), result);
  result = hn::IfThenElse(hn::Lt(x, zero), hn::Set(d, kNan), result);
  return hn::IfThenElse(hn::Le(x, most), result, x);
}

/// What log q lacks of log(1 - p), where q is 1 - p rounded. The rounding error c of q is exact, and c/q near enough to c·(2 - q): for q
/// below 1/2 there is none, and above 2 it is below the rounding of the logarithm.
template <class D, class V>
HWY_INLINE V complement_correction(D d, V p, V q) {
  const V two = hn::Set(d, 2.0f), lost = hn::Sub(hn::Sub(hn::Set(d, 1.0f), q), p);
  return hn::IfThenElseZero(hn::Lt(q, two), hn::Mul(lost, hn::Sub(two, q)));
}

/// log(1 - p).
template <class D, class V>
HWY_INLINE V log_of_complement(D d, V p) {
  const V q = hn::Sub(hn::Set(d, 1.0f), p);
  return hn::Add(log(d, q), complement_correction(d, p, q));
}

/// log(1 + e) for e in [0, 1], or NaN; e itself where it is so small that only that is left.
template <class D, class V>
HWY_INLINE V log1p_of_unit(D d, V given) {
  const auto tiny = hn::Lt(given, hn::Set(d, 0x1p-25f));
  const V e = hn::IfThenZeroElse(tiny, given);
  const Powers<V> powers(e);
  const V tail = polynomial(d, powers, -0.4999993f, 0.33330512f, -0.24958587f, 0.196954f, -0.15355395f, 0.10680553f, -0.05766442f,
                            0.020204572f, -0.0033184695f);
  return hn::IfThenElse(tiny, given, hn::MulAdd(tail, powers.x2, e));
}

}  // namespace lossbench::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
