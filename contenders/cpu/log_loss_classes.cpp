// The vector contender's log loss of several classes.
#include "contenders/cpu/targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "contenders/cpu/log_loss_classes.cpp"
#include "hwy/foreach_target.h"

#include "contenders/cpu/clipped-inl.h"
#include "contenders/cpu/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lossbench::simd::HWY_NAMESPACE {
namespace {

using V = FloatVector;

struct LogLoss {
  using Scalar = losses::LogLossClasses;
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
  HWY_INLINE void add(Sums& sums, const V (&x)[1], const auto& lanes, const Wide&) const {
    const Floats f;
    const V clipped = hn::IfThenElse(clip.below(x[0]), hn::Set(f, eps), hn::IfThenElse(clip.above(x[0]), hn::Set(f, rest), x[0]));
    sums.sum[0].add(lanes.others_or(clipped, hn::Zero(f)));
  }

  enum Factors { kSlope, kOwn, kFactors };
  void factors(const Scalar::Result& row, const RowHead& head, double* to) const {
    double own[1];
    scalar.gradient({head.side.own}, head.side.label, head.side, row, own);
    to[kSlope] = row.slope * head.scale, to[kOwn] = own[0] * head.scale;
  }
  HWY_INLINE Gradients<1> gradient(const V (&x)[1], const Wide* row, const auto& lanes) const {
    V slope = hn::Zero(Floats());
    if (renormalize) {
      slope = hn::IfThenZeroElse(clip.above(x[0]), narrow(row[kSlope]));
      if (!pass_floor) slope = hn::IfThenZeroElse(clip.below(x[0]), slope);
    }
    return {{lanes.at_label(narrow(row[kOwn]), slope)}};
  }
};

double log_loss_classes(const LogLossClasses& loss, const RowWork& work, const RowTask& task) {
  return compute_rows_of(LogLoss(std::get<losses::LogLossClasses>(loss)), work, task);
}

}  // namespace
}  // namespace lossbench::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lossbench::simd {

HWY_EXPORT(log_loss_classes);

double compute_rows(const LogLossClasses& loss, const RowWork& work, const RowTask& task) {
  return HWY_DYNAMIC_DISPATCH(log_loss_classes)(loss, work, task);
}

}  // namespace lossbench::simd
#endif
