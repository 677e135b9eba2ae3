// Vectors of floats in memory: loads that widen, stores that round, sums in double. Compiled once for each instruction set.
#if defined(LOSSBENCH_CPU_VECTORS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LOSSBENCH_CPU_VECTORS_INL_H
#undef LOSSBENCH_CPU_VECTORS_INL_H
#else
#define LOSSBENCH_CPU_VECTORS_INL_H
#endif

#include <cstddef>
#include <cstdint>

#include "core/float16.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace lossbench::simd::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::ScalableTag<float>;
using FloatVector = hn::Vec<Floats>;
inline constexpr std::int64_t kLanes = hn::MaxLanes(Floats());
using BFloat16 = hwy::bfloat16_t;

HWY_INLINE FloatVector load(const float* from) { return hn::LoadU(Floats(), from); }
HWY_INLINE FloatVector load(const BFloat16* from) { return hn::PromoteTo(Floats(), hn::LoadU(hn::Rebind<BFloat16, Floats>(), from)); }

inline float widened(float x) { return x; }
inline float widened(BFloat16 x) { return from_bf16_bits(x.bits); }

/// Two vectors of 2·kLanes neighbouring elements: in their order where they are floats; the even ones and the odd ones where they are
/// bf16, which are the two halves of a word and need no shuffling. What goes element by element does not care, if it is stored so, too.
struct VectorPair {
  FloatVector first, second;
};
HWY_INLINE VectorPair load_pair(const float* from) { return {load(from), load(from + kLanes)}; }
#if HWY_TARGET == HWY_SCALAR
HWY_INLINE VectorPair load_pair(const BFloat16* from) { return {load(from), load(from + kLanes)}; }
#else
HWY_INLINE VectorPair load_pair(const BFloat16* from) {
  const Floats d;
  const hn::RebindToUnsigned<Floats> words;
  const hn::Repartition<std::uint16_t, Floats> halves;
  const auto both = hn::BitCast(words, hn::LoadU(halves, reinterpret_cast<const std::uint16_t*>(from)));
  return {hn::BitCast(d, hn::ShiftLeft<16>(both)), hn::BitCast(d, hn::And(both, hn::Set(words, 0xffff0000)))};
}
#endif

/// The bits of bf16, in the high halves, and something in the low ones: rounded to nearest even. Of a NaN, the low half must be 0.
HWY_INLINE hn::Vec<hn::RebindToUnsigned<Floats>> rounded_high_half(FloatVector x) {
  const hn::RebindToUnsigned<Floats> du;
  const auto bits = hn::BitCast(du, x), odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(du, 1));
  return hn::Add(bits, hn::Add(odd, hn::Set(du, 0x7fff)));
}
/// The same for any float: every NaN to 0x7fff.
HWY_INLINE hn::Vec<hn::RebindToUnsigned<Floats>> rounded_to_bf16(FloatVector x) {
  const hn::RebindToUnsigned<Floats> du;
  return hn::IfThenElse(hn::RebindMask(du, hn::Eq(x, x)), rounded_high_half(x), hn::Set(du, 0x7fff0000));
}
/// The same in the low halves, as a narrowing store takes them.
HWY_INLINE hn::Vec<hn::RebindToSigned<Floats>> bf16_bits(FloatVector x) {
  return hn::BitCast(hn::RebindToSigned<Floats>(), hn::ShiftRight<16>(rounded_to_bf16(x)));
}

/// Two neighbouring vectors. Past the cache where `stream`: then `to` is on a vector's boundary.
HWY_INLINE void store(FloatVector a, FloatVector b, float* to, bool stream) {
  const Floats d;
  if (stream) {
    hn::Stream(a, d, to);
    hn::Stream(b, d, to + kLanes);
  } else {
    hn::StoreU(a, d, to);
    hn::StoreU(b, d, to + kLanes);
  }
}
HWY_INLINE void store(FloatVector a, FloatVector b, BFloat16* to, bool stream) {
  const hn::Rebind<std::uint16_t, Floats> dn;
  std::uint16_t* const words = reinterpret_cast<std::uint16_t*>(to);
  const auto low = hn::DemoteTo(dn, bf16_bits(a)), high = hn::DemoteTo(dn, bf16_bits(b));
#if HWY_TARGET == HWY_SCALAR
  (void)stream;
  hn::StoreU(low, dn, words);
  hn::StoreU(high, dn, words + kLanes);
#else
  const hn::Repartition<std::uint16_t, Floats> both;
  const auto pair = hn::Combine(both, high, low);
  if (stream) hn::Stream(pair, both, words);
  else hn::StoreU(pair, both, words);
#endif
}

/// A vector of elements that nothing is known to follow.
HWY_INLINE void store_one(FloatVector x, float* to) { hn::StoreU(x, Floats(), to); }
HWY_INLINE void store_one(FloatVector x, BFloat16* to) {
  const hn::Rebind<std::uint16_t, Floats> dn;
  hn::StoreU(hn::DemoteTo(dn, bf16_bits(x)), dn, reinterpret_cast<std::uint16_t*>(to));
}

