// The parts of the Faster R-CNN losses, each worked on by blocks of its own: one anchor a thread, one vector of box coordinates a
// thread, one RoI a warp. Everything is read once, without waiting for a label to say whether it is needed; what a label or a
// weight of 0 leaves out is then not used, so a NaN there does no harm, and its gradient is written as 0.
#pragma once

#include "core/problem.h"
#include "kernels/detection/rcnn_arguments.h"
#include "kernels/detection/warp_row.h"
#include "kernels/losses/bce.h"
#include "kernels/primitives/grid_loop.h"

namespace lossbench::inline SIMT_BUILD::detection {

/// The blocks of one part: which of them this block is.
struct BlockSpan {
  unsigned block, blocks;
  __device__ std::int64_t thread() const { return std::int64_t(block) * kBlockThreads + threadIdx.x; }
  __device__ std::int64_t threads() const { return std::int64_t(blocks) * kBlockThreads; }
};

/// What derivatives of the parts are multiplied by: upstream·factor/divisor.
struct Scales {
  double of[kRcnnTerms];
};

/// Softmax cross-entropy of two scores with gradients; a NaN in either, two -inf or a +inf give NaN throughout.
template <class Real>
__device__ __forceinline__ double two_class(Real own, Real other, double scale, Real& own_gradient, Real& other_gradient) {
  RowSums<Real> row{{larger(own, other), own}, 0, {0, 0}};
  row.others = double(math::exp(other - row.peak.maximum));
  const CrossEntropySlope<Real> slope(row, 0, scale);
  own_gradient = slope(0, own);
  other_gradient = slope(1, other);
  return cross_entropy(row);
}

template <Pass kPass, class T>
__device__ void anchor_part(const AnchorPart<T>& part, const Scales& scales, BlockSpan span, PartSums& sums) {
  using Real = Arithmetic<T>;
  for (std::int64_t i = span.thread(); i < part.count; i += span.threads()) {
    const AnchorPlace place = part.place(i);
    const std::int64_t label = part.labels[place.label];
    Real score[2] = {0, 0};
    if (part.single_logit) {
      score[1] = widen(simt::load<simt::Cache::streaming>(part.scores, place.first));
    } else if (part.scores_aligned) {
      const auto pair = simt::load<2, simt::Cache::streaming>(part.scores, place.first);
      score[0] = widen(pair[0]), score[1] = widen(pair[1]);
    } else {
      score[0] = widen(simt::load<simt::Cache::streaming>(part.scores, place.first));
      score[1] = widen(simt::load<simt::Cache::streaming>(part.scores, place.second));
    }
    Real box[4], target[4];
    if (part.boxes) {
      load_quad(part.boxes, 4 * i, part.boxes_aligned, box);
      load_quad(part.targets, 4 * i, part.boxes_aligned, target);
    }

    const bool sampled = label == 0 || label == 1, positive = label == 1;
    double scale = scales.of[kAnchorScores], loss = 0;
    if (kPass == Pass::gradient && part.upstream) scale *= double(widen(simt::load(part.upstream, place.label)));
    Real gradient[2] = {0, 0};
    if (sampled && part.single_logit) {
      const losses::BceLogits bce{};
      loss = double(bce.value(score[1], Real(label), Real(1), Real(1)));
      gradient[1] = Real(scale) * bce.gradient(score[1], Real(label), Real(1), Real(1));
    } else if (sampled) {
      const bool swapped = positive;  // by selection: an array indexed by a label lives in local memory
      Real own = 0, other = 0;
      loss = two_class(swapped ? score[1] : score[0], swapped ? score[0] : score[1], scale, own, other);
      gradient[0] = swapped ? other : own;
      gradient[1] = swapped ? own : other;
    }
    sums.scores += loss;
    sums.sampled += sampled;
    sums.positives += positive;
    if (part.losses) simt::store<simt::Cache::streaming>(part.losses, place.label, narrow<T>(loss));
    if (kPass == Pass::gradient && part.score_gradient) {
      if (part.single_logit) {
        simt::store<simt::Cache::streaming>(part.score_gradient, place.first, narrow<T>(gradient[1]));
      } else if (part.scores_aligned) {
        simt::store<simt::Cache::streaming>(part.score_gradient, place.first,
                                            simt::Vec<T, 2>{{narrow<T>(gradient[0]), narrow<T>(gradient[1])}});
      } else {
        simt::store<simt::Cache::streaming>(part.score_gradient, place.first, narrow<T>(gradient[0]));
        simt::store<simt::Cache::streaming>(part.score_gradient, place.second, narrow<T>(gradient[1]));
      }
    }
    if (!part.boxes) continue;
    Real slope[4];
#pragma unroll
    for (int k = 0; k < 4; ++k) {
      if (positive) sums.boxes += double(part.smooth.value(box[k], target[k]));
      slope[k] = positive ? Real(scales.of[kAnchorBoxes]) * part.smooth.gradient(box[k], target[k]) : Real(0);
    }
    if (kPass == Pass::gradient && part.box_gradient) store_quad(part.box_gradient, 4 * i, part.boxes_aligned, slope);
  }
}

template <class Real>
__device__ __forceinline__ Real mask_of(Real weight) { return weight == 0 || weight != weight ? weight : Real(1); }

/// One coordinate: adds its loss, returns its derivative.
template <class T>
__device__ __forceinline__ Arithmetic<T> box_coordinate(const BoxPart<T>& part, std::int64_t i, const Arithmetic<T> (&x)[4], double scale,
                                                        PartSums& sums) {
  using Real = Arithmetic<T>;
  const Real outside = part.masks_only ? mask_of(x[3]) : x[3];
  const Real loss = part.smooth.value(x[0], x[1], x[2], outside);
  sums.boxes += double(loss);
  sums.sampled += x[3] != 0;
  sums.positives += x[2] != 0;
  if (part.losses) simt::store<simt::Cache::streaming>(part.losses, i, narrow<T>(loss));
  if (part.upstream) scale *= double(widen(simt::load(part.upstream, i)));
  // An element without weight is 0 even where nothing is to be divided by.
  return x[2] == 0 || outside == 0 ? Real(0) : Real(scale) * part.smooth.gradient(x[0], x[1], x[2], outside);
}

template <Pass kPass, class T>
__device__ void box_part(const BoxPart<T>& part, const Scales& scales, BlockSpan span, PartSums& sums) {
  using Real = Arithmetic<T>;
  constexpr int kWidth = kVectorWidth<T>;
  const double scale = scales.of[kBoxes];
  const std::int64_t phase = part.boxes.misalignment(), head = phase < part.count ? phase : part.count;
  const std::int64_t vectors = part.in_phase ? (part.count - head) / kWidth : 0, rest = part.count - vectors * kWidth;
  for (std::int64_t n = span.thread(); n < rest; n += span.threads()) {
    const std::int64_t i = n < head ? n : n + vectors * kWidth;
    const Real x[4] = {widen(simt::load(part.boxes, i)), widen(simt::load(part.targets, i)), widen(simt::load(part.inside, i)),
                       widen(simt::load(part.outside, i))};
    const Real slope = box_coordinate(part, i, x, scale, sums);
    if (kPass == Pass::gradient && part.gradient) simt::store<simt::Cache::streaming>(part.gradient, i, narrow<T>(slope));
  }
  for (std::int64_t n = span.thread(); n < vectors; n += span.threads()) {
    const std::int64_t i = head + n * kWidth;
    const auto box = simt::load<kWidth, simt::Cache::streaming>(part.boxes, i);
    const auto target = simt::load<kWidth, simt::Cache::streaming>(part.targets, i);
    const auto inside = simt::load<kWidth, simt::Cache::streaming>(part.inside, i);
    const auto outside = simt::load<kWidth, simt::Cache::streaming>(part.outside, i);
    simt::Vec<T, kWidth> gradient;
#pragma unroll
    for (int e = 0; e < kWidth; ++e) {
      const Real x[4] = {widen(box[e]), widen(target[e]), widen(inside[e]), widen(outside[e])};
      gradient[e] = narrow<T>(box_coordinate(part, i + e, x, scale, sums));
    }
    if (kPass == Pass::gradient && part.gradient) simt::store<simt::Cache::streaming>(part.gradient, i, gradient);
  }
}

/// Four numbers of one class of a RoI: adds their loss, writes their derivatives.
template <Pass kPass, class T>
__device__ __forceinline__ void roi_quad(const RoiPart<T>& part, std::int64_t box, std::int64_t target, bool enters, double scale,
                                         PartSums& sums) {
  using Real = Arithmetic<T>;
  Real slope[4] = {0, 0, 0, 0};
  if (enters) {
    Real x[4], t[4], inside[4] = {1, 1, 1, 1}, outside[4] = {1, 1, 1, 1};
    load_quad(part.boxes, box, part.aligned, x);
    load_quad(part.targets, target, part.aligned, t);
    if (part.inside) load_quad(part.inside, target, part.aligned, inside);
    if (part.outside) load_quad(part.outside, target, part.aligned, outside);
#pragma unroll
    for (int k = 0; k < 4; ++k) {
      sums.boxes += double(part.smooth.value(x[k], t[k], inside[k], outside[k]));
      slope[k] = Real(scale) * part.smooth.gradient(x[k], t[k], inside[k], outside[k]);
    }
  }
  if (kPass == Pass::gradient && part.box_gradient) store_quad(part.box_gradient, box, part.aligned, slope);
}

template <Pass kPass, class T>
__device__ void roi_part(const RoiPart<T>& part, const Scales& scales, BlockSpan span, PartSums& sums) {
  using Real = Arithmetic<T>;
  constexpr int kWarps = kBlockThreads / kWarp;
  const int lane = int(threadIdx.x) % kWarp, warp = int(threadIdx.x) / kWarp;
  for (std::int64_t row = std::int64_t(span.block) * kWarps + warp; row < part.count; row += std::int64_t(span.blocks) * kWarps) {
    const std::int64_t first = row * part.classes;
    const std::int64_t given = warp_broadcast(lane == 0 ? part.labels[row] : std::int64_t(0), 0);
    const int label = given >= 0 && given < part.classes ? int(given) : -1;
    const WarpRow<T> scores(part.scores.offset(first), part.classes);
    const RowSums<Real> reduced = scores.sums(label);
    if (label >= 0 && lane == 0) sums.scores += cross_entropy(reduced);
    if (kPass == Pass::gradient && part.score_gradient) {
      const CrossEntropySlope<Real> slope(reduced, label, scales.of[kRoiScores]);
      scores.each([&](int c, Real x) {
        simt::store<simt::Cache::streaming>(part.score_gradient, first + c, narrow<T>(label < 0 ? Real(0) : slope(c, x)));
      });
    }
    for (int c = lane; c < part.classes; c += kWarp) {
      const bool enters = !part.compact || (c == label && label > 0);
      if (kPass == Pass::forward && !enters) continue;
      roi_quad<kPass>(part, 4 * (first + c), part.compact ? 4 * row : 4 * (first + c), enters, scales.of[kRoiBoxes], sums);
    }
  }
}

}  // namespace lossbench::inline SIMT_BUILD::detection
