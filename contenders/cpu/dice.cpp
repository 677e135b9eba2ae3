// The vector contender's dice loss, of maps of logits or of probabilities.
#include "contenders/cpu/targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "contenders/cpu/dice.cpp"
#include "hwy/foreach_target.h"

#include "contenders/cpu/rows-inl.h"
#include "contenders/cpu/sigmoid-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lossbench::simd::HWY_NAMESPACE {
namespace {

using V = FloatVector;

/// The options that the inner loop turns on are known to the compiler.
template <bool kLogits, bool kSquares>
struct Dice {
  using Scalar = losses::Dice;
  using Sums = WideSums<2>;  ///< what is wrong, and Σ p + Σ y or Σ p² + Σ y²
  Scalar scalar;
  explicit Dice(const Scalar& options) : scalar(options) {}

  HWY_INLINE V add(Sums& sums, const V (&x)[2], const auto& lanes, const Wide&) const {
    const Probability p(x[0]);
    const V yes = lanes.kept(p.yes), y = lanes.kept(x[1]);
    if constexpr (kSquares) {  // in double, where the square of a float does not vanish
      const Wide wide_yes = widen(yes), wide_y = widen(y), wrong = wide_yes - wide_y;
      sums.sum[0].add_product(wrong, wrong);
      sums.sum[1].add_product(wide_yes, wide_yes);
      sums.sum[1].add_product(wide_y, wide_y);
    } else {
      const V rest = hn::Sub(hn::Set(Floats(), 1.0f), y);
      sums.sum[0].add(lanes.kept(hn::Add(hn::Mul(yes, rest), hn::Mul(y, p.no))));
      sums.sum[1].add(hn::Add(yes, y));
    }
    return p.kept();
  }

  enum Factors { kOverlap, kScale, kFactors };
  void factors(const Scalar::Result& row, const RowHead& head, double* to) const {
    to[kOverlap] = row.overlap, to[kScale] = row.scale * head.scale;
  }

  HWY_INLINE Gradients<1> gradient(const V (&x)[2], const Wide* row, const auto&) const {
    return gradient_of(Probability(x[0]), x[1], row);
  }
  HWY_INLINE Gradients<1> gradient_of_kept(V kept, const V (&x)[2], const Wide* row) const {
    return gradient_of(Probability::of_kept(kept), x[1], row);
  }

 private:
  /// p and 1 - p. The lesser of them is kept, negative where it is the latter: none of the two cancels.
  struct Probability {
    V yes, no;

    HWY_INLINE Probability(V p, V q) : yes(p), no(q) {}
    HWY_INLINE explicit Probability(V x) {
      if constexpr (kLogits) {
        const Sigmoids sigmoid(x);
        yes = sigmoid.up, no = sigmoid.down;
      } else {
        yes = x, no = hn::Sub(hn::Set(Floats(), 1.0f), x);
      }
    }
    HWY_INLINE V kept() const {
      if constexpr (!kLogits) return yes;
      return hn::IfThenElse(hn::Lt(yes, no), yes, hn::Neg(no));
    }
    HWY_INLINE static Probability of_kept(V kept) {
      if constexpr (!kLogits) return Probability(kept);
      const V lesser = hn::Abs(kept), greater = hn::Sub(hn::Set(Floats(), 1.0f), lesser);
      return {hn::IfNegativeThenElse(kept, greater, lesser), hn::IfNegativeThenElse(kept, lesser, greater)};
    }
  };

  HWY_INLINE static Gradients<1> gradient_of(const Probability& p, V target, const Wide* row) {
    const Wide yes = widen(p.yes), y = widen(target);
    const Wide growth = kSquares ? (yes + yes) * row[kOverlap] : row[kOverlap];
    const Wide slope = (growth - (y + y)) * row[kScale];
    return {{narrow(kLogits ? slope * (yes * widen(p.no)) : slope)}};
  }
};

double maps(const Maps& loss, const RowWork& work, const RowTask& task) {
  const auto compute = [&](const auto& dice) { return compute_rows_of(dice, work, task); };
  const losses::Dice& dice = std::get<losses::Dice>(loss);
  if (dice.from_logits) return dice.squares ? compute(Dice<true, true>(dice)) : compute(Dice<true, false>(dice));
  return dice.squares ? compute(Dice<false, true>(dice)) : compute(Dice<false, false>(dice));
}

}  // namespace
}  // namespace lossbench::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lossbench::simd {

HWY_EXPORT(maps);

double compute_rows(const Maps& loss, const RowWork& work, const RowTask& task) {
  return HWY_DYNAMIC_DISPATCH(maps)(loss, work, task);
}

}  // namespace lossbench::simd
#endif
