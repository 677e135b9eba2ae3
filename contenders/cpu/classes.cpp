// The vector contender's losses of scores or probabilities of classes, and a label: hinge losses and the log loss.
#include <limits>

#include "contenders/cpu/targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "contenders/cpu/classes.cpp"
#include "hwy/foreach_target.h"

#include "contenders/cpu/clipped-inl.h"
#include "contenders/cpu/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lossbench::simd::HWY_NAMESPACE {
namespace {

using V = FloatVector;

/// h₊ and h₊², and their derivatives: 0 at the kink, NaN for NaN. In double, as the exact shortfall decides.
struct Hinge {
  bool squared;

  HWY_INLINE Wide value(const Wide& h) const { return positive_part(h, squared ? h * h : h); }
  HWY_INLINE Wide steepness(const Wide& h) const { return positive_part(h, squared ? h + h : one_or_nan(h)); }

 private:
  HWY_INLINE static Wide positive_part(const Wide& h, const Wide& x) {
    const DoubleVector zero = hn::Zero(Doubles());
    return {hn::IfThenZeroElse(hn::Le(h.low, zero), x.low), hn::IfThenZeroElse(hn::Le(h.high, zero), x.high)};
  }
  HWY_INLINE static Wide one_or_nan(const Wide& h) {
    return by_halves(h, [](DoubleVector x) HWY_ATTR { return hn::IfThenElse(hn::Eq(x, x), hn::Set(Doubles(), 1.0), x); });
  }
};

/// All that a row comes to is its best wrong score.
struct CrammerSinger {
  using Scalar = losses::HingeClasses;
  static constexpr int kOperands = 1, kGradients = 1;
  struct Sums {
    V best, odd;  ///< greatest score beside the label's; a NaN, once there was one

    HWY_INLINE Sums() : best(hn::Set(Floats(), -std::numeric_limits<float>::infinity())), odd(hn::Zero(Floats())) {}
    HWY_INLINE void join(const Sums& other) {
      best = hn::Max(best, other.best);
      odd = hn::Add(odd, other.odd);
    }
    HWY_INLINE void enter(double* words) const {
      words[0] = hn::GetLane(hn::SumOfLanes(Floats(), odd));
      words[2] = hn::GetLane(hn::MaxOfLanes(Floats(), best));
    }
  };
  Scalar scalar;
  explicit CrammerSinger(const Scalar& options) : scalar(options) {}

  HWY_INLINE void add(Sums& sums, const V (&x)[1], const auto& lanes) const {
    const V score = lanes.kept(x[0]), wrong = lanes.others_or(score, hn::Set(Floats(), -std::numeric_limits<float>::infinity()));
    sums.odd = hn::IfThenElse(hn::Eq(score, score), sums.odd, score);
    sums.best = hn::IfThenElse(hn::Gt(wrong, sums.best), wrong, sums.best);
  }
  void join(double* words, const double* more) const {
    words[0] += more[0];
    words[2] = std::max(words[2], more[2]);
  }
  bool reads_again() const { return false; }

  /// Marks the first column with the best wrong score.
  template <class T>
  void find(RowView<T, 1>& row, const losses::RowSums<4>& words) const {
    const auto best = static_cast<float>(words.word[2]);
    const V all = hn::Set(Floats(), best);
    std::int64_t column = 0;
    for (; column + kLanes <= row.width; column += kLanes) {
      const auto found = hn::Eq(load(row.from[0] + column), all);
      if (hn::AllFalse(Floats(), found)) continue;
      for (std::int64_t lane = column; lane < column + kLanes; ++lane)
        if (lane != row.marks[0] && widened(row.from[0][lane]) == best) return void(row.marks[1] = lane);
    }
    for (; column < row.width; ++column)
      if (column != row.marks[0] && widened(row.from[0][column]) == best) return void(row.marks[1] = column);
  }

  struct Factors {
    float slope = 0, others = 0;
  };
  Factors factors(const Scalar::Result& row, const RowHead& head) const {
    const auto slope = static_cast<float>(row.slope * head.scale);
    return {slope, row.slope == row.slope ? 0 : slope};
  }
  bool flat(const Scalar::Result& row) const { return row.slope == 0; }
  HWY_INLINE Gradients<1> gradient(const V (&)[1], const Factors& row, const auto& lanes) const {
    const Floats f;
    return {{lanes.at_label(hn::Set(f, -row.slope), lanes.at_second(hn::Set(f, row.slope), hn::Set(f, row.others)))}};
  }
};

struct WestonWatkins {
  using Scalar = losses::HingeClasses;
  static constexpr int kOperands = 1, kGradients = 1;
  using Sums = WideSums<2>;
  Scalar scalar;
  Hinge hinge;
  double base = 0;  ///< margin - s_y
  explicit WestonWatkins(const Scalar& options) : scalar(options), hinge{options.squared} {}

