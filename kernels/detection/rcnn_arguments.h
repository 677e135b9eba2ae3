// What the kernels of the Faster R-CNN losses are given.
#pragma once

#include "kernels/detection/quad.h"
#include "kernels/detection/rcnn_form.h"
#include "kernels/losses/smooth_l1_weighted.h"
#include "kernels/primitives/labels.h"

namespace lossbench::inline SIMT_BUILD::detection {

/// Where the numbers of one anchor lie.
struct AnchorPlace {
  std::int64_t label;          ///< also of its loss, and of its boxes in fours
  std::int64_t first, second;  ///< background score (or the only logit), object score
};

/// Anchors. Of [N, k·A, H, W] neighbouring threads take neighbouring cells of one anchor, so that scores are read in full sectors;
/// labels, in the order (image, y, x, anchor), are then a stride of A apart.
template <class T>
struct AnchorPart {
  std::int64_t count = 0;
  std::int64_t anchors = 1, cells = 1;  ///< A and H·W
  bool channels = false, single_logit = false;
  bool scores_aligned = false, boxes_aligned = false;
  simt::Global<const T> scores;
  Labels labels;
  simt::Global<const T> boxes, targets;  ///< of every anchor, or null; those with label 1 enter
  simt::Global<T> score_gradient, box_gradient;
  simt::Global<T> losses;                ///< reduction none
  simt::Global<const T> upstream;        ///< the same
  losses::SmoothL1 smooth;

  __device__ AnchorPlace place(std::int64_t i) const {
    const int width = single_logit ? 1 : 2;
    if (!channels) return {i, i * width, i * width + 1};
    const std::int64_t cell = i % cells, anchor = i / cells % anchors, image = i / (cells * anchors);
    const std::int64_t first = (image * width * anchors + anchor) * cells + cell;
    return {(image * cells + cell) * anchors + anchor, first, first + anchors * cells};
  }
};

/// Boxes with weights, coordinate by coordinate, whatever the layout.
template <class T>
struct BoxPart {
  std::int64_t count = 0;  ///< coordinates
  bool in_phase = false;   ///< all arrays are equally far from a 16-byte boundary
  bool masks_only = false;
  simt::Global<const T> boxes, targets, inside, outside;
  simt::Global<T> gradient, losses;
  simt::Global<const T> upstream;
  losses::SmoothL1Weighted smooth;
};

/// RoIs: a row of scores and four numbers for each class.
template <class T>
struct RoiPart {
  std::int64_t count = 0;
  int classes = 0;
  bool compact = false;  ///< targets and weights of four numbers a RoI
  bool aligned = false;
  simt::Global<const T> scores;
  Labels labels;
  simt::Global<const T> boxes, targets, inside, outside;  ///< absent weights are 1
  simt::Global<T> score_gradient, box_gradient;
  losses::SmoothL1Weighted smooth;
};

/// Divisor and place of one part's loss.
template <class T>
struct TermArguments {
  bool present = false;
  double factor = 1;
  CountOf count = CountOf::constant;
  double constant = 1;
  bool zero_if_empty = true;
  simt::Global<Reduced<T>> loss;  ///< null where nobody asked

  __device__ double divisor(double sampled, double positives) const {
    return count == CountOf::constant ? constant : count == CountOf::sampled ? sampled : positives;
  }
  __device__ double quotient(double sum, double sampled, double positives) const {
    const double by = divisor(sampled, positives);
    return by == 0 ? (zero_if_empty ? 0.0 : double(NAN)) : sum / by;
  }
};

/// What a block's threads, and then the grid's blocks, add up: the loss of scores or boxes, and what divisors count.
struct PartSums {
  double scores, boxes;
  double sampled, positives;
};

/// Two sums that travel together through a warp.
struct SumPair {
  double first, second;
};
SIMT_FN SumPair operator+(const SumPair& a, const SumPair& b) { return {a.first + b.first, a.second + b.second}; }

template <class T>
struct RcnnArguments {
  AnchorPart<T> anchors;
  BoxPart<T> boxes;
  RoiPart<T> rois;
  unsigned anchor_blocks = 0, box_blocks = 0, roi_blocks = 0;  ///< in this order

  TermArguments<T> terms[kRcnnTerms];
  double count_unit = 1;                     ///< what one counted thing is worth: a coordinate is a quarter of a box
  simt::Global<Reduced<T>> loss;             ///< the sum of the parts; null with reduction none
  simt::Global<const Reduced<T>> upstream;

  simt::Global<double> counts;               ///< sampled and positives of every block of the count kernel, in pairs
  unsigned count_blocks = 0;                 ///< 0: no divisor is needed beforehand
  simt::Global<double> partials;             ///< four sums a block
  simt::Global<unsigned> ticket;
};

}  // namespace lossbench::inline SIMT_BUILD::detection
