// The mathematics of one row of softmax cross-entropy: what a thread gathers from its logits, and what the row's sums then say of
// its loss and of the gradient of each logit. Target weights are t_c = w_c·((1-ε)·q_c + ε/C), with q_c = [c = label] for labels.
//
// kRich: the row may have a softcap, a target of probabilities or an arg-max output. Without them each logit costs less.
#pragma once

#include "kernels/primitives/log_sum_exp.h"
#include "kernels/rowwise/row_pieces.h"
#include "kernels/rowwise/softmax_arguments.h"

namespace lossbench::inline SIMT_BUILD::rowwise {

/// What a team must know about its row, read by one thread for all.
template <class Real>
struct RowTarget {
  int label;     ///< or kIgnored, or kProbabilities
  Real weight;   ///< of the label's class
  double scale;  ///< factor of the row's gradient
};

/// The greatest logit and the lowest class that has it; no class where none exceeds -inf.
template <class Real>
struct Best {
  using Index = std::conditional_t<sizeof(Real) == 8, long long, int>;
  static constexpr Index kNone = 1 << 30;
  Real value;
  Index c;

  SIMT_FN void take(Real x, Index at) {
    if (x > value || (x == value && at < c && x > Real(-INFINITY))) value = x, c = at;
  }
};
template <class Real>
SIMT_FN Best<Real> no_best() { return {Real(-INFINITY), Best<Real>::kNone}; }

struct JoinBests {
  template <class Real>
  SIMT_FN Best<Real> operator()(Best<Real> a, const Best<Real>& b) const {
    a.take(b.value, b.c);
    return a;
  }
};

/// s·tanh(x/s). Keeps the order, and NaN.
template <class Real>
__device__ __forceinline__ Real capped(Real x, Real softcap) { return softcap * math::tanh(x / softcap); }

/// Its derivative, 1/cosh²(x/s) = 4e/(1+e)² with e = e^(-2|x/s|), which does not cancel where tanh is almost 1.
template <class Real>
__device__ __forceinline__ Real capped_slope(Real x, Real softcap) {
  const Real e = math::exp(-2 * math::abs(x / softcap));
  return 4 * e / ((1 + e) * (1 + e));
}

/// A stored logit as the loss sees it: times the scale where it is f8, then capped.
template <bool kRich, class T>
__device__ __forceinline__ RealOf<T> seen(const SoftmaxArguments<T>& arguments, RealOf<T> x) {
  if constexpr (simt::kIsFloat8<T>) x *= arguments.scale;
  if constexpr (kRich)
    if (arguments.softcap > 0) x = capped(x, arguments.softcap);
  return x;
}

/// The row's own targets, where they are probabilities.
template <class T>
struct TargetRow {
  simt::Global<const CompanionOf<T>> probabilities;
  std::int64_t stride = 1;
  int width = 1;  ///< in which runs of neighbours can be loaded

  __device__ TargetRow(const SoftmaxArguments<T>& arguments, std::int64_t row) {
    if (!arguments.probabilities) return;
    probabilities = arguments.probabilities.offset(arguments.probability_layout.first_class(row));
    stride = arguments.probability_layout.class_stride;
  }
  __device__ void in_phase_with(const Span& span) {
    if (probabilities && stride == 1) width = common_width(probabilities, span);
  }
};

/// use(k, t_c) for every logit of a piece that has a class. Only for rows that spread their target. One at a time: an array of them
/// would take more registers than the logits.
template <bool kRich, class T, class P, class Use>
__device__ __forceinline__ void target_weights(const SoftmaxArguments<T>& arguments, const TargetRow<T>& target, const P& piece, Use use) {
  using Companion = CompanionOf<T>;
  constexpr int kWidth = P::kRunWidth, kAccess = kWidth < kVector<Companion> ? kWidth : kVector<Companion>;
#pragma unroll
  for (int run = 0; run < P::kRuns; ++run) {
    const int base = piece.base[run];
    if (base < 0) continue;
    simt::Vec<Companion, kWidth> q{};
    if (kRich && target.probabilities)
      q = kWidth > 1 && target.stride == 1 ? load_run<kAccess, kWidth>(target.probabilities, base, target.width)
                                           : simt::Vec<Companion, kWidth>{simt::load(target.probabilities, base * target.stride)};
#pragma unroll
    for (int k = 0; k < kWidth; ++k) {
      const double own = kRich && target.probabilities ? arguments.own * double(simt::to_float(q[k])) + arguments.share : 1.0;
      use(run * kWidth + k, own * double(arguments.class_weight(base + k)));
    }
  }
}

/// What one thread gathers.
template <class T, bool kRich, bool kFast>
struct Tally {
  using Real = RealOf<T>;
  OnlineSum<Real, kFast> sum;
  Best<Real> best = no_best<Real>();

