// Short rows, side by side: every lane has a row of its own, so that nothing is added up across lanes, and no row is padded.
// Compiled once for each instruction set: see targets.h.
#if defined(LOSSBENCH_CPU_SHORT_ROWS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LOSSBENCH_CPU_SHORT_ROWS_INL_H
#undef LOSSBENCH_CPU_SHORT_ROWS_INL_H
#else
#define LOSSBENCH_CPU_SHORT_ROWS_INL_H
#endif

#include <algorithm>

#include "contenders/cpu/row_walk-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lossbench::simd::HWY_NAMESPACE {

/// Rows up to this width go side by side.
inline constexpr std::int64_t kShortRow = 32;
static_assert(kShortRow * kLanes <= kChunk);

/// One column of rows that have a lane each.
struct Column {
  FloatVector place, labels, seconds;

  HWY_INLINE FloatVector kept(FloatVector x) const { return x; }
  HWY_INLINE Wide kept(const Wide& x) const { return x; }
  HWY_INLINE Wide others(const Wide& x) const {
    return {hn::IfThenZeroElse(hn::Eq(low_doubles(place), low_doubles(labels)), x.low),
            hn::IfThenZeroElse(hn::Eq(high_doubles(place), high_doubles(labels)), x.high)};
  }
  HWY_INLINE FloatVector others_or(FloatVector x, FloatVector otherwise) const { return at_label(otherwise, x); }
  HWY_INLINE FloatVector at_label(FloatVector own, FloatVector all) const { return hn::IfThenElse(hn::Eq(place, labels), own, all); }
  HWY_INLINE FloatVector at_second(FloatVector own, FloatVector all) const { return hn::IfThenElse(hn::Eq(place, seconds), own, all); }
};

#if HWY_TARGET != HWY_SCALAR
HWY_INLINE auto load_four(const float* from) { return hn::LoadU(hn::FixedTag<float, 4>(), from); }
HWY_INLINE auto load_four(const BFloat16* from) {
  const hn::FixedTag<float, 4> four;
  return hn::PromoteTo(four, hn::LoadU(hn::Rebind<BFloat16, decltype(four)>(), from));
}
#endif

/// Turns a matrix: to[c·to_step + r] = from[r·from_step + c] for r < rows, c < columns. Blocks of four by four where there are as many.
template <class T, class To>
HWY_INLINE void turn(const T* from, std::int64_t from_step, std::int64_t rows, std::int64_t columns, To* to, std::int64_t to_step) {
#if HWY_TARGET != HWY_SCALAR
  if constexpr (sizeof(To) == 4)
    if (rows >= 4 && columns >= 4) {
      const hn::FixedTag<float, 4> four;
      for (std::int64_t r = 0;; r = std::min(r + 4, rows - 4)) {
        for (std::int64_t c = 0;; c = std::min(c + 4, columns - 4)) {  // the last ones overlap
          const T* const row = from + r * from_step + c;
          const auto x0 = load_four(row), x1 = load_four(row + from_step), x2 = load_four(row + 2 * from_step), x3 = load_four(row + 3 * from_step);
          const auto low_even = hn::InterleaveLower(four, x0, x2), low_odd = hn::InterleaveLower(four, x1, x3);
          const auto high_even = hn::InterleaveUpper(four, x0, x2), high_odd = hn::InterleaveUpper(four, x1, x3);
          To* const column = to + c * to_step + r;
          hn::StoreU(hn::InterleaveLower(four, low_even, low_odd), four, column);
          hn::StoreU(hn::InterleaveUpper(four, low_even, low_odd), four, column + to_step);
          hn::StoreU(hn::InterleaveLower(four, high_even, high_odd), four, column + 2 * to_step);
          hn::StoreU(hn::InterleaveUpper(four, high_even, high_odd), four, column + 3 * to_step);
          if (c + 4 >= columns) break;
        }
        if (r + 4 >= rows) return;
      }
    }
#endif
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t c = 0; c < columns; ++c)
      if constexpr (sizeof(To) == 4) to[c * to_step + r] = widened(from[r * from_step + c]);
      else to[c * to_step + r] = from[r * from_step + c];
}

/// kLanes neighbouring rows of `width` columns, turned so that a column is a vector.
template <class T, class Loss>
class SideBySide {
 public:
  using Scalar = typename Loss::Scalar;
  static constexpr int kOperands = Scalar::kOperands, kGradients = Scalar::kGradients, kWords = Scalar::template kWords<float>;

  SideBySide(const Loss& loss, const RowWork& work) : loss_(loss), work_(work), width_(work.width) {}

