// The vector contender's binary cross-entropies, on logits and on probabilities, and the focal loss.
#include "contenders/cpu/targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "contenders/cpu/binary_cross_entropy.cpp"
#include "hwy/foreach_target.h"

#include "contenders/cpu/pointwise-inl.h"
#include "contenders/cpu/sigmoid-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lossbench::simd::HWY_NAMESPACE {
namespace {

using V = FloatVector;

/// Elements whose target truncates to a label.
struct Ignored {
  bool active;
  float label;
  explicit Ignored(const losses::IgnoreLabel& options) : active(options.active), label(float(options.label)) {}

  HWY_INLINE auto operator()(V target) const { return hn::Eq(hn::Trunc(target), hn::Set(Floats(), label)); }
  HWY_INLINE ValueAndSlope without(V target, ValueAndSlope all) const {
    if (!active) return all;
    const auto out = (*this)(target);
    return {hn::IfThenZeroElse(out, all.value), hn::IfThenZeroElse(out, all.slope)};
  }
  HWY_INLINE V kept(V target) const {
    const V one = hn::Set(Floats(), 1.0f);
    return active ? hn::IfThenZeroElse((*this)(target), one) : one;
  }
};

/// positive·(-x) where x < 0, negative·x where x > 0, x where it is 0 or NaN.
HWY_INLINE V linear_part(V logit, V positive, V negative) {
  const V zero = hn::Zero(Floats());
  const V below = hn::IfThenElse(hn::Lt(logit, zero), hn::Mul(positive, hn::Neg(logit)), logit);
  return hn::IfThenElse(hn::Gt(logit, zero), hn::Mul(negative, logit), below);
}

struct BceLogits {
  static constexpr int kOperands = 4, kDivisorOperand = 1;
  Ignored ignored;
  explicit BceLogits(const losses::BceLogits& options) : ignored(options.ignore) {}

  HWY_INLINE ValueAndSlope operator()(V logit, V target, V weight, V pos_weight) const {
    const Floats f;
    const Sigmoids sigmoid(logit);
    const V positive = hn::Mul(pos_weight, target), negative = hn::Sub(hn::Set(f, 1.0f), target);
    const V tail = hn::Mul(hn::Add(negative, positive), log1p_of_unit(f, sigmoid.e));
    const V slope = hn::Sub(hn::Mul(negative, sigmoid.up), hn::Mul(positive, sigmoid.down));
    return ignored.without(target, {hn::Mul(weight, hn::Add(linear_part(logit, positive, negative), tail)), hn::Mul(weight, slope)});
  }
  HWY_INLINE V divisor_term(V target) const { return ignored.kept(target); }
};

struct BceProbs {
  using Clip = losses::BceProbs::Clip;
  static constexpr int kOperands = 3, kDivisorOperand = 1;
  Ignored ignored;
  Clip clip;
  Clipped bounds;
  float log_min, log_eps, log_rest;
  explicit BceProbs(const losses::BceProbs& options)
      : ignored(options.ignore), clip(options.clip), bounds(options.eps, true, true), log_min(float(options.log_min)),
        log_eps(float(std::log(options.eps))), log_rest(float(std::log1p(-options.eps))) {}

