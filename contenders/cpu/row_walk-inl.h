// One way through a stretch of a row: vectors from memory through a loss, to its sums, to its gradients, or to both.
// Compiled once for each instruction set: see targets.h.
#if defined(LOSSBENCH_CPU_ROW_WALK_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LOSSBENCH_CPU_ROW_WALK_INL_H
#undef LOSSBENCH_CPU_ROW_WALK_INL_H
#else
#define LOSSBENCH_CPU_ROW_WALK_INL_H
#endif

#include "contenders/cpu/gradient_writer-inl.h"
#include "contenders/cpu/row_lanes-inl.h"
#include "contenders/cpu/row_work.h"
#include "hwy/cache_control.h"

HWY_BEFORE_NAMESPACE();
namespace lossbench::simd::HWY_NAMESPACE {

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

template <int kCount>
struct Gradients {
  FloatVector of[kCount];
};

enum class Visit : std::uint8_t { add, write, write_unread, both };

/// What is in memory this far ahead of the elements at hand is announced.
inline constexpr std::int64_t kAheadOfRow = 1024;

template <class Loss>
bool reads_row(const Loss& loss) {
  if constexpr (requires { loss.reads_row(); }) return loss.reads_row();
  else return true;
}

template <class Loss>
bool is_flat(const Loss& loss, const typename Loss::Scalar::Result& result) {
  if constexpr (requires { loss.flat(result); }) return loss.flat(result);
  else return false;
}

/// Whether a loss keeps something of its first operand for the gradients: one float an element, in place of the operand.
template <class Loss>
constexpr bool kKeeps = requires { &Loss::gradient_of_kept; };

/// What of a row a loss wants to know for every element of its sums.
template <class Loss>
double base_of(const Loss& loss, const RowHead& head) {
  if constexpr (requires { loss.base(head); }) return loss.base(head);
  else return 0;
}

/// The loss on one pair of vectors after another. Everything is a copy, which no store to a gradient can change.
template <Visit kVisit, class T, class Loss>
struct Walk {
  using Sums = typename Loss::Sums;
  static constexpr int kOperands = Loss::Scalar::kOperands, kGradients = Loss::Scalar::kGradients;
  static constexpr bool kAdds = kVisit == Visit::add || kVisit == Visit::both, kWrites = kVisit != Visit::add;
  static constexpr bool kReads = kVisit != Visit::write_unread;  ///< elements come to write_unread as zeros

  const Loss loss;
  const RowView<T, kOperands> row;
  Wide base, factors[Loss::kFactors];
  T* to[kGradients] = {};
  std::int64_t chunk = 0;  ///< the column that `to` begins with
  float* kept = nullptr;   ///< of column 0, or null: see kKeeps

  HWY_INLINE Walk(const Loss& given, const RowView<T, kOperands>& of, const double* row_factors)
      : loss(given), row(of), base(wide_set(base_of(given, of.head))) {
    for (int k = 0; k < Loss::kFactors; ++k) factors[k] = wide_set(kWrites ? row_factors[k] : 0);
  }

  HWY_INLINE void step(Sums& sums, std::int64_t column) const {
    if constexpr (Loss::Scalar::kLabels)
      if (HWY_UNLIKELY(row.marks_one_of(column))) return last(sums, column, kPairLanes);
    VectorPair x[kOperands];
#pragma GCC unroll 4
    for (int k = 0; k < kOperands; ++k) x[k] = kReads ? load_pair(row.from[k] + column) : nothing();
    pass(sums, column, x, Every(), Every());
  }

  /// Up to a pair of vectors, of which some lanes may be marked.
  HWY_INLINE void last(Sums& sums, std::int64_t column, std::int64_t count) const {
    VectorPair x[kOperands];
#pragma GCC unroll 4
    for (int k = 0; k < kOperands; ++k) x[k] = kReads ? load_some(row.from[k] + column, count, row.readable - column) : nothing();
    const VectorPair places = places_of_pair<T>();
    const Some first{places.first, static_cast<float>(count), place_of(row.marks[0] - column), place_of(row.marks[1] - column)};
    pass(sums, column, x, first, Some{places.second, first.count, first.label, first.second});
  }

