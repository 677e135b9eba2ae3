// The vector contender's likelihoods and divergences.
#include "contenders/cpu/targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "contenders/cpu/likelihood.cpp"
#include "hwy/foreach_target.h"

#include "contenders/cpu/pointwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lossbench::simd::HWY_NAMESPACE {
namespace {

using V = FloatVector;

struct KlDiv {
  static constexpr int kOperands = 2;
  static constexpr bool kSecondSlope = true;
  bool log_target;
  explicit KlDiv(const losses::KlDiv& options) : log_target(options.log_target) {}

  HWY_INLINE ValueAndSlope operator()(V input, V target) const {
    const Floats f;
    if (log_target) {
      const V e = exp(f, target);
      return {hn::Mul(e, hn::Sub(target, input)), hn::Neg(e)};
    }
    const V nothing = hn::IfThenElse(hn::Eq(input, input), hn::Zero(f), input);
    const V value = hn::Mul(target, hn::Sub(log(f, target), input));
    return {hn::IfThenElse(hn::Eq(target, hn::Zero(f)), nothing, value), hn::Neg(target)};
  }
  HWY_INLINE V second_slope(V input, V target) const {
    const Floats f;
    const V one = hn::Set(f, 1.0f);
    if (log_target) return hn::Mul(exp(f, target), hn::Add(hn::Sub(target, input), one));
    return hn::Sub(hn::Add(log(f, target), one), input);
  }
};

struct PoissonNll {
  static constexpr int kOperands = 2;
  losses::PoissonNll options;
  float eps;
  explicit PoissonNll(const losses::PoissonNll& given) : options(given), eps(float(given.eps)) {}

  HWY_INLINE ValueAndSlope operator()(V input, V target) const {
    const Floats f;
    ValueAndSlope found;
    if (options.log_input) {
      const V e = exp(f, input);
      found = {hn::Sub(e, hn::Mul(target, input)), hn::Sub(e, target)};
    } else {
      const V rate = hn::Add(input, hn::Set(f, eps));
      const auto none = hn::Eq(target, hn::Zero(f));
      const V slope = hn::Div(hn::Add(hn::Sub(input, target), hn::Set(f, eps)), rate);
      found = {hn::Sub(input, hn::IfThenZeroElse(none, hn::Mul(target, log(f, rate)))), hn::IfThenElse(none, hn::Set(f, 1.0f), slope)};
    }
    // Stirling's terms cancel most of the sum; the scalar functor puts them together with care, and few ask for them.
    if (options.full) found.value = lane_by_lane(input, target, [loss = options](float x, float t) { return loss.value(x, t); });
    return found;
  }
};

struct GaussianNll {
  static constexpr int kOperands = 3, kNeeded = 3;
  static constexpr bool kSecondSlope = true;
  float eps, constant;
  explicit GaussianNll(const losses::GaussianNll& options) : eps(float(options.eps)), constant(options.full ? 0.9189385332046727f : 0) {}

  HWY_INLINE ValueAndSlope operator()(V input, V target, V var) const {
    const Floats f;
    const V v = max_or_nan(var, hn::Set(f, eps)), d = hn::Sub(input, target), slope = hn::Div(d, v);
    const V loss = hn::Mul(hn::Set(f, 0.5f), hn::Add(log(f, v), hn::Mul(d, slope)));
    return {hn::Add(loss, hn::Set(f, constant)), slope};
  }
  HWY_INLINE V second_slope(V input, V target, V var) const {
    const Floats f;
    const V v = max_or_nan(var, hn::Set(f, eps)), r = hn::Div(hn::Sub(input, target), v);
    return hn::Mul(hn::Set(f, 0.5f), hn::Sub(hn::Div(hn::Set(f, 1.0f), v), hn::Mul(r, r)));
  }
};

KlDiv vectors_of(const losses::KlDiv& loss) { return KlDiv(loss); }
PoissonNll vectors_of(const losses::PoissonNll& loss) { return PoissonNll(loss); }
GaussianNll vectors_of(const losses::GaussianNll& loss) { return GaussianNll(loss); }

double likelihood(const Likelihood& loss, const Work& work, Ask ask, std::int64_t part) {
  return std::visit([&](const auto& one) { return compute_part_of(vectors_of(one), work, ask, part); }, loss);
}

}  // namespace
}  // namespace lossbench::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lossbench::simd {

HWY_EXPORT(likelihood);

double compute_part(const Likelihood& loss, const Work& work, Ask ask, std::int64_t part) {
  return HWY_DYNAMIC_DISPATCH(likelihood)(loss, work, ask, part);
}

}  // namespace lossbench::simd
#endif
