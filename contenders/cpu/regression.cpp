// The vector contender's regression losses. The formulas are those of kernels/losses, on vectors.
#include "contenders/cpu/targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "contenders/cpu/regression.cpp"
#include "hwy/foreach_target.h"

#include "contenders/cpu/pointwise-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lossbench::simd::HWY_NAMESPACE {
namespace {

using V = FloatVector;

struct L1 {
  static constexpr int kOperands = 2;
  explicit L1(const losses::L1&) {}

  HWY_INLINE ValueAndSlope operator()(V input, V target) const {
    const V d = hn::Sub(input, target);
    return {hn::Abs(d), sign(Floats(), d)};
  }
};

struct L2 {
  static constexpr int kOperands = 2;
  float scale;
  explicit L2(const losses::L2& options) : scale(float(options.scale)) {}

  HWY_INLINE ValueAndSlope operator()(V input, V target) const {
    const V d = hn::Sub(input, target);
    return {hn::Mul(hn::Set(Floats(), scale), hn::Mul(d, d)), hn::Mul(hn::Set(Floats(), 2 * scale), d)};
  }
};

struct SmoothL1 {
  static constexpr int kOperands = 2;
  float beta, half_beta, inverse_beta, half_inverse;
  explicit SmoothL1(const losses::SmoothL1& options)
      : beta(float(options.beta)), half_beta(0.5f * beta), inverse_beta(float(options.inverse_beta)), half_inverse(0.5f * inverse_beta) {}

  HWY_INLINE ValueAndSlope operator()(V input, V target) const { return of_difference(hn::Sub(input, target)); }

  HWY_INLINE ValueAndSlope of_difference(V d) const {
    const Floats f;
    const V r = hn::Abs(d), steep = hn::Set(f, inverse_beta);
    const auto inside = hn::Lt(r, hn::Set(f, beta));
    const V square = hn::Mul(r, hn::Mul(r, hn::Set(f, half_inverse)));
    return {hn::IfThenElse(inside, square, hn::Sub(r, hn::Set(f, half_beta))), hn::IfThenElse(inside, hn::Mul(d, steep), sign(f, d))};
  }
};

struct Huber {
  static constexpr int kOperands = 2;
  float delta;
  explicit Huber(const losses::Huber& options) : delta(float(options.delta)) {}

  HWY_INLINE ValueAndSlope operator()(V input, V target) const {
    const Floats f;
    const V d = hn::Sub(input, target), r = hn::Abs(d), most = hn::Set(f, delta), c = hn::Min(r, most);
    const V value = hn::Mul(c, hn::NegMulAdd(hn::Set(f, 0.5f), c, r));  // r²/2 and δ·(r - δ/2) in one; halves are exact
    return {value, hn::IfThenElse(hn::Ge(r, most), hn::CopySignToAbs(most, d), d)};  // d where it is NaN
  }
};

struct SmoothL1Weighted {
  static constexpr int kOperands = 4;
  SmoothL1 smooth;
  explicit SmoothL1Weighted(const losses::SmoothL1Weighted& options) : smooth(options.smooth) {}

  HWY_INLINE ValueAndSlope operator()(V input, V target, V inside, V outside) const {
    const V zero = hn::Zero(Floats());
    const ValueAndSlope plain = smooth.of_difference(hn::Mul(inside, hn::Sub(input, target)));
    const auto out = hn::Or(hn::Eq(inside, zero), hn::Eq(outside, zero));
    return {hn::IfThenZeroElse(out, hn::Mul(outside, plain.value)),
            hn::IfThenZeroElse(out, hn::Mul(hn::Mul(outside, inside), plain.slope))};
  }
};

L1 vectors_of(const losses::L1& loss) { return L1(loss); }
L2 vectors_of(const losses::L2& loss) { return L2(loss); }
SmoothL1 vectors_of(const losses::SmoothL1& loss) { return SmoothL1(loss); }
Huber vectors_of(const losses::Huber& loss) { return Huber(loss); }
SmoothL1Weighted vectors_of(const losses::SmoothL1Weighted& loss) { return SmoothL1Weighted(loss); }

double regression(const Regression& loss, const Work& work, Ask ask, std::int64_t part) {
  return std::visit([&](const auto& one) { return compute_part_of(vectors_of(one), work, ask, part); }, loss);
}

}  // namespace
}  // namespace lossbench::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lossbench::simd {

HWY_EXPORT(regression);

double compute_part(const Regression& loss, const Work& work, Ask ask, std::int64_t part) {
  return HWY_DYNAMIC_DISPATCH(regression)(loss, work, ask, part);
}

}  // namespace lossbench::simd
#endif