  /// Announces what two steps will read: those ahead in this row, or, while its gradients are written, in the next.
  HWY_INLINE void announce(std::int64_t column) const {
    const std::int64_t ahead = kAdds ? kAheadOfRow : row.width * std::int64_t(sizeof(T));
#pragma GCC unroll 4
    for (int k = 0; k < kOperands; ++k)
#pragma GCC unroll 8
      for (std::int64_t line = 0; line < std::int64_t(2 * kPairLanes * sizeof(T)); line += 64)
        hwy::Prefetch(reinterpret_cast<const char*>(row.from[k] + column) + ahead + line);
  }

 private:
  HWY_INLINE static VectorPair nothing() { return {hn::Zero(Floats()), hn::Zero(Floats())}; }
  HWY_INLINE static float place_of(std::int64_t place) { return place >= 0 && place < kPairLanes ? static_cast<float>(place) : -1.0f; }

  template <class Lanes>
  HWY_INLINE void pass(Sums& sums, std::int64_t column, const VectorPair (&x)[kOperands], const Lanes& first, const Lanes& second) const {
    FloatVector a[kOperands], b[kOperands];
#pragma GCC unroll 4
    for (int k = 0; k < kOperands; ++k) a[k] = x[k].first, b[k] = x[k].second;
    if constexpr (kAdds && kKeeps<Loss>) {
      const FloatVector keep = loss.add(sums, a, first, base), more = loss.add(sums, b, second, base);
      if (kept) store(keep, more, kept + column, false);
    } else if constexpr (kAdds) {
      loss.add(sums, a, first, base);
      loss.add(sums, b, second, base);
    }
    if constexpr (kWrites && kKeeps<Loss>)
      if (kept) {
        const auto g = loss.gradient_of_kept(load(kept + column), a, factors), h = loss.gradient_of_kept(load(kept + column + kLanes), b, factors);
        return store_pair(g.of[0], h.of[0], to[0] + (column - chunk), false);
      }
    if constexpr (kWrites) {
      const auto g = loss.gradient(a, factors, first), h = loss.gradient(b, factors, second);
#pragma GCC unroll 4
      for (int k = 0; k < kGradients; ++k)
        if (kGradients == 1 || to[k]) store_pair(g.of[k], h.of[k], to[k] + (column - chunk), false);
    }
  }
};

/// Columns [begin, end).
template <Visit kVisit, class T, class Loss>
HWY_NOINLINE typename Loss::Sums walk(const Loss& loss, const RowView<T, Loss::Scalar::kOperands>& row, const double* factors,
                                      std::int64_t begin, std::int64_t end, GradientWriter<T>* writers, float* kept = nullptr) {
  Walk<kVisit, T, Loss> walk(loss, row, factors);
  walk.kept = kept;
  const bool announces = walk.kReads && (walk.kAdds || row.width <= kLongRow);
  typename Loss::Sums even, odd;
  while (begin < end) {
    const std::int64_t count = walk.kWrites ? std::min(kChunk, end - begin) : end - begin, stop = begin + count;
    if constexpr (walk.kWrites)
      for (int k = 0; k < walk.kGradients; ++k) walk.to[k] = writers[k].open(count);
    walk.chunk = begin;
    for (; begin + 2 * kPairLanes <= stop; begin += 2 * kPairLanes) {
      if (announces) walk.announce(begin);
      walk.step(even, begin);
      walk.step(odd, begin + kPairLanes);
    }
    for (; begin + kPairLanes <= stop; begin += kPairLanes) walk.step(even, begin);
    if (begin < stop) walk.last(odd, begin, stop - begin);
    if constexpr (walk.kWrites)
      for (int k = 0; k < walk.kGradients; ++k) writers[k].close(count);
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
