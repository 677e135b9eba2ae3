// How the options and shapes of a Faster R-CNN loss read: which arrays form which part, and what each part is divided by. Host code.
#pragma once

#include <cstdint>
#include <string>

#include "core/problem.h"

namespace lossbench::inline SIMT_BUILD::detection {

/// What the sum of a part is divided by.
enum class CountOf : std::uint8_t { constant, sampled, positives };

/// One part of the loss: factor·Σ/divisor.
struct TermForm {
  const char* output = nullptr;  ///< where it is returned by itself; null: nowhere
  bool present = false;
  double factor = 1;
  CountOf count = CountOf::constant;
  double constant = 1;
  bool zero_if_empty = true;     ///< a divisor of 0 gives 0 instead of NaN
};

/// Parts in the order of RcnnForm::terms.
enum RcnnTerm { kAnchorScores, kAnchorBoxes, kBoxes, kRoiScores, kRoiBoxes, kRcnnTerms };

struct RcnnForm {
  TermForm terms[kRcnnTerms];

  // Anchors: scores of background and object, or one logit; boxes of positive anchors, where labels choose them.
  const char *anchor_scores = nullptr, *anchor_labels = nullptr, *anchor_boxes = nullptr, *anchor_targets = nullptr;
  bool single_logit = false;
  bool channels = false;  ///< [N, k·A, H, W] instead of rows
  // Boxes with weights, coordinate by coordinate.
  const char *boxes = nullptr, *targets = nullptr, *inside = nullptr, *outside = nullptr;
  bool masks_only = false;  ///< the outside weight only says whether, not how much
  // RoIs: scores of all classes and four numbers for each.
  const char *roi_scores = nullptr, *roi_labels = nullptr, *roi_boxes = nullptr, *roi_targets = nullptr, *roi_inside = nullptr,
             *roi_outside = nullptr;
  bool compact = false;  ///< targets of four numbers a RoI
  double beta = 1, roi_beta = 1;

