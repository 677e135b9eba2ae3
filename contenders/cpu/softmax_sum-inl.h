// The exponentials of a row of logits and their sum, block by block. Compiled once for each instruction set: see targets.h.
#if defined(LOSSBENCH_CPU_SOFTMAX_SUM_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LOSSBENCH_CPU_SOFTMAX_SUM_INL_H
#undef LOSSBENCH_CPU_SOFTMAX_SUM_INL_H
#else
#define LOSSBENCH_CPU_SOFTMAX_SUM_INL_H
#endif

#include <cmath>
#include <cstdint>
#include <limits>

#include "contenders/cpu/softmax_work.h"
#include "contenders/cpu/vector_math-inl.h"
#include "contenders/cpu/vectors-inl.h"
#include "hwy/cache_control.h"

HWY_BEFORE_NAMESPACE();
namespace lossbench::simd::HWY_NAMESPACE {

inline constexpr std::int64_t kLogits = 4 * kLanes;  // of one block
inline constexpr float kSlack = 4, kLowest = std::numeric_limits<float>::lowest(), kNothing = -std::numeric_limits<float>::infinity();
// Exponentials are kept 2^24 times as large: then every one that a float can hold is a normal number, and e^-104 is beneath them all.
inline constexpr int kLift = 24;
inline constexpr float kLeast = -104.0f;
static_assert(kLogits <= kMostBlock);

/// 2^kLift·e^d for d up to kSlack; 0 below kLeast. The exponent is put in place at once.
HWY_INLINE FloatVector lifted_exp(FloatVector d) {
  const Floats f;
  const FloatVector shift = hn::Set(f, kShift + 127 + kLift), shifted = hn::MulAdd(d, hn::Set(f, 1.44269504f), shift);
  const FloatVector scale = hn::BitCast(f, hn::ShiftLeft<23>(hn::BitCast(hn::RebindToUnsigned<Floats>(), shifted)));
  const FloatVector x = hn::NegMulAdd(hn::Sub(shifted, shift), hn::Set(f, 0.693147181f), d), square = hn::Mul(x, x);
  const FloatVector high = hn::MulAdd(square, hn::Set(f, 0.0013813161f), hn::MulAdd(x, hn::Set(f, 0.00836941f), hn::Set(f, 0.041668456f)));
  const FloatVector low = hn::MulAdd(x, hn::Set(f, 0.16666515f), hn::Set(f, 0.49999994f));
  const FloatVector less_one = hn::MulAdd(hn::MulAdd(high, square, low), square, x);
  return hn::IfThenZeroElse(hn::Lt(d, hn::Set(f, kLeast)), hn::MulAdd(less_one, scale, scale));
}

/// Announces the lines of a block some way ahead: hardware looks no further than to the end of a page, which is a row or two.
template <class T>
HWY_INLINE void announce(const T* x) {
  constexpr std::int64_t kAhead = 2048 / sizeof(T), kLine = 64 / sizeof(T);
#pragma GCC unroll 8
  for (std::int64_t line = 0; line < kLogits; line += kLine) hwy::Prefetch(x + kAhead + line);
}

/// Neighbouring logits.
struct Block {
  FloatVector x0, x1, x2, x3;

  template <class T>
  HWY_INLINE explicit Block(const T* x) : x0(load(x)), x1(load(x + kLanes)), x2(load(x + 2 * kLanes)), x3(load(x + 3 * kLanes)) {}

  /// Puts -inf in the place of one.
  HWY_INLINE void leave_out(std::int64_t place) {
    x0 = without(x0, place), x1 = without(x1, place - kLanes), x2 = without(x2, place - 2 * kLanes), x3 = without(x3, place - 3 * kLanes);
  }
  HWY_INLINE FloatVector largest() const { return hn::Max(hn::Max(x0, x1), hn::Max(x2, x3)); }

 private:
  HWY_INLINE static FloatVector without(FloatVector x, std::int64_t place) {
    const Floats f;
    return hn::IfThenElse(hn::Eq(hn::Iota(f, 0), hn::Set(f, static_cast<float>(place))), hn::Set(f, kNothing), x);
  }
};

/// e^(from - to).
HWY_NOINLINE inline double ratio(float from, float to) { return std::exp(double(from) - double(to)); }

/// One row as it is read.
struct RowSum {
  WideSum sum;      ///< 2^kLift·Σ e^(x - reference), the label's left out
  float reference;  ///< finite, so that a masked logit is -inf away from it and never NaN

  HWY_INLINE explicit RowSum(float largest) : reference(largest > kLowest ? largest : kLowest) {}

  HWY_INLINE void raise(float to) {
    sum.multiply(ratio(reference, to));
    reference = to;
  }

  /// Takes in a block; writes its exponentials where there is a place.
  HWY_INLINE void add(const Block& x, float* exponentials) {
    const Floats f;
    const FloatVector highest = x.largest();
    if (HWY_UNLIKELY(!hn::AllFalse(f, hn::Gt(highest, hn::Set(f, reference + kSlack))))) raise(hn::GetLane(hn::MaxOfLanes(f, highest)));
    const FloatVector from = hn::Set(f, reference);
    const FloatVector e0 = lifted_exp(hn::Sub(x.x0, from)), e1 = lifted_exp(hn::Sub(x.x1, from));
    const FloatVector e2 = lifted_exp(hn::Sub(x.x2, from)), e3 = lifted_exp(hn::Sub(x.x3, from));
    sum.add(hn::Add(hn::Add(e0, e1), hn::Add(e2, e3)));
    if (!exponentials) return;
    hn::StoreU(e0, f, exponentials);
    hn::StoreU(e1, f, exponentials + kLanes);
    hn::StoreU(e2, f, exponentials + 2 * kLanes);
    hn::StoreU(e3, f, exponentials + 3 * kLanes);
  }
};

}  // namespace lossbench::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
