// Softmax cross-entropy of rows of logits, on vectors.
//
// A row is read once. Exponentials are relative to a reference that follows the largest logit, and is raised only when one exceeds it by
// more than kSlack, so that what was added before is rescaled a few times a row, in double.   [Milakov & Gimelshein 2018]
// With gradients they are kept in the second-level cache, and the gradient is one product each: the logits are not read again, and no
// exponential is computed twice. The label's own exponential is left out of the sum, so that a confident row keeps its digits:
// -log p = log1p(Σ_others e^(x_c - x_label)).
//
// The exponentials and their running sum stand in softmax_sum-inl.h; here is what a row makes of them.
//
//   Moves    logits: 1 read; gradient: 1 write
//   Error    e^d has relative error u·(2 + |d|); four are added in float (2u), the rest in double; all else is double until a gradient
//            is rounded
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "contenders/cpu/softmax_work.h"
#include "contenders/cpu/targets.h"
#include "core/float16.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "contenders/cpu/softmax.cpp"
#include "hwy/foreach_target.h"

#include "contenders/cpu/softmax_sum-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lossbench::simd::HWY_NAMESPACE {
namespace {

using V = FloatVector;

template <class T>
T element(float x) {
  if constexpr (sizeof(T) == 2) return {to_bf16_bits(x)};
  else return x;
}

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
    // log Σ e^(x_c - x_label), and one exponential for all that follows.
    const double above = double(reference_) - double(label_logit_);
    nearness_ = std::exp(-std::abs(above));
    double surprise = above > 0 ? above + std::log(others_ + nearness_) : std::log1p(others_ * nearness_);
    const bool nothing = label_logit_ == kNothing && others_ == 0;
    if (nothing || !(label_logit_ < std::numeric_limits<float>::infinity())) surprise = std::numeric_limits<double>::quiet_NaN();
    double loss = surprise != surprise ? surprise : 0;
    if (work_.own * label_weight_ != 0) loss += work_.own * label_weight_ * surprise;
    if (work_.share != 0) {
      shortfall_ = shortfall_of(x_, weight_, work_.classes, label_logit_ == kNothing ? reference_ : label_logit_);
      const double log_sum = label_logit_ == kNothing ? std::log(others_) : surprise;  // log Σ e^(x_c - the shortfall's reference)
      loss += work_.share * (shortfall_.weight * log_sum + shortfall_.below);
    }
    if (work_.gradient) write_gradient(surprise != surprise);
    return loss;
  }

 private:
  /// All logits but the label's, block by block.
  HWY_NOINLINE void read() {
    const std::int64_t own = label_ / kLogits, blocks = (work_.classes + kLogits - 1) / kLogits;
    Block x = block(0, own);
    RowSum row(hn::GetLane(hn::MaxOfLanes(Floats(), x.largest())));
    for (std::int64_t b = 0;;) {
      if (work_.gradient) {
        row.add(x, scratch_.exponentials + b * kLogits);
        scratch_.references[b] = row.reference;
      } else {
        row.add(x, nullptr);
      }
      if (++b == blocks) break;
      announce(x_ + b * kLogits);
      x = block(b, own);
    }
    reference_ = row.reference, others_ = std::ldexp(row.sum.total(), -kLift);
  }
  HWY_INLINE Block block(std::int64_t index, std::int64_t own) const {
    const std::int64_t first = index * kLogits;
    if (HWY_LIKELY(first + kLogits <= work_.classes)) {
      Block x(x_ + first);
      if (HWY_UNLIKELY(index == own)) x.leave_out(label_ - first);
      return x;
    }
    return last_block(first);
  }
  HWY_NOINLINE Block last_block(std::int64_t first) const {
    HWY_ALIGN T copy[kLogits];
    const std::int64_t count = work_.classes - first;
    std::memcpy(copy, x_ + first, static_cast<std::size_t>(count) * sizeof(T));
    for (std::int64_t i = count; i < kLogits; ++i) copy[i] = element<T>(kNothing);
    if (label_ >= first) copy[label_ - first] = element<T>(kNothing);
    return Block(copy);
  }

  /// s·(p_c·(T + …) - t_c) with T = Σ t; at the label s·(p_y·(T - t_y) - t_y·(1 - p_y)), where 1 - p_y is others/l.
  void write_gradient(bool undefined) {
    const double scale = work_.factor * (work_.upstream ? widened(static_cast<const T*>(work_.upstream)[index_]) : 1.0);
    // Of the label and of all others, relative to the larger of reference and label: neither overflows.
    const bool label_below = label_logit_ < reference_;
    const double shrink = label_below ? 1 : nearness_, label_part = label_below ? nearness_ : 1;
    const double others = others_ * shrink, l = label_part + others;
    const double own = work_.own * label_weight_, spread = work_.share * shortfall_.weight;
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const double factor = undefined ? nan : scale * (own + spread) / l * shrink;
    const double at_label = label_part / l * (spread - work_.share * label_weight_) - label_weight_ * (work_.own + work_.share) * (others / l);
    T* const to = static_cast<T*>(work_.gradient) + index_ * work_.gradient_stride;
    // Blocks whose exponentials are relative to one reference at a time: few, since it is seldom raised.
    for (std::int64_t first = 0, end; first < work_.classes; first = end) {
      const float reference = scratch_.references[first / kLogits];
      for (end = first + kLogits; end < work_.classes && scratch_.references[end / kLogits] == reference;) end += kLogits;
      const float step = reference == reference_ ? 1.0f : static_cast<float>(ratio(reference, reference_));
      write_products(step, static_cast<float>(std::ldexp(factor, -kLift)), static_cast<float>(scale * work_.share), to, first,
                     std::min(end, work_.classes));
    }
    to[label_] = element<T>(static_cast<float>(undefined ? nan : scale * at_label));
  }

  HWY_NOINLINE void write_products(float step, float factor, float share, T* to, std::int64_t c, std::int64_t end) const {
    constexpr std::uintptr_t kBytes = kLanes * sizeof(float);
    const Floats f;
    const V steps = hn::Set(f, step), factors = hn::Set(f, factor), shares = hn::Set(f, share);
    const float* const e = scratch_.exponentials;
    const auto one = [&](std::int64_t at) {
      to[at] = element<T>(e[at] * step * factor - (share == 0 ? 0 : share * (weight_ ? widened(weight_[at]) : 1)));
    };
    const auto some = [&](std::int64_t at) HWY_ATTR { return hn::Mul(hn::Mul(load(e + at), steps), factors); };
    const auto shared = [&](std::int64_t at) HWY_ATTR { return weight_ ? hn::Mul(load(weight_ + at), shares) : shares; };
    if (work_.stream)
      for (; c < end && reinterpret_cast<std::uintptr_t>(to + c) % kBytes != 0; ++c) one(c);
    if (share == 0) {
      for (; c + 2 * kLanes <= end; c += 2 * kLanes) store(some(c), some(c + kLanes), to + c, work_.stream);
    } else {
      for (; c + 2 * kLanes <= end; c += 2 * kLanes)
        store(hn::Sub(some(c), shared(c)), hn::Sub(some(c + kLanes), shared(c + kLanes)), to + c, work_.stream);
    }
    for (; c < end; ++c) one(c);
  }

  const SoftmaxWork& work_;
  RowScratch scratch_;
  std::int64_t index_, label_;
  const T* x_;
  const T* weight_;
  float label_logit_;
  double label_weight_;
  float reference_ = kLowest;
  double others_ = 0, nearness_ = 0;
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