  HWY_INLINE ValueAndSlope operator()(V prob, V target, V weight) const {
    const Floats f;
    const V rest = hn::Sub(hn::Set(f, 1.0f), target);
    V log_p = log(f, prob), log_q = log_of_complement(f, prob), spread = hn::Mul(prob, hn::Sub(hn::Set(f, 1.0f), prob));
    if (clip == Clip::log_clamp) {
      log_p = max_or_nan(log_p, hn::Set(f, log_min));
      log_q = max_or_nan(log_q, hn::Set(f, log_min));
      spread = max_or_nan(spread, hn::Set(f, 1e-12f));
    }
    V slope = hn::Mul(weight, hn::Div(hn::Sub(prob, target), spread));  // dividing first: a product of two small numbers could underflow
    if (clip == Clip::both) {
      const auto below = bounds.below(prob), above = bounds.above(prob);
      const V eps = hn::Set(f, log_eps), other = hn::Set(f, log_rest);
      log_p = hn::IfThenElse(below, eps, hn::IfThenElse(above, other, log_p));
      log_q = hn::IfThenElse(below, other, hn::IfThenElse(above, eps, log_q));
      slope = hn::IfThenZeroElse(hn::Or(below, above), slope);
    }
    const V value = hn::Mul(hn::Neg(weight), hn::Add(hn::Mul(target, log_p), hn::Mul(rest, log_q)));
    return ignored.without(target, {value, slope});
  }
  HWY_INLINE V divisor_term(V target) const { return ignored.kept(target); }
};

struct SigmoidFocal {
  static constexpr int kOperands = 2;
  bool balanced;
  float alpha, rest_alpha, gamma;
  explicit SigmoidFocal(const losses::SigmoidFocal& options)
      : balanced(options.alpha >= 0), alpha(float(options.alpha)), rest_alpha(float(1 - options.alpha)), gamma(float(options.gamma)) {}

  HWY_INLINE ValueAndSlope operator()(V logit, V target) const {
    const Floats f;
    const V one = hn::Set(f, 1.0f), zero = hn::Zero(f), rest = hn::Sub(one, target);
    const Sigmoids sigmoid(logit);
    const V q = hn::Add(hn::Mul(sigmoid.up, rest), hn::Mul(sigmoid.down, target));
    const V cross_entropy = hn::Add(linear_part(logit, target, rest), log1p_of_unit(f, sigmoid.e));
    const V slope = hn::Sub(hn::Mul(sigmoid.up, rest), hn::Mul(sigmoid.down, target));
    V bend = slope;
    if (gamma != 0) {
      const V soft = hn::Div(hn::Mul(hn::Mul(sigmoid.up, sigmoid.down), hn::Sub(rest, target)), q);
      const V ratio = hn::IfThenElse(hn::Eq(target, zero), sigmoid.down, hn::IfThenElse(hn::Eq(target, one), hn::Neg(sigmoid.up), soft));
      bend = hn::Add(hn::Mul(hn::Mul(hn::Set(f, gamma), ratio), cross_entropy), slope);
    }
    V balance = one;
    if (balanced) balance = hn::Add(hn::Mul(hn::Set(f, alpha), target), hn::Mul(hn::Set(f, rest_alpha), rest));
    const V modulation = power_of(q);
    return {hn::Mul(balance, hn::Mul(modulation, cross_entropy)), hn::Mul(balance, hn::Mul(modulation, bend))};
  }

 private:
  /// q^γ; the usual exponents without a power.
  HWY_INLINE V power_of(V q) const {
    if (gamma == 2) return hn::Mul(q, q);
    if (gamma == 1) return q;
    if (gamma == 0) return hn::Set(Floats(), 1.0f);
    return lane_by_lane(q, [exponent = gamma](float x) { return std::pow(x, exponent); });
  }
};

BceLogits vectors_of(const losses::BceLogits& loss) { return BceLogits(loss); }
BceProbs vectors_of(const losses::BceProbs& loss) { return BceProbs(loss); }
SigmoidFocal vectors_of(const losses::SigmoidFocal& loss) { return SigmoidFocal(loss); }

double binary_cross_entropy(const BinaryCrossEntropy& loss, const Work& work, Ask ask, std::int64_t part) {
  return std::visit([&](const auto& one) { return compute_part_of(vectors_of(one), work, ask, part); }, loss);
}

}  // namespace
}  // namespace lossbench::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lossbench::simd {

HWY_EXPORT(binary_cross_entropy);

double compute_part(const BinaryCrossEntropy& loss, const Work& work, Ask ask, std::int64_t part) {
  return HWY_DYNAMIC_DISPATCH(binary_cross_entropy)(loss, work, ask, part);
}

}  // namespace lossbench::simd
#endif
