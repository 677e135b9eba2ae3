// Softmax cross-entropy of rows of logits, on vectors.
//
// A row is read once. Exponentials are relative to a reference that follows the largest logit, and is raised only when one exceeds it by
// more than kSlack, so that what was added before is rescaled a few times a row, in double.   [Milakov & Gimelshein 2018]
// With gradients they are kept in the second-level cache, and the gradient is one product each: the logits are not read again, and no
// exponential is computed twice. The label's own exponential is left out of the sum, so that a confident row keeps its digits:
// -log p = log1p(Σ_others e^(x_c - x_label)).
//
//   Moves    logits: 1 read; gradient: 1 write
//   Error    e^d has relative error u·(2 + |d|); four are added in float (2u), the rest in double; all else is double until a gradient
//            is rounded
#include <cmath>
#include <cstring>
#include <limits>

#include "contenders/cpu/softmax_work.h"
#include "contenders/cpu/targets.h"
#include "core/float16.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "contenders/cpu/softmax.cpp"
#include "hwy/foreach_target.h"

#include "contenders/cpu/vector_math-inl.h"
#include "contenders/cpu/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lossbench::simd::HWY_NAMESPACE {
namespace {

using V = FloatVector;
constexpr std::int64_t kLogits = 4 * kLanes;  // of one block
constexpr float kSlack = 4, kLowest = std::numeric_limits<float>::lowest(), kNothing = -std::numeric_limits<float>::infinity();
constexpr float kLeastNormal = -87.0f;  // e^-87 is a normal number
static_assert(kLogits <= kMostBlock);

template <class T>
T element(float x) {
  if constexpr (sizeof(T) == 2) return {to_bf16_bits(x)};
  else return x;
}
float widened(float x) { return x; }
float widened(BFloat16 x) { return from_bf16_bits(x.bits); }

/// e^d for d from -87 to kSlack: the exponent is put in place at once.
HWY_INLINE V exp_of_normal(V d) {
  const Floats f;
  const V shift = hn::Set(f, kShift + 127), shifted = hn::MulAdd(d, hn::Set(f, 1.44269504f), shift);
  const V rest = hn::NegMulAdd(hn::Sub(shifted, shift), hn::Set(f, 0.693147181f), d);
  const V mantissa = horner(f, rest, 1.0f, 1.0f, 0.49999994f, 0.16666515f, 0.041668456f, 0.00836941f, 0.0013813161f);
  return hn::Mul(mantissa, hn::BitCast(f, hn::ShiftLeft<23>(hn::BitCast(hn::RebindToUnsigned<Floats>(), shifted))));
}

/// One row as it is read.
struct RowSum {
  WideSum sum;              ///< Σ e^(x - reference), the label's left out
  float reference = kLowest;  ///< finite, so that a masked logit is -inf away from it and never NaN

  HWY_INLINE RowSum() {}

  HWY_INLINE void raise(float to) {
    sum.multiply(std::exp(static_cast<double>(reference) - static_cast<double>(to)));
    reference = to;
  }

