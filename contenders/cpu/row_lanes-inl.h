// Which lanes of a vector count where it holds neighbouring elements of a row. Compiled once for each instruction set: see targets.h.
#if defined(LOSSBENCH_CPU_ROW_LANES_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LOSSBENCH_CPU_ROW_LANES_INL_H
#undef LOSSBENCH_CPU_ROW_LANES_INL_H
#else
#define LOSSBENCH_CPU_ROW_LANES_INL_H
#endif

#include <cstring>

#include "contenders/cpu/wide-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lossbench::simd::HWY_NAMESPACE {

inline constexpr std::int64_t kPairLanes = 2 * kLanes;

/// All of them in the row, and none marked.
struct Every {
  HWY_INLINE FloatVector kept(FloatVector x) const { return x; }
  HWY_INLINE Wide kept(const Wide& x) const { return x; }
  HWY_INLINE Wide others(const Wide& x) const { return x; }
  HWY_INLINE FloatVector others_or(FloatVector x, FloatVector) const { return x; }
  HWY_INLINE FloatVector at_label(FloatVector, FloatVector all) const { return all; }
  HWY_INLINE FloatVector at_second(FloatVector, FloatVector all) const { return all; }
};

/// Some of them beyond the end of the row, or marked. Places are relative to the first of the pair of vectors.
struct Some {
  FloatVector places;
  float count, label, second;

  /// x in the row, else 0.
  HWY_INLINE FloatVector kept(FloatVector x) const { return hn::IfThenElseZero(hn::Lt(places, hn::Set(Floats(), count)), x); }
  HWY_INLINE Wide kept(const Wide& x) const {
    const DoubleVector most = hn::Set(Doubles(), count);
    return {hn::IfThenElseZero(hn::Lt(low_doubles(places), most), x.low), hn::IfThenElseZero(hn::Lt(high_doubles(places), most), x.high)};
  }
  /// x in the row but not at the label, else 0.
  HWY_INLINE Wide others(const Wide& x) const {
    const DoubleVector own = hn::Set(Doubles(), label);
    return kept({hn::IfThenZeroElse(hn::Eq(low_doubles(places), own), x.low), hn::IfThenZeroElse(hn::Eq(high_doubles(places), own), x.high)});
  }
  HWY_INLINE FloatVector others_or(FloatVector x, FloatVector otherwise) const {
    const Floats f;
    const auto inside = hn::Lt(places, hn::Set(f, count));
    return at_label(otherwise, hn::IfThenElse(inside, x, otherwise));
  }
  HWY_INLINE FloatVector at_label(FloatVector own, FloatVector all) const {
    return hn::IfThenElse(hn::Eq(places, hn::Set(Floats(), label)), own, all);
  }
  HWY_INLINE FloatVector at_second(FloatVector own, FloatVector all) const {
    return hn::IfThenElse(hn::Eq(places, hn::Set(Floats(), second)), own, all);
  }
};

/// Places of the lanes that load_pair brings.
template <class T>
HWY_INLINE VectorPair places_of_pair() {
  const Floats f;
  const FloatVector places = hn::Iota(f, 0);
  if (sizeof(T) == 4 || HWY_TARGET == HWY_SCALAR) return {places, hn::Iota(f, static_cast<float>(kLanes))};
  const FloatVector even = hn::Add(places, places);
  return {even, hn::Add(even, hn::Set(f, 1.0f))};
}

/// Up to a pair of vectors; whatever is in memory in the lanes beyond `count`, if it may be read.
template <class T>
HWY_INLINE VectorPair load_some(const T* from, std::int64_t count, std::int64_t readable) {
  if (HWY_LIKELY(readable >= kPairLanes)) return load_pair(from);
  HWY_ALIGN T copy[kPairLanes] = {};
  std::memcpy(static_cast<void*>(copy), from, static_cast<std::size_t>(count) * sizeof(T));
  return load_pair(copy);
}

}  // namespace lossbench::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