  /// Losses of the rows from `first` on into `losses`, and their gradients.
  void compute(std::int64_t first, double* losses, GradientWriter<T>* writers) {
    for (std::int64_t lane = 0; lane < kLanes; ++lane) {
      heads_[lane] = work_.head(first + lane);
      labels_[lane] = heads_[lane].kept && Scalar::kLabels ? static_cast<float>(heads_[lane].side.label) : -1.0f;
      bases_[lane] = base_of(loss_, heads_[lane]);
    }
    const bool reads = reads_row(loss_);
    if (reads) {
      for (int k = 0; k < kOperands; ++k)
        turn(static_cast<const T*>(work_.operands[k]) + first * width_, width_, kLanes, width_, x_[k][0], kLanes);
      sum();
    }
    for (std::int64_t lane = 0; lane < kLanes; ++lane) losses[lane] = finish(lane, reads, writers != nullptr);
    if (writers) write(writers);
  }

 private:
  HWY_INLINE Column column_of(std::int64_t column, FloatVector seconds) const {
    return {hn::Set(Floats(), static_cast<float>(column)), load(labels_), seconds};
  }

  HWY_NOINLINE void sum() {
    const Loss loss = loss_;
    const Wide base = load_wide(bases_);
    typename Loss::Sums sums;
    for (std::int64_t column = 0; column < width_; ++column) {
      FloatVector x[kOperands];
#pragma GCC unroll 4
      for (int k = 0; k < kOperands; ++k) x[k] = load(x_[k][column]);
      const Column lanes = column_of(column, hn::Zero(Floats()));
      if constexpr (kKeeps<Loss>) hn::StoreU(loss.add(sums, x, lanes, base), Floats(), x_[0][column]);
      else loss.add(sums, x, lanes, base);
    }
    sums.enter_lanes(words_);
  }

  /// What the sums of one row come to, also for its gradients. Returns its loss.
  double finish(std::int64_t lane, bool reads, bool gradients) {
    const RowHead& head = heads_[lane];
    live_[lane] = 0;
    if (!head.kept) return 0;
    auto words = Scalar::template identity<float>();
    if (reads)
      for (int k = 0; k < kWords; ++k) words.word[k] = words_[k][lane];
    const auto result = loss_.scalar.template finish<float>(words, head.side, width_);
    if (!gradients) return head.weight * result.loss;
    double factors[Loss::kFactors];
    loss_.factors(result, head, factors);
    for (int k = 0; k < Loss::kFactors; ++k) factors_[k][lane] = factors[k];
    live_[lane] = is_flat(loss_, result) ? 0.0f : 1.0f;
    return head.weight * result.loss;
  }

  HWY_NOINLINE void write(GradientWriter<T>* writers) {
    const Loss loss = loss_;
    Wide factors[Loss::kFactors];
    for (int k = 0; k < Loss::kFactors; ++k) factors[k] = load_wide(factors_[k]);
    const auto live = hn::Ne(load(live_), hn::Zero(Floats()));
    FloatVector seconds = hn::Set(Floats(), -1.0f);
    if constexpr (requires { loss.seconds(x_[0], width_, seconds, words_[0]); }) seconds = loss.seconds(x_[0], width_, load(labels_), words_[2]);
    for (std::int64_t column = 0; column < width_; ++column) {
      FloatVector x[kOperands];
#pragma GCC unroll 4
      for (int k = 0; k < kOperands; ++k) x[k] = load(x_[k][column]);
      Gradients<kGradients> g;
      if constexpr (kKeeps<Loss>) g = loss.gradient_of_kept(x[0], x, factors);
      else g = loss.gradient(x, factors, column_of(column, seconds));
#pragma GCC unroll 4
      for (int k = 0; k < kGradients; ++k) store_one(hn::IfThenElseZero(live, g.of[k]), g_[k][column]);
    }
    for (int k = 0; k < kGradients; ++k) {
      if (T* const to = writers[k].open(kLanes * width_)) turn(g_[k][0], kLanes, width_, kLanes, to, width_);
      writers[k].close(kLanes * width_);
    }
  }

  const Loss loss_;
  const RowWork& work_;
  const std::int64_t width_;
  RowHead heads_[kLanes];
  HWY_ALIGN double words_[kWords][kLanes], factors_[Loss::kFactors][kLanes], bases_[kLanes];
  HWY_ALIGN float labels_[kLanes], live_[kLanes];
  HWY_ALIGN float x_[kOperands][kShortRow][kLanes];
  HWY_ALIGN T g_[kGradients][kShortRow][kLanes];
};

}  // namespace lossbench::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