  /// Takes in a block; writes its exponentials where there is a place.
  template <class T>
  HWY_INLINE void add(const T* x, float* exponentials) {
    const Floats f;
    const V x0 = load(x), x1 = load(x + kLanes), x2 = load(x + 2 * kLanes), x3 = load(x + 3 * kLanes);
    const V highest = hn::Max(hn::Max(x0, x1), hn::Max(x2, x3));
    if (HWY_UNLIKELY(!hn::AllFalse(f, hn::Gt(highest, hn::Set(f, reference + kSlack))))) raise(hn::GetLane(hn::MaxOfLanes(f, highest)));
    const V from = hn::Set(f, reference);
    const V d0 = hn::Sub(x0, from), d1 = hn::Sub(x1, from), d2 = hn::Sub(x2, from), d3 = hn::Sub(x3, from);
    const V lowest = hn::Min(hn::Min(d0, d1), hn::Min(d2, d3));
    V e0, e1, e2, e3;
    if (HWY_LIKELY(hn::AllTrue(f, hn::Ge(lowest, hn::Set(f, kLeastNormal))))) {
      e0 = exp_of_normal(d0), e1 = exp_of_normal(d1), e2 = exp_of_normal(d2), e3 = exp_of_normal(d3);
    } else {
      e0 = exp_of_moderate(f, d0), e1 = exp_of_moderate(f, d1), e2 = exp_of_moderate(f, d2), e3 = exp_of_moderate(f, d3);
    }
    sum.add(hn::Add(hn::Add(e0, e1), hn::Add(e2, e3)));
    if (!exponentials) return;
    hn::StoreU(e0, f, exponentials);
    hn::StoreU(e1, f, exponentials + kLanes);
    hn::StoreU(e2, f, exponentials + 2 * kLanes);
    hn::StoreU(e3, f, exponentials + 3 * kLanes);
  }
};

/// Σ w_c and Σ w_c·(reference - x_c) over all classes: what label smoothing asks for. A class of weight 0 has no part.
struct Shortfall {
  double weight, below;
};

template <class T>
HWY_NOINLINE Shortfall shortfall_of(const T* x, const T* weight, std::int64_t classes, double reference) {
  const Doubles d;
  const DoubleVector from = hn::Set(d, reference), zero = hn::Zero(d);
  DoubleVector weights = zero, below = zero;
  const auto add = [&](DoubleVector w, DoubleVector logit) HWY_ATTR {
    weights = hn::Add(weights, w);
    below = hn::Add(below, hn::IfThenElseZero(hn::Ne(w, zero), hn::Mul(w, hn::Sub(from, logit))));
  };
  const V one = hn::Set(Floats(), 1.0f);
  std::int64_t c = 0;
  for (; c + kLanes <= classes; c += kLanes) {
    const V logits = load(x + c), w = weight ? load(weight + c) : one;
    add(low_doubles(w), low_doubles(logits));
    if (HWY_TARGET != HWY_SCALAR) add(high_doubles(w), high_doubles(logits));
  }
  Shortfall all{hn::GetLane(hn::SumOfLanes(d, weights)), hn::GetLane(hn::SumOfLanes(d, below))};
  for (; c < classes; ++c) {
    const double w = weight ? widened(weight[c]) : 1.0;
    all.weight += w;
    if (w != 0) all.below += w * (reference - widened(x[c]));
  }
  return all;
}

/// One row of a problem.
template <class T>
class Row {
 public:
  Row(const SoftmaxWork& work, RowScratch scratch, std::int64_t index, std::int64_t label)
      : work_(work), scratch_(scratch), index_(index), label_(label), x_(static_cast<const T*>(work.logits) + index * work.row_stride),
        weight_(static_cast<const T*>(work.weight)), label_logit_(widened(x_[label])),
        label_weight_(weight_ ? widened(weight_[label]) : 1.0) {}

  /// Its loss, and its gradient where that has a place.
  HWY_NOINLINE double compute() {
    read();
    const double a = double(row_.reference) - double(label_logit_);
    others_ = row_.sum.total();
    // log Σ e^(x_c - x_label), from whichever form does not overflow.
    double surprise = a < 30 ? std::log1p(others_ * std::exp(a)) : a + std::log(others_ + std::exp(-a));
    const bool nothing = label_logit_ == kNothing && others_ == 0;
    if (nothing || !(label_logit_ < std::numeric_limits<float>::infinity())) surprise = std::numeric_limits<double>::quiet_NaN();
    double loss = surprise != surprise ? surprise : 0;
    if (work_.own * label_weight_ != 0) loss += work_.own * label_weight_ * surprise;
    if (work_.share != 0) {
      shortfall_ = shortfall_of(x_, weight_, work_.classes, label_logit_ == kNothing ? row_.reference : label_logit_);
      const double log_sum = label_logit_ == kNothing ? std::log(others_) : surprise;  // log Σ e^(x_c - the shortfall's reference)
      loss += work_.share * (shortfall_.weight * log_sum + shortfall_.below);
    }
    if (work_.gradient) write_gradient(surprise != surprise);
    return loss;
  }

 private:
  /// All logits but the label's, block by block. The block of the label and the last one go through a copy, where -inf stands for
  /// what is not there.
  void read() {
    const std::int64_t own = label_ / kLogits, whole = work_.classes / kLogits;
    add_blocks(0, own);
    add_copy(own);
    add_blocks(own + 1, whole);
    if (own < whole && whole * kLogits < work_.classes) add_copy(whole);
  }
  void add_blocks(std::int64_t first, std::int64_t end) {
    RowSum row = row_;  // stays in registers
    for (std::int64_t b = first; b < end; ++b) {
      row.add(x_ + b * kLogits, exponentials_of(b));
      if (work_.gradient) scratch_.references[b] = row.reference;
    }
    row_ = row;
  }
  float* exponentials_of(std::int64_t block) const { return work_.gradient ? scratch_.exponentials + block * kLogits : nullptr; }

  HWY_NOINLINE void add_copy(std::int64_t block) {
    HWY_ALIGN T copy[kLogits];
    const std::int64_t first = block * kLogits, count = std::min(kLogits, work_.classes - first);
    std::memcpy(copy, x_ + first, static_cast<std::size_t>(count) * sizeof(T));
    for (std::int64_t i = count; i < kLogits; ++i) copy[i] = element<T>(kNothing);
    if (label_ >= first && label_ < first + count) copy[label_ - first] = element<T>(kNothing);
    row_.add(copy, exponentials_of(block));
    if (work_.gradient) scratch_.references[block] = row_.reference;
  }