  template <class P>
  __device__ __forceinline__ void add(const SoftmaxArguments<T>& arguments, const TargetRow<T>& target, int label, P& piece) {
#pragma unroll
    for (int k = 0; k < P::kCount; ++k) {
      if constexpr (kRich) {
        if (!piece.holds(k)) continue;
        if (arguments.argmax) best.take(piece.x[k], piece.c(k));
      }
      piece.x[k] = seen<kRich>(arguments, piece.x[k]);
    }
    sum.add(piece.x, [&](int k) { return piece.c(k) == label; });
    if (!arguments.spreads()) return;
    target_weights<kRich>(arguments, target, piece, [&](int k, double t) { sum.add_shortfall(piece.x[k], t); });
  }
};

/// Factor that turns the shortfall's weights into target weights: class weights were added where every class has the same share.
template <class T>
__device__ __forceinline__ double spread_factor(const SoftmaxArguments<T>& arguments) {
  return arguments.probabilities ? 1.0 : arguments.share;
}

/// Loss of a kept row: Σ t_c·min(log l + m - x_c, most) + z·L², terms with t_c = 0 left out, L = m + log l. No term of the first sum
/// is negative and log l is at most log C, so nothing cancels and nothing is lost at any offset of the logits.
/// `floored` is Σ t_c·min(…) of the spread part where that has a floor.
template <class T>
__device__ double row_loss(const SoftmaxArguments<T>& arguments, const RowSums<RealOf<T>>& sums, const RowTarget<RealOf<T>>& target,
                           double floored) {
  const double log_l = double(sums.log_exponentials());
  double loss = log_l != log_l ? log_l : 0;
  const double own = target.label >= 0 ? arguments.own * double(target.weight) : 0;
  if (own != 0) {
    const double surprise = log_l + (double(sums.peak.maximum) - double(sums.peak.label_logit));
    loss += own * (surprise > arguments.most ? arguments.most : surprise);
  }
  if (arguments.spreads())
    loss += spread_factor(arguments) *
            (arguments.most < INFINITY ? floored : sums.shortfall.weight * log_l + sums.shortfall.below);
  if (arguments.z_loss != 0) {
    const double log_sum = double(sums.peak.maximum) + log_l;
    loss += arguments.z_loss * log_sum * log_sum;
  }
  return loss;
}

/// The gradient of a kept row's logits, s·(p_c·(T + 2zL) - t_c) with T = Σ t. At the label it is formed as
/// s·(p_y·(T - t_y + 2zL) - t_y·(1 - p_y)) with 1 - p_y = others/l, which keeps its digits when p_y is almost 1.
template <class T, bool kRich, bool kFast>
struct RowSlopes {
  using Real = RealOf<T>;
  Real factor, at_label, maximum;
  double scale;
  int label;

  __device__ RowSlopes(const SoftmaxArguments<T>& arguments, const RowSums<Real>& sums, const RowTarget<Real>& target)
      : maximum(sums.peak.maximum), label(target.label) {
    const double l = sums.exponentials(), spread = spread_factor(arguments), weight = label >= 0 ? double(target.weight) : 0;
    const double own = label >= 0 ? arguments.own * weight : 0;
    double pull = 0;  // 2zL
    if (arguments.z_loss != 0) pull = 2 * arguments.z_loss * (double(sums.peak.maximum) + double(sums.log_exponentials()));
    const double total = own + spread * sums.shortfall.weight + pull;
    const double label_probability = double(math::exp(sums.peak.label_logit - sums.peak.maximum)) / l;
    factor = Real(target.scale * total / l);
    scale = target.scale * spread;
    at_label = Real(target.scale * (label_probability * (spread * (sums.shortfall.weight - weight) + pull) -
                                    weight * (arguments.own + arguments.share) * (sums.others / l)));
  }

  /// Slopes of a piece, with its logits as they are stored.
  template <class P>
  __device__ __forceinline__ void of(const SoftmaxArguments<T>& arguments, const TargetRow<T>& target, const P& piece,
                                     Real (&slope)[P::kCount]) const {
#pragma unroll
    for (int k = 0; k < P::kCount; ++k) {
      slope[k] = factor * gradual_exponential<kFast>(seen<kRich>(arguments, piece.x[k]) - maximum);
    }
    if (arguments.spreads()) target_weights<kRich>(arguments, target, piece, [&](int k, double t) { slope[k] -= Real(scale * t); });
#pragma unroll
    for (int k = 0; k < P::kCount; ++k) {
      if (piece.c(k) == label) slope[k] = at_label;
      if constexpr (kRich)
        if (arguments.softcap > 0) slope[k] *= capped_slope(piece.x[k], arguments.softcap);
    }
  }
};

}  // namespace lossbench::inline SIMT_BUILD::rowwise
