// The logistic function and its complement. Compiled once for each instruction set: see targets.h.
#if defined(LOSSBENCH_CPU_SIGMOID_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LOSSBENCH_CPU_SIGMOID_INL_H
#undef LOSSBENCH_CPU_SIGMOID_INL_H
#else
#define LOSSBENCH_CPU_SIGMOID_INL_H
#endif

#include "contenders/cpu/vector_math-inl.h"
#include "contenders/cpu/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lossbench::simd::HWY_NAMESPACE {

/// What the losses on a logit share: e^-|x| and the two sigmoids, none of which cancels.
struct Sigmoids {
  FloatVector e, up, down;  ///< e^-|x|, sigmoid(x), sigmoid(-x)

  HWY_INLINE explicit Sigmoids(FloatVector logit) {
    const Floats f;
    const FloatVector one = hn::Set(f, 1.0f);
    e = exp_of_moderate(f, hn::Neg(hn::Abs(logit)));
    const FloatVector scale = hn::Div(one, hn::Add(one, e)), small = hn::Mul(e, scale);
    const auto negative = hn::Lt(logit, hn::Zero(f));
    up = hn::IfThenElse(negative, small, scale);
    down = hn::IfThenElse(negative, scale, small);
  }
};

}  // namespace lossbench::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
