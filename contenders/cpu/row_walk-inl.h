// One way through a stretch of a row: vectors from memory through a loss, to its sums, to its gradients, or to both.
// Compiled once for each instruction set: see targets.h.
#if defined(LOSSBENCH_CPU_ROW_WALK_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LOSSBENCH_CPU_ROW_WALK_INL_H
#undef LOSSBENCH_CPU_ROW_WALK_INL_H
#else
#define LOSSBENCH_CPU_ROW_WALK_INL_H
#endif

#include <cstring>

#include "contenders/cpu/gradient_writer-inl.h"
#include "contenders/cpu/row_work.h"
#include "contenders/cpu/wide-inl.h"
#include "hwy/cache_control.h"

HWY_BEFORE_NAMESPACE();
namespace lossbench::simd::HWY_NAMESPACE {

inline constexpr std::int64_t kPairLanes = 2 * kLanes;

/// A row in memory. Reading beyond its end is harmless for `readable` elements from its begin on: other rows follow it.
template <class T, int kOperands>
struct RowView {
  RowHead head;
  const T* from[kOperands];
  std::int64_t width, readable;
  std::int64_t marks[2] = {-1, -1};  ///< columns that differ from others: the label's, and another that a loss may name

  RowView(const RowWork& work, std::int64_t row) : head(work.head(row)), width(work.width), readable((work.rows - row) * work.width) {
    for (int k = 0; k < kOperands; ++k) from[k] = static_cast<const T*>(work.operands[k]) + row * work.width;
    if (work.labels || work.wide_labels) marks[0] = head.side.label;
  }
  HWY_INLINE bool marks_one_of(std::int64_t column) const {
    return static_cast<std::uint64_t>(marks[0] - column) < kPairLanes || static_cast<std::uint64_t>(marks[1] - column) < kPairLanes;
  }
};

// ---- lanes -------------------------------------------------------------------------------------------------------------

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

// ---- a stretch of a row ------------------------------------------------------------------------------------------------

template <int kCount>
struct Gradients {
  FloatVector of[kCount];
};

enum class Visit : std::uint8_t { add, write, write_unread, both };

/// What is in memory this far ahead of the elements at hand is announced.
inline constexpr std::int64_t kAheadOfRow = 1024;

/// The loss on one pair of vectors after another. Everything is a copy, which no store to a gradient can change.
template <Visit kVisit, class T, class Loss>
struct Walk {
  using Sums = typename Loss::Sums;
  static constexpr bool kAdds = kVisit == Visit::add || kVisit == Visit::both, kWrites = kVisit != Visit::add;
  static constexpr bool kReads = kVisit != Visit::write_unread;  ///< elements come to write_unread as zeros

  const Loss loss;
  const typename Loss::Factors factors;
  const RowView<T, Loss::kOperands> row;
  T* to[Loss::kGradients] = {};
  std::int64_t chunk = 0;  ///< the column that `to` begins with

  HWY_INLINE void step(Sums& sums, std::int64_t column) const {
    if constexpr (Loss::Scalar::kLabels)
      if (HWY_UNLIKELY(row.marks_one_of(column))) return last(sums, column, kPairLanes);
    VectorPair x[Loss::kOperands];
#pragma GCC unroll 4
    for (int k = 0; k < Loss::kOperands; ++k) x[k] = kReads ? load_pair(row.from[k] + column) : nothing();
    pass(sums, column, x, Every(), Every());
  }

  /// Up to a pair of vectors, of which some lanes may be marked.
  HWY_INLINE void last(Sums& sums, std::int64_t column, std::int64_t count) const {
    VectorPair x[Loss::kOperands];
#pragma GCC unroll 4
    for (int k = 0; k < Loss::kOperands; ++k) x[k] = kReads ? load_some(row.from[k] + column, count, row.readable - column) : nothing();
    const VectorPair places = places_of_pair<T>();
    const Some first{places.first, static_cast<float>(count), place_of(row.marks[0] - column), place_of(row.marks[1] - column)};
    pass(sums, column, x, first, Some{places.second, first.count, first.label, first.second});
  }

  /// Announces what the two steps that begin kAheadOfRow after `column` will read.
  HWY_INLINE void announce(std::int64_t column) const {
#pragma GCC unroll 4
    for (int k = 0; k < Loss::kOperands; ++k)
#pragma GCC unroll 8
      for (std::int64_t line = 0; line < std::int64_t(2 * kPairLanes * sizeof(T)); line += 64)
        hwy::Prefetch(reinterpret_cast<const char*>(row.from[k] + column) + kAheadOfRow + line);
  }

 private:
  HWY_INLINE static VectorPair nothing() { return {hn::Zero(Floats()), hn::Zero(Floats())}; }
  HWY_INLINE static float place_of(std::int64_t place) { return place >= 0 && place < kPairLanes ? static_cast<float>(place) : -1.0f; }

  template <class Lanes>
  HWY_INLINE void pass(Sums& sums, std::int64_t column, const VectorPair (&x)[Loss::kOperands], const Lanes& first, const Lanes& second) const {
    FloatVector a[Loss::kOperands], b[Loss::kOperands];
#pragma GCC unroll 4
    for (int k = 0; k < Loss::kOperands; ++k) a[k] = x[k].first, b[k] = x[k].second;
    if constexpr (kAdds) {
      loss.add(sums, a, first);
      loss.add(sums, b, second);
    }
    if constexpr (kWrites) {
      const auto g = loss.gradient(a, factors, first), h = loss.gradient(b, factors, second);
#pragma GCC unroll 4
      for (int k = 0; k < Loss::kGradients; ++k)
        if (Loss::kGradients == 1 || to[k]) store_pair(g.of[k], h.of[k], to[k] + (column - chunk), false);
    }
  }
};

/// Columns [begin, end).
template <Visit kVisit, class T, class Loss>
HWY_NOINLINE typename Loss::Sums walk(const Loss& loss, const RowView<T, Loss::kOperands>& row, const typename Loss::Factors& factors,
                                      std::int64_t begin, std::int64_t end, GradientWriter<T>* writers) {
  Walk<kVisit, T, Loss> walk{loss, factors, row};
  typename Loss::Sums even, odd;
  while (begin < end) {
    const std::int64_t count = walk.kWrites ? std::min(kChunk, end - begin) : end - begin, stop = begin + count;
    if constexpr (walk.kWrites)
      for (int k = 0; k < Loss::kGradients; ++k) walk.to[k] = writers[k].open(count);
    walk.chunk = begin;
    for (; begin + 2 * kPairLanes <= stop; begin += 2 * kPairLanes) {
      if constexpr (walk.kAdds) walk.announce(begin);
      walk.step(even, begin);
      walk.step(odd, begin + kPairLanes);
    }
    for (; begin + kPairLanes <= stop; begin += kPairLanes) walk.step(even, begin);
    if (begin < stop) walk.last(odd, begin, stop - begin);
    if constexpr (walk.kWrites)
      for (int k = 0; k < Loss::kGradients; ++k) writers[k].close(count);
    begin = stop;
  }
  even.join(odd);
  return even;
}

/// Joins the sums of a part of a row to those of others.
template <class Loss>
void join_words(const Loss& loss, const double* more, double* words) {
  if constexpr (requires { loss.join(words, more); }) loss.join(words, more);
  else
    for (int k = 0; k < Loss::Scalar::template kWords<float>; ++k) words[k] += more[k];
}

}  // namespace lossbench::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