/// What load_pair would give back.
HWY_INLINE void store_pair(FloatVector first, FloatVector second, float* to, bool stream) { store(first, second, to, stream); }
/// The same, where no NaN has anything in the low half of its bits: it comes from bf16, or from arithmetic on that.
HWY_INLINE void store_pair_of_bf16(FloatVector first, FloatVector second, float* to, bool stream) { store(first, second, to, stream); }
#if HWY_TARGET == HWY_SCALAR
HWY_INLINE void store_pair(FloatVector first, FloatVector second, BFloat16* to, bool stream) { store(first, second, to, stream); }
HWY_INLINE void store_pair_of_bf16(FloatVector first, FloatVector second, BFloat16* to, bool stream) { store(first, second, to, stream); }
#else
/// The high halves of words.
HWY_INLINE void store_high_halves(hn::Vec<hn::RebindToUnsigned<Floats>> first, hn::Vec<hn::RebindToUnsigned<Floats>> second, BFloat16* to, bool stream) {
  const hn::Repartition<std::uint16_t, Floats> halves;
  const auto both = hn::OddEven(hn::BitCast(halves, second), hn::BitCast(halves, hn::ShiftRight<16>(first)));
  if (stream) hn::Stream(both, halves, reinterpret_cast<std::uint16_t*>(to));
  else hn::StoreU(both, halves, reinterpret_cast<std::uint16_t*>(to));
}
HWY_INLINE void store_pair(FloatVector first, FloatVector second, BFloat16* to, bool stream) {
  store_high_halves(rounded_to_bf16(first), rounded_to_bf16(second), to, stream);
}
HWY_INLINE void store_pair_of_bf16(FloatVector first, FloatVector second, BFloat16* to, bool stream) {
  store_high_halves(rounded_high_half(first), rounded_high_half(second), to, stream);
}
#endif

/// The lanes of a vector of floats as two vectors of doubles.
#if HWY_TARGET == HWY_SCALAR
using Doubles = hn::Rebind<double, Floats>;
using DoubleVector = hn::Vec<Doubles>;
HWY_INLINE DoubleVector low_doubles(FloatVector x) { return hn::PromoteTo(Doubles(), x); }
HWY_INLINE DoubleVector high_doubles(FloatVector) { return hn::Zero(Doubles()); }
#else
using Doubles = hn::Repartition<double, Floats>;
using DoubleVector = hn::Vec<Doubles>;
HWY_INLINE DoubleVector low_doubles(FloatVector x) { return hn::PromoteTo(Doubles(), hn::LowerHalf(hn::Half<Floats>(), x)); }
HWY_INLINE DoubleVector high_doubles(FloatVector x) { return hn::PromoteTo(Doubles(), hn::UpperHalf(hn::Half<Floats>(), x)); }
#endif

/// Doubles rounded to floats; infinite where no float is as large.
HWY_INLINE FloatVector to_floats(DoubleVector low, DoubleVector high) {
#if HWY_TARGET == HWY_SCALAR
  (void)high;
  return hn::Set(Floats(), static_cast<float>(hn::GetLane(low)));  // DemoteTo stops at the largest float here
#else
  const hn::Half<Floats> half;
  return hn::Combine(Floats(), hn::DemoteTo(half, high), hn::DemoteTo(half, low));
#endif
}

/// A vector of floats as doubles.
struct Wide {
  DoubleVector low, high;
};
HWY_INLINE Wide widen(FloatVector x) { return {low_doubles(x), high_doubles(x)}; }
HWY_INLINE FloatVector narrow(const Wide& x) { return to_floats(x.low, x.high); }

/// f of every lane, one after another: for what is asked too seldom to be worth vectors.
template <class F>
HWY_INLINE FloatVector lane_by_lane(FloatVector x, const F& f) {
  HWY_ALIGN float lanes[kLanes];
  hn::Store(x, Floats(), lanes);
  for (float& lane : lanes) lane = f(lane);
  return hn::Load(Floats(), lanes);
}
template <class F>
HWY_INLINE FloatVector lane_by_lane(FloatVector x, FloatVector y, const F& f) {
  HWY_ALIGN float lanes[kLanes], others[kLanes];
  hn::Store(x, Floats(), lanes);
  hn::Store(y, Floats(), others);
  for (std::int64_t i = 0; i < kLanes; ++i) lanes[i] = f(lanes[i], others[i]);
  return hn::Load(Floats(), lanes);
}

/// A sum kept in double: exact but for the additions themselves.
class WideSum {
 public:
  HWY_INLINE WideSum() : low_(hn::Zero(Doubles())), high_(low_) {}  // written out: an implicit one is compiled for the baseline

  HWY_INLINE void add(FloatVector x) {
    low_ = hn::Add(low_, low_doubles(x));
    if (HWY_TARGET != HWY_SCALAR) high_ = hn::Add(high_, high_doubles(x));
  }
  HWY_INLINE void add(const Wide& x) {
    low_ = hn::Add(low_, x.low);
    if (HWY_TARGET != HWY_SCALAR) high_ = hn::Add(high_, x.high);
  }
  HWY_INLINE void add_product(const Wide& x, const Wide& y) {
    low_ = hn::MulAdd(x.low, y.low, low_);
    if (HWY_TARGET != HWY_SCALAR) high_ = hn::MulAdd(x.high, y.high, high_);
  }
  HWY_INLINE void join(const WideSum& other) {
    low_ = hn::Add(low_, other.low_);
    high_ = hn::Add(high_, other.high_);
  }
  HWY_INLINE void multiply(double factor) {
    const DoubleVector all = hn::Set(Doubles(), factor);
    low_ = hn::Mul(low_, all);
    high_ = hn::Mul(high_, all);
  }
  HWY_INLINE Wide lanes() const { return {low_, high_}; }
  HWY_INLINE double total() const { return hn::GetLane(hn::SumOfLanes(Doubles(), hn::Add(low_, high_))); }

 private:
  DoubleVector low_, high_;
};

}  // namespace lossbench::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
