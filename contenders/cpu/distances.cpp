// The vector contender's losses of embeddings: triplet margin, cosine.
#include "contenders/cpu/targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "contenders/cpu/distances.cpp"
#include "hwy/foreach_target.h"

#include "contenders/cpu/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lossbench::simd::HWY_NAMESPACE {
namespace {

using V = FloatVector;

/// Differences are formed in double: which of them is 0 with p = 1, and which row is at its kink, the exact numbers say.
struct TripletMargin {
  using Scalar = losses::TripletMargin;
  static constexpr int kOperands = 3, kGradients = 3;
  using Sums = WideSums<3>;
  Scalar scalar;
  bool taxicab, swap;
  explicit TripletMargin(const Scalar& options) : scalar(options), taxicab(options.p == 1), swap(options.swap) {}

  HWY_INLINE void add(Sums& sums, const V (&x)[3], const auto& lanes) const {
    const Wide anchor = widen(x[0]), positive = widen(x[1]), negative = widen(x[2]);
    enter(sums.sum[0], lanes.kept(difference(anchor, positive)));
    enter(sums.sum[1], lanes.kept(difference(anchor, negative)));
    if (swap) enter(sums.sum[2], lanes.kept(difference(positive, negative)));
  }

  /// A distance that does not count (see the scalar functor) is left out, not multiplied by 0: it may be infinite.
  struct Factors {
    double positive = 0, negative = 0, between = 0;
    bool far = true, across = true;
  };
  Factors factors(const Scalar::Result& row, const RowHead& head) const {
    return {row.positive * head.scale, row.negative * head.scale, row.between * head.scale, row.negative != 0, row.between != 0};
  }
  bool flat(const Scalar::Result& row) const { return !row.active; }

  HWY_INLINE Gradients<3> gradient(const V (&x)[3], const Factors& row, const auto&) const {
    const Wide anchor = widen(x[0]), positive = widen(x[1]), negative = widen(x[2]);
    const Wide near = pull(difference(anchor, positive), row.positive);
    Wide away = wide_set(0), across = away;
    if (row.far) away = pull(difference(anchor, negative), row.negative);
    if (row.across) across = pull(difference(positive, negative), row.between);
    return {{narrow(near - away), narrow(-near - across), narrow(away + across)}};
  }

 private:
  HWY_INLINE Wide difference(const Wide& u, const Wide& v) const { return u - v + wide_set(scalar.eps); }
  HWY_INLINE void enter(WideSum& sum, const Wide& d) const {
    if (taxicab) sum.add(abs(d));
    else sum.add_product(d, d);
  }
  HWY_INLINE Wide pull(const Wide& d, double factor) const { return (taxicab ? sign(d) : d) * wide_set(factor); }
};

struct CosineEmbedding {
  using Scalar = losses::CosineEmbedding;
  static constexpr int kOperands = 2, kGradients = 2;
  using Sums = WideSums<3>;
  Scalar scalar;
  explicit CosineEmbedding(const Scalar& options) : scalar(options) {}

  HWY_INLINE void add(Sums& sums, const V (&x)[2], const auto& lanes) const {
    const Wide a = widen(lanes.kept(x[0])), b = widen(lanes.kept(x[1]));
    sums.sum[0].add_product(a, b);
    sums.sum[1].add_product(a, a);
    sums.sum[2].add_product(b, b);
  }

  struct Factors {
    double across = 0, first = 0, second = 0;
  };
  Factors factors(const Scalar::Result& row, const RowHead& head) const {
    return {row.across * head.scale, row.first * head.scale, row.second * head.scale};
  }
  bool flat(const Scalar::Result& row) const { return !row.active; }

  HWY_INLINE Gradients<2> gradient(const V (&x)[2], const Factors& row, const auto&) const {
    const Wide a = widen(x[0]), b = widen(x[1]), across = wide_set(row.across);
    return {{narrow(across * b - wide_set(row.first) * a), narrow(across * a - wide_set(row.second) * b)}};
  }
};

TripletMargin vectors_of(const losses::TripletMargin& loss) { return TripletMargin(loss); }
CosineEmbedding vectors_of(const losses::CosineEmbedding& loss) { return CosineEmbedding(loss); }

double distances(const Distances& loss, const RowWork& work, const RowTask& task) {
  return std::visit([&](const auto& one) { return compute_rows_of(vectors_of(one), work, task); }, loss);
}

}  // namespace
}  // namespace lossbench::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lossbench::simd {

HWY_EXPORT(distances);

double compute_rows(const Distances& loss, const RowWork& work, const RowTask& task) {
  return HWY_DYNAMIC_DISPATCH(distances)(loss, work, task);
}

}  // namespace lossbench::simd
#endif
