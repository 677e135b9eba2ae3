// The vector contender's hinge losses of several classes.
#include <limits>

#include "contenders/cpu/targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "contenders/cpu/hinge_classes.cpp"
#include "hwy/foreach_target.h"

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
    HWY_INLINE void enter_lanes(double (*words)[kLanes]) const {
      store_wide(widen(odd), words[0]);
      store_wide(widen(best), words[2]);
    }
  };
  Scalar scalar;
  explicit CrammerSinger(const Scalar& options) : scalar(options) {}

  HWY_INLINE void add(Sums& sums, const V (&x)[1], const auto& lanes, const Wide&) const {
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

  /// The same of rows that have a lane each.
  HWY_INLINE V seconds(const float (*columns)[kLanes], std::int64_t width, V labels, const double* best) const {
    const Floats f;
    const V greatest = narrow(load_wide(best));
    V found = hn::Set(f, -1.0f);
    for (std::int64_t column = width; column-- > 0;) {
      const V place = hn::Set(f, static_cast<float>(column));
      found = hn::IfThenElse(hn::AndNot(hn::Eq(labels, place), hn::Eq(load(columns[column]), greatest)), place, found);
    }
    return found;
  }

  enum Factors { kSlope, kOthers, kFactors };
  void factors(const Scalar::Result& row, const RowHead& head, double* to) const {
    to[kSlope] = row.slope * head.scale, to[kOthers] = row.slope == row.slope ? 0 : row.slope;
  }
  bool flat(const Scalar::Result& row) const { return row.slope == 0; }
  HWY_INLINE Gradients<1> gradient(const V (&)[1], const Wide* row, const auto& lanes) const {
    const V slope = narrow(row[kSlope]);
    return {{lanes.at_label(hn::Neg(slope), lanes.at_second(slope, narrow(row[kOthers])))}};
  }
};

struct WestonWatkins {
  using Scalar = losses::HingeClasses;
  using Sums = WideSums<2>;
  Scalar scalar;
  Hinge hinge;
  explicit WestonWatkins(const Scalar& options) : scalar(options), hinge{options.squared} {}

  double base(const RowHead& head) const { return scalar.margin - static_cast<double>(head.side.own); }
  HWY_INLINE void add(Sums& sums, const V (&x)[1], const auto& lanes, const Wide& base) const {
    const Wide h = base + widen(x[0]);
    sums.sum[0].add(lanes.others(hinge.value(h)));
    sums.sum[1].add(lanes.others(hinge.steepness(h)));
  }

  enum Factors { kBase, kScale, kOwn, kFactors };
  void factors(const Scalar::Result& row, const RowHead& head, double* to) const {
    to[kBase] = base(head), to[kScale] = row.scale * head.scale, to[kOwn] = -row.slope * head.scale;
  }
  HWY_INLINE Gradients<1> gradient(const V (&x)[1], const Wide* row, const auto& lanes) const {
    return {{lanes.at_label(narrow(row[kOwn]), narrow(hinge.steepness(row[kBase] + widen(x[0])) * row[kScale]))}};
  }
};

struct OneVsAll {
  using Scalar = losses::HingeClasses;
  static constexpr bool kLocal = true;
  using Sums = WideSums<1>;
  Scalar scalar;
  Hinge hinge;
  explicit OneVsAll(const Scalar& options) : scalar(options), hinge{options.squared} {}

  HWY_INLINE void add(Sums& sums, const V (&x)[1], const auto& lanes, const Wide&) const {
    sums.sum[0].add(lanes.kept(hinge.value(shortfall(x[0], lanes))));
  }

  enum Factors { kScale, kFactors };
  void factors(const Scalar::Result&, const RowHead& head, double* to) const { to[kScale] = head.scale; }
  HWY_INLINE Gradients<1> gradient(const V (&x)[1], const Wide* row, const auto& lanes) const {
    const V slope = narrow(hinge.steepness(shortfall(x[0], lanes)) * row[kScale]);
    return {{lanes.at_label(hn::Neg(slope), slope)}};
  }

 private:
  HWY_INLINE Wide shortfall(V x, const auto& lanes) const { return wide_set(scalar.margin) + widen(lanes.at_label(hn::Neg(x), x)); }
};

double hinge_classes(const HingeClasses& loss, const RowWork& work, const RowTask& task) {
  using Kind = losses::HingeClasses::Kind;
  const auto& hinge = std::get<losses::HingeClasses>(loss);
  if (hinge.kind == Kind::crammer_singer) return compute_rows_of(CrammerSinger(hinge), work, task);
  if (hinge.kind == Kind::weston_watkins) return compute_rows_of(WestonWatkins(hinge), work, task);
  return compute_rows_of(OneVsAll(hinge), work, task);
}

}  // namespace
}  // namespace lossbench::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lossbench::simd {

HWY_EXPORT(hinge_classes);

double compute_rows(const HingeClasses& loss, const RowWork& work, const RowTask& task) {
  return HWY_DYNAMIC_DISPATCH(hinge_classes)(loss, work, task);
}

}  // namespace lossbench::simd
#endif
