// The vector contender's losses of a margin or a decision: logistic, hinge, log loss, zero-one.
#include "contenders/cpu/targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "contenders/cpu/margin.cpp"
#include "hwy/foreach_target.h"

#include "contenders/cpu/pointwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lossbench::simd::HWY_NAMESPACE {
namespace {

using V = FloatVector;

struct Logistic {
  static constexpr int kOperands = 2;
  explicit Logistic(const losses::Logistic&) {}

  HWY_INLINE ValueAndSlope operator()(V score, V target) const {
    const Floats f;
    const V one = hn::Set(f, 1.0f), zero = hn::Zero(f), z = hn::Mul(hn::Neg(target), score);
    const V e = exp_of_moderate(f, hn::Neg(hn::Abs(z)));
    const V sigmoid = hn::Div(hn::IfThenElse(hn::Lt(z, zero), e, one), hn::Add(one, e));
    return {hn::Add(max_or_nan(z, zero), log1p_of_unit(f, e)), hn::Mul(hn::Neg(target), sigmoid)};
  }
};

struct HingeBinary {
  static constexpr int kOperands = 3, kDivisorOperand = 2;
  float margin;
  bool squared;
  explicit HingeBinary(const losses::HingeBinary& options) : margin(float(options.margin)), squared(options.squared) {}

  HWY_INLINE ValueAndSlope operator()(V score, V target, V weight) const {
    const Floats f;
    const V h = hn::Sub(hn::Set(f, margin), hn::Mul(target, score)), nothing = hn::Mul(weight, hn::Zero(f));
    const V power = squared ? hn::Mul(h, h) : h, steepness = squared ? hn::Add(h, h) : hn::Set(f, 1.0f);
    const auto right = hn::Le(h, hn::Zero(f));
    const V slope = hn::IfThenElse(hn::Eq(h, h), hn::Mul(hn::Mul(hn::Neg(target), weight), steepness), h);
    return {hn::IfThenElse(right, nothing, hn::Mul(weight, power)), hn::IfThenElse(right, nothing, slope)};
  }
  HWY_INLINE V divisor_term(V weight) const { return weight; }
};

struct HingeEmbedding {
  static constexpr int kOperands = 2;
  float margin;
  explicit HingeEmbedding(const losses::HingeEmbedding& options) : margin(float(options.margin)) {}

  HWY_INLINE ValueAndSlope operator()(V input, V target) const {
    const Floats f;
    const V zero = hn::Zero(f), one = hn::Set(f, 1.0f), h = hn::Sub(hn::Set(f, margin), input);
    const auto close = hn::Eq(target, one);
    const V apart = hn::IfThenElse(hn::Gt(h, zero), hn::Neg(one), hn::IfThenElse(hn::Eq(h, h), zero, h));
    return {hn::IfThenElse(close, input, max_or_nan(h, zero)), hn::IfThenElse(close, one, apart)};
  }
};

struct LogLossBinary {
  static constexpr int kOperands = 3, kDivisorOperand = 2;
  Clipped clip;
  bool pass_floor;
  float log_eps, log_rest, floor_of_one, floor_of_zero;
  explicit LogLossBinary(const losses::LogLossBinary& options)
      : clip(options.eps, options.clip != losses::ProbabilityClip::none, options.clip == losses::ProbabilityClip::both),
        pass_floor(options.pass_floor), log_eps(float(options.log_eps)), log_rest(float(options.log_rest)),
        floor_of_one(float(-1 / options.eps)), floor_of_zero(float(1 / (1 - options.eps))) {}

  HWY_INLINE ValueAndSlope operator()(V prob, V target, V weight) const {
    const Floats f;
    const V zero = hn::Zero(f), unit = hn::Set(f, 1.0f), rest = hn::Sub(unit, prob);
    const auto one = hn::Eq(target, unit), below = clip.below(prob), above = clip.above(prob);
    const V q = hn::IfThenElse(one, prob, rest);
    const V correction = hn::IfThenZeroElse(one, complement_correction(f, prob, rest));
    V logarithm = hn::Add(log(f, q), correction);
    const V eps = hn::Set(f, log_eps), other = hn::Set(f, log_rest);
    logarithm = hn::IfThenElse(below, hn::IfThenElse(one, eps, other), logarithm);
    logarithm = hn::IfThenElse(above, hn::IfThenElse(one, other, eps), logarithm);
    V slope = hn::IfThenZeroElse(hn::Or(below, above), hn::Div(hn::IfThenElse(one, hn::Neg(weight), weight), q));
    if (pass_floor)
      slope = hn::IfThenElse(below, hn::Mul(weight, hn::IfThenElse(one, hn::Set(f, floor_of_one), hn::Set(f, floor_of_zero))), slope);
    return {hn::Mul(hn::Sub(zero, weight), logarithm), slope};
  }
  HWY_INLINE V divisor_term(V weight) const { return weight; }
};

struct ZeroOneSign {
  static constexpr int kOperands = 3, kDivisorOperand = 2;
  explicit ZeroOneSign(const losses::ZeroOneSign&) {}

