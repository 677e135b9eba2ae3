// Short rows, side by side: every lane has a row of its own, so that nothing is added up across lanes, and no row is padded.
// Compiled once for each instruction set: see targets.h.
#if defined(LOSSBENCH_CPU_SHORT_ROWS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LOSSBENCH_CPU_SHORT_ROWS_INL_H
#undef LOSSBENCH_CPU_SHORT_ROWS_INL_H
#else
#define LOSSBENCH_CPU_SHORT_ROWS_INL_H
#endif

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
      turn(first);
      sum();
    }
    for (std::int64_t lane = 0; lane < kLanes; ++lane) losses[lane] = finish(lane, reads);
    if (writers) write(writers);
  }

 private:
  void turn(std::int64_t first) {
    for (int k = 0; k < kOperands; ++k) {
      const T* from = static_cast<const T*>(work_.operands[k]) + first * width_;
      for (std::int64_t lane = 0; lane < kLanes; ++lane, from += width_)
        for (std::int64_t column = 0; column < width_; ++column) x_[k][column][lane] = widened(from[column]);
    }
  }

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

  /// What the sums of one row come to. Returns its loss.
  double finish(std::int64_t lane, bool reads) {
    const RowHead& head = heads_[lane];
    live_[lane] = 0;
    if (!head.kept) return 0;
    auto words = Scalar::template identity<float>();
    if (reads)
      for (int k = 0; k < kWords; ++k) words.word[k] = words_[k][lane];
    const auto result = loss_.scalar.template finish<float>(words, head.side, width_);
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
      T* to = writers[k].open(kLanes * width_);
      for (std::int64_t lane = 0; to && lane < kLanes; ++lane, to += width_)
        for (std::int64_t column = 0; column < width_; ++column) to[column] = g_[k][column][lane];
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
