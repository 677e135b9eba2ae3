// The Faster R-CNN losses as a string of framework operations.
#pragma once

#include "kernels/detection/eager_rcnn.h"

namespace lossbench::inline SIMT_BUILD::detection {

template <class T, Pass kPass>
class UnfusedRcnn {
 public:
  UnfusedRcnn(const Problem& problem, eager::Graph& graph)
      : problem_(problem), graph_(graph), form_(rcnn_form(problem)), arguments_(rcnn_arguments<T>(problem)) {}

  void run() {
    total_ = graph_.array<double>(1);
    count();
    if (form_.has_anchors()) anchors();
    if (form_.has_boxes()) {
      const BoxPart<T>& part = arguments_.boxes;
      boxes({part.boxes, part.targets, part.inside, part.outside, {}, false, part.masks_only}, part.count, part.count, part.smooth.smooth, kBoxes,
            part.gradient, form_.boxes);
    }
    if (form_.has_rois()) rois();
    graph_.run("total", 1, StoreTotal<T>{total_, arguments_.loss});
  }

 private:
  using Real = Arithmetic<T>;

  PartScale<T> scale(RcnnTerm term) const { return {arguments_.terms[term], counts_, arguments_.upstream}; }

  /// Masks and their sums, for the divisors that depend on data.
  void count() {
    counts_.unit = arguments_.count_unit;
    for (const CountOf which : {CountOf::sampled, CountOf::positives}) {
      bool needed = false;
      for (const TermForm& term : form_.terms) needed = needed || (term.present && term.count == which);
      if (!needed) continue;
      const bool by_labels = form_.has_anchors(), sampled = which == CountOf::sampled;
      const std::int64_t size = by_labels ? arguments_.anchors.count : arguments_.boxes.count;
      const auto mask = graph_.array<Real>(size);
      const auto weights = by_labels ? simt::Global<const T>() : sampled ? arguments_.boxes.outside : arguments_.boxes.inside;
      graph_.run("mask", size, CountMask<Real, T>{arguments_.anchors.labels, weights, sampled ? 0 : 1, mask});
      (sampled ? counts_.sampled : counts_.positives) = graph_.sum(mask, size);
    }
  }

  void finish(simt::Global<Real> losses, std::int64_t count, RcnnTerm term) {
    const auto sum = graph_.sum(losses, count);
    graph_.run("divide", 1, DividePart<T>{arguments_.terms[term], counts_, sum, total_, first_});
    first_ = false;
  }

  template <class Place>
  void classify(simt::Global<const T> scores, Labels labels, std::int64_t rows, int classes, Place place, RcnnTerm term,
                simt::Global<T> gradient, const char* prediction) {
    const auto log_probability = graph_.array<Real>(rows * classes), losses = graph_.array<Real>(rows);
    graph_.run("log_softmax", rows, eager::LogSoftmax<T, Place>{scores, log_probability, place, classes});
    graph_.run("nll", rows, Nll<Real>{log_probability, labels, classes, losses});
    finish(losses, rows, term);
    if (!eager::wants_gradient(problem_, prediction)) return;
    const auto slope = graph_.array<Real>(rows * classes);
    graph_.run("nll_backward", rows * classes, NllBackward<T>{labels, classes, scale(term), slope});
    graph_.run("log_softmax_backward", rows, eager::LogSoftmaxBackward<T, Place>{log_probability, slope, gradient, place, classes});
  }

  void boxes(const BoxList<T>& list, std::int64_t listed, std::int64_t predictions, const losses::SmoothL1& smooth, RcnnTerm term,
             simt::Global<T> gradient, const char* prediction) {
    const auto difference = graph_.array<Real>(listed), losses = graph_.array<Real>(listed);
    graph_.run("difference", listed, BoxDifference<T>{list, difference});
    graph_.run("smooth_l1", listed, Smooth<Real>{smooth, difference, losses});
    graph_.run("weigh", listed, WeighLosses<T>{list, losses});
    finish(losses, listed, term);
    if (!eager::wants_gradient(problem_, prediction)) return;
    graph_.run("smooth_l1_backward", listed, SmoothBackward<T>{list, smooth, scale(term), difference});
    graph_.run("difference_backward", predictions, ScatterBoxes<T>{list, difference, gradient});
  }

  void anchors() {
    const AnchorPart<T>& part = arguments_.anchors;
    const AnchorScorePlace place{part.anchors, part.cells, part.channels, part.single_logit ? 1 : 2};
    if (part.single_logit) {
      const auto losses = graph_.array<Real>(part.count);
      graph_.run("bce", part.count, BceOfAnchors<T>{part.scores, part.labels, place, losses, {}, {}});
      finish(losses, part.count, kAnchorScores);
      if (eager::wants_gradient(problem_, form_.anchor_scores))
        graph_.run("bce_backward", part.count, BceOfAnchors<T>{part.scores, part.labels, place, {}, scale(kAnchorScores), part.score_gradient});
    } else {
      classify(part.scores, part.labels, part.count, 2, place, kAnchorScores, part.score_gradient, form_.anchor_scores);
    }
    if (form_.anchor_boxes)
      boxes({part.boxes, part.targets, {}, {}, part.labels, true, false, 1, 2}, 4 * part.count, 4 * part.count, part.smooth, kAnchorBoxes, part.box_gradient,
            form_.anchor_boxes);
  }

  void rois() {
    const RoiPart<T>& part = arguments_.rois;
    classify(part.scores, part.labels, part.count, part.classes, eager::RowPlace{part.classes}, kRoiScores, part.score_gradient,
             form_.roi_scores);
    const std::int64_t all = 4 * part.count * part.classes;
    boxes({part.boxes, part.targets, part.inside, part.outside, part.labels, part.compact, false, part.classes, part.classes},
          part.compact ? 4 * part.count : all, all, part.smooth.smooth, kRoiBoxes, part.box_gradient, form_.roi_boxes);
  }

  const Problem& problem_;
  eager::Graph& graph_;
  RcnnForm form_;
  RcnnArguments<T> arguments_;
  Counts counts_;
  simt::Global<double> total_;
  bool first_ = true;
};

}  // namespace lossbench::inline SIMT_BUILD::detection
