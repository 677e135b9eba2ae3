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

struct Dice {
  using Scalar = losses::Dice;
  static constexpr int kOperands = 2, kGradients = 1;
  using Sums = WideSums<2>;  ///< what is wrong, and Σ p + Σ y or Σ p² + Σ y²
  Scalar scalar;
  bool from_logits, squares;
  explicit Dice(const Scalar& options) : scalar(options), from_logits(options.from_logits), squares(options.squares) {}

  HWY_INLINE void add(Sums& sums, const V (&x)[2], const auto& lanes) const {
    const Probability p = probability(x[0]);
    const V yes = lanes.kept(p.yes), y = lanes.kept(x[1]);
    if (squares) {  // in double, where the square of a float does not vanish
      const Wide wide_yes = widen(yes), wide_y = widen(y), wrong = wide_yes - wide_y;
      sums.sum[0].add_product(wrong, wrong);
      sums.sum[1].add_product(wide_yes, wide_yes);
      sums.sum[1].add_product(wide_y, wide_y);
    } else {
      const V rest = hn::Sub(hn::Set(Floats(), 1.0f), y);
      sums.sum[0].add(lanes.kept(hn::Add(hn::Mul(yes, rest), hn::Mul(y, p.no))));
      sums.sum[1].add(yes);
      sums.sum[1].add(y);
    }
  }

  struct Factors {
    double overlap = 0, scale = 0;
  };
  Factors factors(const Scalar::Result& row, const RowHead& head) const { return {row.overlap, row.scale * head.scale}; }

  HWY_INLINE Gradients<1> gradient(const V (&x)[2], const Factors& row, const auto&) const {
    const Probability p = probability(x[0]);
    const Wide yes = widen(p.yes), y = widen(x[1]), overlap = wide_set(row.overlap);
    const Wide growth = squares ? (yes + yes) * overlap : overlap;
    const Wide slope = (growth - (y + y)) * wide_set(row.scale);
    return {{narrow(from_logits ? slope * (yes * widen(p.no)) : slope)}};
  }

 private:
  struct Probability {
    V yes, no;
  };
  HWY_INLINE Probability probability(V x) const {
    if (!from_logits) return {x, hn::Sub(hn::Set(Floats(), 1.0f), x)};
    const Sigmoids sigmoid(x);
    return {sigmoid.up, sigmoid.down};
  }
};

Dice vectors_of(const losses::Dice& loss) { return Dice(loss); }

double maps(const Maps& loss, const RowWork& work, const RowTask& task) {
  return std::visit([&](const auto& one) { return compute_rows_of(vectors_of(one), work, task); }, loss);
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