  bool has_anchors() const { return anchor_scores != nullptr; }
  bool has_boxes() const { return boxes != nullptr; }
  bool has_rois() const { return roi_scores != nullptr; }
  /// Whether some part is divided by a number that depends on the data.
  bool counts() const {
    for (const TermForm& term : terms)
      if (term.present && term.count != CountOf::constant) return true;
    return false;
  }
};

/// 1/sigma² where sigma was given, else beta.
inline double beta_of(const Options& options) {
  return options.given("sigma") || !options.has("beta") ? 1 / (options.real("sigma") * options.real("sigma")) : options.real("beta");
}

inline double images_of(const Array& boxes) { return boxes.shape.size() > 2 ? double(boxes.shape.front()) : 1.0; }

inline TermForm anchor_scores_term(const Problem& problem, const std::string& normalizer, const char* output) {
  const Array& scores = problem.inputs.front().array;
  const double first = scores.shape.empty() ? 1.0 : double(scores.shape.front());
  TermForm term{.output = output, .present = true, .zero_if_empty = problem.options.word("empty") == "zero"};
  if (normalizer == "valid") term.count = CountOf::sampled;
  if (normalizer == "full") term.constant = double(problem.input("labels")->count());
  if (normalizer == "batch") term.constant = first;
  return term;
}

inline TermForm boxes_term(const Problem& problem, const std::string& normalizer, const char* output) {
  TermForm term{.output = output, .present = true};
  if (normalizer == "valid") term.count = CountOf::sampled;
  if (normalizer == "positives") term.count = CountOf::positives;
  if (normalizer == "locations") term.constant = double(problem.options.integer("locations"));
  return term;
}

inline RcnnForm rpn_cls_form(const Problem& problem) {
  RcnnForm form;
  const Reduction reduction = problem.reduction();
  const std::string normalizer = reduction == Reduction::mean ? problem.options.word("normalizer") : reduction == Reduction::batch ? "batch" : "none";
  form.anchor_scores = "rpn_cls_score", form.anchor_labels = "labels";
  form.single_logit = problem.options.word("cls") == "sigmoid_bce";
  form.channels = problem.options.word("layout") == "NCHW";
  form.terms[kAnchorScores] = anchor_scores_term(problem, normalizer, nullptr);
  return form;
}

inline RcnnForm rpn_box_form(const Problem& problem) {
  RcnnForm form;
  const Reduction reduction = problem.reduction();
  const Array& input = problem.inputs.front().array;
  const std::string normalizer = reduction == Reduction::mean ? problem.options.word("box_normalizer") : "none";
  form.boxes = "input", form.targets = "target", form.inside = "inside_weight", form.outside = "outside_weight";
  form.masks_only = normalizer != "none" && normalizer != "outside_weight";
  form.beta = beta_of(problem.options);
  form.terms[kBoxes] = boxes_term(problem, normalizer, nullptr);
  if (normalizer == "outside_weight") form.terms[kBoxes].constant = images_of(input);
  if (reduction == Reduction::batch) form.terms[kBoxes].constant = input.shape.empty() ? 1.0 : double(input.shape.front());
  return form;
}

inline RcnnForm rpn_form(const Problem& problem) {
  RcnnForm form;
  form.single_logit = problem.input("objectness") != nullptr;
  form.anchor_scores = form.single_logit ? "objectness" : "rpn_cls_score", form.anchor_labels = "labels";
  form.anchor_boxes = "bbox_pred", form.anchor_targets = "bbox_targets";
  form.beta = beta_of(problem.options);
  const std::string& normalizer = problem.options.word("box_normalizer");
  form.terms[kAnchorScores] = anchor_scores_term(problem, problem.options.word("cls_normalizer"), "loss_objectness");
  // Outside weights are 1/sampled, of which a box loss without samples has none: 0, not NaN.
  form.terms[kAnchorBoxes] = boxes_term(problem, normalizer == "outside_weight" ? "valid" : normalizer, "loss_box");
  form.terms[kAnchorBoxes].factor = problem.options.real("lambda");
  form.terms[kAnchorBoxes].zero_if_empty = normalizer == "outside_weight" || problem.options.word("empty") == "zero";
  return form;
}

inline void add_head(RcnnForm& form, const Problem& problem, const char* scores_output, double lambda) {
  form.roi_scores = "cls_score", form.roi_labels = "labels", form.roi_boxes = "bbox_pred", form.roi_targets = "bbox_targets";
  if (problem.input("bbox_inside_weights")) form.roi_inside = "bbox_inside_weights";
  if (problem.input("bbox_outside_weights")) form.roi_outside = "bbox_outside_weights";
  form.compact = problem.options.has("targets") ? problem.options.word("targets") == "compact"
                                                : problem.input("bbox_targets")->shape != problem.input("bbox_pred")->shape;
  const TermForm by_rois{.present = true, .constant = double(problem.input("labels")->count()),
                         .zero_if_empty = problem.options.word("empty") == "zero"};
  form.terms[kRoiScores] = form.terms[kRoiBoxes] = by_rois;
  form.terms[kRoiScores].output = scores_output;
  form.terms[kRoiBoxes].output = "loss_box";
  form.terms[kRoiBoxes].factor = lambda;
}

inline RcnnForm fast_rcnn_form(const Problem& problem) {
  RcnnForm form;
  form.roi_beta = beta_of(problem.options);
  add_head(form, problem, "loss_cls", problem.options.real("lambda"));
  return form;
}

inline RcnnForm faster_rcnn_form(const Problem& problem) {
  RcnnForm form;
  const double rpn_sigma = problem.options.real("rpn_sigma"), head_sigma = problem.options.real("head_sigma");
  form.anchor_scores = "rpn_cls_score", form.anchor_labels = "rpn_labels";
  form.channels = problem.options.word("layout") == "NCHW";
  form.boxes = "rpn_bbox_pred", form.targets = "rpn_bbox_targets";
  form.inside = "rpn_bbox_inside_weights", form.outside = "rpn_bbox_outside_weights";
  form.beta = 1 / (rpn_sigma * rpn_sigma), form.roi_beta = 1 / (head_sigma * head_sigma);
  form.terms[kAnchorScores] = {.output = "rpn_cross_entropy", .present = true, .count = CountOf::sampled,
                               .zero_if_empty = problem.options.word("empty") == "zero"};
  form.terms[kBoxes] = {.output = "rpn_loss_box", .present = true, .factor = problem.options.real("lambda"),
                        .constant = images_of(*problem.input("rpn_bbox_pred"))};
  add_head(form, problem, "cross_entropy", problem.options.real("head_lambda"));
  return form;
}

inline RcnnForm rcnn_form(const Problem& problem) {
  if (problem.loss == "rpn_cls") return rpn_cls_form(problem);
  if (problem.loss == "rpn_box") return rpn_box_form(problem);
  if (problem.loss == "rpn") return rpn_form(problem);
  if (problem.loss == "fast_rcnn") return fast_rcnn_form(problem);
  return faster_rcnn_form(problem);
}

}  // namespace lossbench::inline SIMT_BUILD::detection