  HWY_INLINE ValueAndSlope operator()(V score, V target, V weight) const {
    const Floats f;
    const V zero = hn::Zero(f), one = hn::Set(f, 1.0f);
    const V decision = hn::IfThenElse(hn::Gt(score, zero), one, hn::IfThenElse(hn::Le(score, zero), hn::Neg(one), score));
    const V both = hn::Add(decision, target);  // NaN where one is
    const V value = hn::IfThenElse(hn::Eq(decision, target), hn::Mul(zero, weight), weight);
    return {hn::IfThenElse(hn::Eq(both, both), value, both), zero};
  }
  HWY_INLINE V divisor_term(V weight) const { return weight; }
};

/// Compared in double, as rounding a difference to float would decide cases.
struct ZeroOneTolerance {
  static constexpr int kOperands = 3, kDivisorOperand = 2;
  double tolerance;
  explicit ZeroOneTolerance(const losses::ZeroOneTolerance& options) : tolerance(options.tolerance) {}

  HWY_INLINE ValueAndSlope operator()(V pred, V target, V weight) const {
    const Floats f;
    const Doubles d;
    const DoubleVector most = hn::Set(d, tolerance), one = hn::Set(d, 1.0);
    const DoubleVector low = hn::Abs(hn::Sub(low_doubles(target), low_doubles(pred)));
    const DoubleVector high = hn::Abs(hn::Sub(high_doubles(target), high_doubles(pred)));
    const V right = to_floats(hn::IfThenElseZero(hn::Lt(low, most), one), hn::IfThenElseZero(hn::Lt(high, most), one));
    return {hn::IfThenElse(hn::Gt(right, hn::Zero(f)), hn::Mul(hn::Zero(f), weight), weight), hn::Zero(f)};
  }
  HWY_INLINE V divisor_term(V weight) const { return weight; }
};

template <class Label>
std::int64_t different(const Label* a, const Label* b, std::int64_t begin, std::int64_t end) {
  const hn::ScalableTag<Label> d;
  constexpr std::int64_t kWidth = hn::MaxLanes(d);
  std::int64_t count = 0, i = begin;
  for (; i + kWidth <= end; i += kWidth)
    count += static_cast<std::int64_t>(hn::CountTrue(d, hn::Ne(hn::LoadU(d, a + i), hn::LoadU(d, b + i))));
  for (; i < end; ++i) count += a[i] != b[i];
  return count;
}
std::int64_t different_i32(const std::int32_t* a, const std::int32_t* b, std::int64_t begin, std::int64_t end) {
  return different(a, b, begin, end);
}
std::int64_t different_i64(const std::int64_t* a, const std::int64_t* b, std::int64_t begin, std::int64_t end) {
  return different(a, b, begin, end);
}

Logistic vectors_of(const losses::Logistic& loss) { return Logistic(loss); }
HingeBinary vectors_of(const losses::HingeBinary& loss) { return HingeBinary(loss); }
HingeEmbedding vectors_of(const losses::HingeEmbedding& loss) { return HingeEmbedding(loss); }
LogLossBinary vectors_of(const losses::LogLossBinary& loss) { return LogLossBinary(loss); }
ZeroOneSign vectors_of(const losses::ZeroOneSign& loss) { return ZeroOneSign(loss); }
ZeroOneTolerance vectors_of(const losses::ZeroOneTolerance& loss) { return ZeroOneTolerance(loss); }

double margin(const Margin& loss, const Work& work, Ask ask, std::int64_t part) {
  return std::visit([&](const auto& one) { return compute_part_of(vectors_of(one), work, ask, part); }, loss);
}

}  // namespace
}  // namespace lossbench::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lossbench::simd {

HWY_EXPORT(margin);

double compute_part(const Margin& loss, const Work& work, Ask ask, std::int64_t part) {
  return HWY_DYNAMIC_DISPATCH(margin)(loss, work, ask, part);
}

HWY_EXPORT(different_i32);
HWY_EXPORT(different_i64);

std::int64_t count_different(const std::int32_t* a, const std::int32_t* b, std::int64_t begin, std::int64_t end) {
  return HWY_DYNAMIC_DISPATCH(different_i32)(a, b, begin, end);
}
std::int64_t count_different(const std::int64_t* a, const std::int64_t* b, std::int64_t begin, std::int64_t end) {
  return HWY_DYNAMIC_DISPATCH(different_i64)(a, b, begin, end);
}

}  // namespace lossbench::simd
#endif
