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
  using Sums = WideSums<3>;
  Scalar scalar;
  bool taxicab, swap;
  explicit TripletMargin(const Scalar& options) : scalar(options), taxicab(options.p == 1), swap(options.swap) {}

  HWY_INLINE void add(Sums& sums, const V (&x)[3], const auto& lanes, const Wide&) const {
    const Wide anchor = widen(x[0]), positive = widen(x[1]), negative = widen(x[2]);
    enter(sums.sum[0], lanes.kept(difference(anchor, positive)));
    enter(sums.sum[1], lanes.kept(difference(anchor, negative)));
    if (swap) enter(sums.sum[2], lanes.kept(difference(positive, negative)));
  }

  enum Factors { kNear, kFar, kAcross, kSwapped, kFactors };
  void factors(const Scalar::Result& row, const RowHead& head, double* to) const {
    to[kNear] = row.positive * head.scale, to[kFar] = row.negative * head.scale, to[kAcross] = row.between * head.scale;
    to[kSwapped] = row.between != 0;
  }
  bool flat(const Scalar::Result& row) const { return !row.active; }

  HWY_INLINE Gradients<3> gradient(const V (&x)[3], const Wide* row, const auto&) const {
    const Wide anchor = widen(x[0]), positive = widen(x[1]), negative = widen(x[2]);
    const Wide near = pull(difference(anchor, positive), row[kNear]), far = pull(difference(anchor, negative), row[kFar]);
    if (!swap) return {{narrow(near - far), narrow(-near), narrow(far)}};
    // The distance that does not count is left out, not multiplied by 0: it may be infinite.
    const Wide away = zero_if(row[kSwapped], far), across = zero_unless(row[kSwapped], pull(difference(positive, negative), row[kAcross]));
    return {{narrow(near - away), narrow(-near - across), narrow(away + across)}};
  }

 private:
  HWY_INLINE Wide difference(const Wide& u, const Wide& v) const { return u - v + wide_set(scalar.eps); }
  HWY_INLINE void enter(WideSum& sum, const Wide& d) const {
    if (taxicab) sum.add(abs(d));
    else sum.add_product(d, d);
  }
  HWY_INLINE Wide pull(const Wide& d, const Wide& factor) const { return (taxicab ? sign(d) : d) * factor; }
};

struct CosineEmbedding {
  using Scalar = losses::CosineEmbedding;
  using Sums = WideSums<3>;
  Scalar scalar;
  explicit CosineEmbedding(const Scalar& options) : scalar(options) {}

  HWY_INLINE void add(Sums& sums, const V (&x)[2], const auto& lanes, const Wide&) const {
    const Wide a = widen(lanes.kept(x[0])), b = widen(lanes.kept(x[1]));
    sums.sum[0].add_product(a, b);
    sums.sum[1].add_product(a, a);
    sums.sum[2].add_product(b, b);
  }

  enum Factors { kOther, kFirst, kSecond, kFactors };
  void factors(const Scalar::Result& row, const RowHead& head, double* to) const {
    to[kOther] = row.across * head.scale, to[kFirst] = row.first * head.scale, to[kSecond] = row.second * head.scale;
  }
  bool flat(const Scalar::Result& row) const { return !row.active; }

  HWY_INLINE Gradients<2> gradient(const V (&x)[2], const Wide* row, const auto&) const {
    const Wide a = widen(x[0]), b = widen(x[1]);
    return {{narrow(row[kOther] * b - row[kFirst] * a), narrow(row[kOther] * a - row[kSecond] * b)}};
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
