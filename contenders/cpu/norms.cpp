// The vector contender's norms.
#include "contenders/cpu/targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "contenders/cpu/norms.cpp"
#include "hwy/foreach_target.h"

#include "contenders/cpu/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lossbench::simd::HWY_NAMESPACE {
namespace {

using V = FloatVector;

struct NormL1 {
  using Scalar = losses::NormL1;
  static constexpr bool kLocal = true;
  using Sums = WideSums<1>;
  Scalar scalar;
  explicit NormL1(const Scalar& options) : scalar(options) {}

  HWY_INLINE void add(Sums& sums, const V (&x)[1], const auto& lanes, const Wide&) const { sums.sum[0].add(hn::Abs(lanes.kept(x[0]))); }

  enum Factors { kScale, kFactors };
  void factors(const Scalar::Result&, const RowHead& head, double* to) const { to[kScale] = head.scale; }
  HWY_INLINE Gradients<1> gradient(const V (&x)[1], const Wide* row, const auto&) const {
    return {{hn::Mul(sign(Floats(), x[0]), narrow(row[kScale]))}};
  }
};

/// Squares of floats neither overflow nor vanish in double.
struct NormL2 {
  using Scalar = losses::NormL2;
  using Sums = WideSums<1>;
  Scalar scalar;
  explicit NormL2(const Scalar& options) : scalar(options) {}

  HWY_INLINE void add(Sums& sums, const V (&x)[1], const auto& lanes, const Wide&) const {
    const Wide wide = widen(lanes.kept(x[0]));
    sums.sum[0].add_product(wide, wide);
  }

  enum Factors { kScale, kFactors };
  void factors(const Scalar::Result& row, const RowHead& head, double* to) const { to[kScale] = head.scale / row.loss; }
  bool flat(const Scalar::Result& row) const { return row.loss == 0; }
  HWY_INLINE Gradients<1> gradient(const V (&x)[1], const Wide* row, const auto&) const { return {{narrow(widen(x[0]) * row[kScale])}}; }
};

NormL1 vectors_of(const losses::NormL1& loss) { return NormL1(loss); }
NormL2 vectors_of(const losses::NormL2& loss) { return NormL2(loss); }

double norms(const Norms& loss, const RowWork& work, const RowTask& task) {
  return std::visit([&](const auto& one) { return compute_rows_of(vectors_of(one), work, task); }, loss);
}

}  // namespace
}  // namespace lossbench::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lossbench::simd {

HWY_EXPORT(norms);

double compute_rows(const Norms& loss, const RowWork& work, const RowTask& task) {
  return HWY_DYNAMIC_DISPATCH(norms)(loss, work, task);
}

}  // namespace lossbench::simd
#endif