  void take(const RowHead& head) { base = scalar.margin - static_cast<double>(head.side.own); }
  HWY_INLINE void add(Sums& sums, const V (&x)[1], const auto& lanes) const {
    const Wide h = wide_set(base) + widen(x[0]);
    sums.sum[0].add(lanes.others(hinge.value(h)));
    sums.sum[1].add(lanes.others(hinge.steepness(h)));
  }

  struct Factors {
    double scale = 0;
    float own = 0;
  };
  Factors factors(const Scalar::Result& row, const RowHead& head) const {
    return {row.scale * head.scale, static_cast<float>(-row.slope * head.scale)};
  }
  HWY_INLINE Gradients<1> gradient(const V (&x)[1], const Factors& row, const auto& lanes) const {
    const V others = narrow(hinge.steepness(wide_set(base) + widen(x[0])) * wide_set(row.scale));
    return {{lanes.at_label(hn::Set(Floats(), row.own), others)}};
  }
};

struct OneVsAll {
  using Scalar = losses::HingeClasses;
  static constexpr int kOperands = 1, kGradients = 1;
  static constexpr bool kLocal = true;
  using Sums = WideSums<1>;
  Scalar scalar;
  Hinge hinge;
  explicit OneVsAll(const Scalar& options) : scalar(options), hinge{options.squared} {}

  HWY_INLINE void add(Sums& sums, const V (&x)[1], const auto& lanes) const { sums.sum[0].add(lanes.kept(hinge.value(shortfall(x[0], lanes)))); }

  struct Factors {
    double scale = 0;
  };
  Factors factors(const Scalar::Result&, const RowHead& head) const { return {head.scale}; }
  HWY_INLINE Gradients<1> gradient(const V (&x)[1], const Factors& row, const auto& lanes) const {
    const V slope = narrow(hinge.steepness(shortfall(x[0], lanes)) * wide_set(row.scale));
    return {{lanes.at_label(hn::Neg(slope), slope)}};
  }

 private:
  HWY_INLINE Wide shortfall(V x, const auto& lanes) const { return wide_set(scalar.margin) + widen(lanes.at_label(hn::Neg(x), x)); }
};

struct LogLoss {
  using Scalar = losses::LogLossClasses;
  static constexpr int kOperands = 1, kGradients = 1;
  using Sums = WideSums<1>;
  Scalar scalar;
  Clipped clip;
  bool renormalize, pass_floor;
  float eps, rest;
  explicit LogLoss(const Scalar& options)
      : scalar(options), clip(options.eps, options.clip != losses::ProbabilityClip::none, options.clip == losses::ProbabilityClip::both),
        renormalize(options.renormalize), pass_floor(options.pass_floor), eps(float(options.eps)), rest(float(1 - options.eps)) {}

  bool reads_row() const { return renormalize; }
  bool reads_again() const { return renormalize; }
  HWY_INLINE void add(Sums& sums, const V (&x)[1], const auto& lanes) const {
    const Floats f;
    const V clipped = hn::IfThenElse(clip.below(x[0]), hn::Set(f, eps), hn::IfThenElse(clip.above(x[0]), hn::Set(f, rest), x[0]));
    sums.sum[0].add(lanes.others_or(clipped, hn::Zero(f)));
  }

  struct Factors {
    float slope = 0, own = 0;
  };
  Factors factors(const Scalar::Result& row, const RowHead& head) const {
    double own[1];
    scalar.gradient({head.side.own}, head.side.label, head.side, row, own);
    return {static_cast<float>(row.slope * head.scale), static_cast<float>(own[0] * head.scale)};
  }
  HWY_INLINE Gradients<1> gradient(const V (&x)[1], const Factors& row, const auto& lanes) const {
    const Floats f;
    V slope = hn::Zero(f);
    if (renormalize) {
      slope = hn::IfThenZeroElse(clip.above(x[0]), hn::Set(f, row.slope));
      if (!pass_floor) slope = hn::IfThenZeroElse(clip.below(x[0]), slope);
    }
    return {{lanes.at_label(hn::Set(f, row.own), slope)}};
  }
};

double of(const losses::HingeClasses& loss, const RowWork& work, const RowTask& task) {
  using Kind = losses::HingeClasses::Kind;
  if (loss.kind == Kind::crammer_singer) return compute_rows_of(CrammerSinger(loss), work, task);
  if (loss.kind == Kind::weston_watkins) return compute_rows_of(WestonWatkins(loss), work, task);
  return compute_rows_of(OneVsAll(loss), work, task);
}
double of(const losses::LogLossClasses& loss, const RowWork& work, const RowTask& task) { return compute_rows_of(LogLoss(loss), work, task); }

double classes(const Classes& loss, const RowWork& work, const RowTask& task) {
  return std::visit([&](const auto& one) { return of(one, work, task); }, loss);
}

}  // namespace
}  // namespace lossbench::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lossbench::simd {

HWY_EXPORT(classes);

double compute_rows(const Classes& loss, const RowWork& work, const RowTask& task) {
  return HWY_DYNAMIC_DISPATCH(classes)(loss, work, task);
}

}  // namespace lossbench::simd
#endif
