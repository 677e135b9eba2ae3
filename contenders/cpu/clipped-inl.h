// Which probabilities a clip moves. Compiled once for each instruction set: see targets.h.
#if defined(LOSSBENCH_CPU_CLIPPED_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LOSSBENCH_CPU_CLIPPED_INL_H
#undef LOSSBENCH_CPU_CLIPPED_INL_H
#else
#define LOSSBENCH_CPU_CLIPPED_INL_H
#endif

#include <cmath>
#include <limits>

#include "contenders/cpu/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lossbench::simd::HWY_NAMESPACE {

/// Probabilities that a clip to [eps, 1 - eps] would move, or one of its ends. The bounds are the floats at which a comparison in double
/// with eps changes its answer: rounding eps itself would move a probability that lies exactly on the border.
struct Clipped {
  float first_kept, first_above;  ///< NaN compares false

  Clipped(double eps, bool at_zero, bool at_one) {
    first_kept = first_above = std::numeric_limits<float>::quiet_NaN();
    if (at_zero) first_kept = static_cast<float>(eps) < eps ? std::nextafter(static_cast<float>(eps), 1.0f) : static_cast<float>(eps);
    const auto is_above = [eps](float p) { return 1 - static_cast<double>(p) < eps; };
    if (!at_one) return;
    first_above = static_cast<float>(1 - eps);
    while (is_above(first_above)) first_above = std::nextafter(first_above, 0.0f);
    while (!is_above(first_above)) first_above = std::nextafter(first_above, 2.0f);
  }
  HWY_INLINE auto below(FloatVector p) const { return hn::Lt(p, hn::Set(Floats(), first_kept)); }
  HWY_INLINE auto above(FloatVector p) const { return hn::Ge(p, hn::Set(Floats(), first_above)); }
};

}  // namespace lossbench::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