  /// Exponentials that were taken before the reference was last raised, relative to what it is now.
  void settle() {
    const Floats f;
    const std::int64_t blocks = (work_.classes + kLogits - 1) / kLogits;
    for (std::int64_t b = 0; b < blocks && scratch_.references[b] != row_.reference; ++b) {
      const V step = hn::Set(f, static_cast<float>(std::exp(double(scratch_.references[b]) - double(row_.reference))));
      for (float* e = scratch_.exponentials + b * kLogits; e < scratch_.exponentials + (b + 1) * kLogits; e += kLanes)
        hn::StoreU(hn::Mul(load(e), step), f, e);
    }
  }

  /// s·(p_c·(T + …) - t_c) with T = Σ t; at the label s·(p_y·(T - t_y) - t_y·(1 - p_y)), where 1 - p_y is others/l.
  void write_gradient(bool undefined) {
    settle();
    const double scale = work_.factor * (work_.upstream ? widened(static_cast<const T*>(work_.upstream)[index_]) : 1.0);
    // Of the label and of all others, relative to the larger of reference and label: neither overflows.
    const double peak = std::max<double>(row_.reference, label_logit_), shrink = std::exp(row_.reference - peak);
    const double label_part = std::exp(label_logit_ - peak), others = others_ * shrink, l = label_part + others;
    const double own = work_.own * label_weight_, spread = work_.share * shortfall_.weight;
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const double factor = undefined ? nan : scale * (own + spread) / l * shrink;
    const double at_label = label_part / l * (spread - work_.share * label_weight_) - label_weight_ * (work_.own + work_.share) * (others / l);
    T* const to = static_cast<T*>(work_.gradient) + index_ * work_.gradient_stride;
    write_products(static_cast<float>(factor), static_cast<float>(scale * work_.share), to);
    to[label_] = element<T>(static_cast<float>(undefined ? nan : scale * at_label));
  }

  HWY_NOINLINE void write_products(float factor, float share, T* to) const {
    constexpr std::uintptr_t kBytes = kLanes * sizeof(float);
    const Floats f;
    const V factors = hn::Set(f, factor), shares = hn::Set(f, share);
    const float* const e = scratch_.exponentials;
    const auto one = [&](std::int64_t c) { to[c] = element<T>(factor * e[c] - (share == 0 ? 0 : share * (weight_ ? widened(weight_[c]) : 1))); };
    std::int64_t c = 0;
    if (work_.stream)
      for (; c < work_.classes && reinterpret_cast<std::uintptr_t>(to + c) % kBytes != 0; ++c) one(c);
    if (share == 0) {
      for (; c + 2 * kLanes <= work_.classes; c += 2 * kLanes)
        store(hn::Mul(load(e + c), factors), hn::Mul(load(e + c + kLanes), factors), to + c, work_.stream);
    } else {
      for (; c + 2 * kLanes <= work_.classes; c += 2 * kLanes) {
        const V a = weight_ ? hn::Mul(load(weight_ + c), shares) : shares, b = weight_ ? hn::Mul(load(weight_ + c + kLanes), shares) : shares;
        store(hn::Sub(hn::Mul(load(e + c), factors), a), hn::Sub(hn::Mul(load(e + c + kLanes), factors), b), to + c, work_.stream);
      }
    }
    for (; c < work_.classes; ++c) one(c);
  }

  const SoftmaxWork& work_;
  RowScratch scratch_;
  std::int64_t index_, label_;
  const T* x_;
  const T* weight_;
  float label_logit_;
  double label_weight_;
  RowSum row_;
  double others_ = 0;
  Shortfall shortfall_{};
};

template <class T>
double rows_of(const SoftmaxWork& work, RowScratch scratch, std::int64_t part) {
  double sum = 0;
  const std::int64_t first = part * work.rows_of_part(), end = std::min(work.rows, first + work.rows_of_part());
  for (std::int64_t row = first; row < end; ++row) {
    const std::int64_t label = work.label(row);
    double loss = 0;
    if (work.keeps(label)) loss = Row<T>(work, scratch, row, label).compute();
    else if (work.gradient)
      std::memset(static_cast<T*>(work.gradient) + row * work.gradient_stride, 0, static_cast<std::size_t>(work.classes) * sizeof(T));
    if (work.losses) static_cast<T*>(work.losses)[row] = element<T>(static_cast<float>(loss));
    sum += loss;
  }
  return sum;
}

double softmax_rows(const SoftmaxWork& work, RowScratch scratch, std::int64_t part) {
  return work.narrow ? rows_of<BFloat16>(work, scratch, part) : rows_of<float>(work, scratch, part);
}

}  // namespace
}  // namespace lossbench::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lossbench::simd {

HWY_EXPORT(softmax_rows);

double compute_rows(const SoftmaxWork& work, RowScratch scratch, std::int64_t part) {
  return HWY_DYNAMIC_DISPATCH(softmax_rows)(work, scratch, part);
}

}  // namespace lossbench::simd
#endif
