// From a problem's named arrays to the arguments of the Faster R-CNN kernels. Host code.
#pragma once

#include <algorithm>
#include <string>

#include "core/variant.h"
#include "kernels/detection/rcnn_arguments.h"
#include "kernels/pointwise/make_arguments.h"
#include "kernels/primitives/grid_loop.h"
#include "kernels/primitives/warp_reduce.h"

namespace lossbench::inline SIMT_BUILD::detection {

inline Labels labels_of(const Problem& problem, std::string_view name) {
  Labels labels;
  if (problem.input(name)->dtype == DType::i32) labels.narrow = handle<const std::int32_t>(problem.inputs, name);
  else labels.wide = handle<const std::int64_t>(problem.inputs, name);
  return labels;
}

/// The input of that name; none where the name is null.
template <class T>
simt::Global<const T> input_of(const Problem& problem, const char* name) {
  return name ? handle<const T>(problem.inputs, name) : simt::Global<const T>();
}

/// Where the gradient of that input is wanted.
template <class T>
simt::Global<T> gradient_of(const Problem& problem, const char* name) {
  return name && problem.pass == Pass::gradient ? handle<T>(problem.outputs, "grad_" + std::string(name)) : simt::Global<T>();
}

/// Whether all arrays given are equally far from a 16-byte boundary, so that vectors of one are vectors of all.
template <class First, class... Arrays>
bool share_phase(const First& first, const Arrays&... arrays) {
  return ((!arrays || arrays.misalignment() == first.misalignment()) && ...);
}

template <class T>
AnchorPart<T> anchor_arguments(const Problem& problem, const RcnnForm& form) {
  AnchorPart<T> part;
  const Array& scores = *problem.input(form.anchor_scores);
  part.labels = labels_of(problem, form.anchor_labels);
  part.count = problem.input(form.anchor_labels)->count();
  part.channels = form.channels;
  part.single_logit = form.single_logit;
  if (form.channels) {
    part.anchors = scores.shape[1] / (form.single_logit ? 1 : 2);
    part.cells = scores.shape[2] * scores.shape[3];
  }
  part.scores = input_of<T>(problem, form.anchor_scores);
  part.score_gradient = gradient_of<T>(problem, form.anchor_scores);
  const auto pairs = [](auto array) { return !array || array.misalignment(2 * int(sizeof(T))) == 0; };
  part.scores_aligned = !form.channels && pairs(part.scores) && pairs(part.score_gradient);
  part.boxes = input_of<T>(problem, form.anchor_boxes);
  part.targets = input_of<T>(problem, form.anchor_targets);
  part.box_gradient = gradient_of<T>(problem, form.anchor_boxes);
  part.boxes_aligned = holds_quads(part.boxes) && holds_quads(part.targets) && holds_quads(part.box_gradient);
  part.smooth = {.beta = form.beta, .inverse_beta = 1 / form.beta};
  return part;
}

template <class T>
BoxPart<T> box_arguments(const Problem& problem, const RcnnForm& form) {
  BoxPart<T> part;
  part.count = problem.input(form.boxes)->count();
  part.boxes = input_of<T>(problem, form.boxes);
  part.targets = input_of<T>(problem, form.targets);
  part.inside = input_of<T>(problem, form.inside);
  part.outside = input_of<T>(problem, form.outside);
  part.gradient = gradient_of<T>(problem, form.boxes);
  part.in_phase = share_phase(part.boxes, part.targets, part.inside, part.outside, part.gradient);
  part.masks_only = form.masks_only;
  part.smooth = {.smooth = {.beta = form.beta, .inverse_beta = 1 / form.beta}};
  return part;
}

template <class T>
RoiPart<T> roi_arguments(const Problem& problem, const RcnnForm& form) {
  RoiPart<T> part;
  const Array& scores = *problem.input(form.roi_scores);
  part.count = scores.shape[0];
  part.classes = int(scores.shape[1]);
  part.compact = form.compact;
  part.scores = input_of<T>(problem, form.roi_scores);
  part.labels = labels_of(problem, form.roi_labels);
  part.boxes = input_of<T>(problem, form.roi_boxes);
  part.targets = input_of<T>(problem, form.roi_targets);
  part.inside = input_of<T>(problem, form.roi_inside);
  part.outside = input_of<T>(problem, form.roi_outside);
  part.score_gradient = gradient_of<T>(problem, form.roi_scores);
  part.box_gradient = gradient_of<T>(problem, form.roi_boxes);
  part.aligned = holds_quads(part.boxes) && holds_quads(part.targets) && holds_quads(part.inside) && holds_quads(part.outside) &&
                 holds_quads(part.box_gradient);
  part.smooth = {.smooth = {.beta = form.roi_beta, .inverse_beta = 1 / form.roi_beta}};
  return part;
}

template <class T>
RcnnArguments<T> rcnn_arguments(const Problem& problem) {
  const RcnnForm form = rcnn_form(problem);
  RcnnArguments<T> arguments;
  if (form.has_anchors()) arguments.anchors = anchor_arguments<T>(problem, form);
  if (form.has_boxes()) arguments.boxes = box_arguments<T>(problem, form);
  if (form.has_rois()) arguments.rois = roi_arguments<T>(problem, form);
  for (int k = 0; k < kRcnnTerms; ++k) {
    const TermForm& term = form.terms[k];
    arguments.terms[k] = {.present = term.present, .factor = term.factor, .count = term.count, .constant = term.constant,
                          .zero_if_empty = term.zero_if_empty, .loss = {}};
    if (term.output) arguments.terms[k].loss = handle<Reduced<T>>(problem.outputs, term.output);
  }
  arguments.count_unit = form.has_anchors() ? 1 : 0.25;
  if (!problem.reduces()) {
    auto& losses = form.has_anchors() ? arguments.anchors.losses : arguments.boxes.losses;
    auto& upstream = form.has_anchors() ? arguments.anchors.upstream : arguments.boxes.upstream;
    losses = handle<T>(problem.outputs, "loss");
    upstream = handle<const T>(problem.inputs, "grad_output");
  } else {
    arguments.loss = handle<Reduced<T>>(problem.outputs, "loss");
    arguments.upstream = handle<const Reduced<T>>(problem.inputs, "grad_output");
  }
  return arguments;
}

/// Blocks of each part, and of the kernel that counts for divisors. They depend on sizes and on the device only.
struct RcnnGrid {
  unsigned anchors = 0, boxes = 0, rois = 0, count = 0;
  unsigned total() const { return anchors + boxes + rois; }
};

/// Every block of the main kernel reads all counts, so there are not many of them.
constexpr unsigned kMostCountBlocks = 128;

inline RcnnGrid rcnn_grid(const Problem& problem) {
  const RcnnForm form = rcnn_form(problem);
  RcnnGrid grid;
  std::int64_t counted = 0;
  if (form.has_anchors()) {
    counted = problem.input(form.anchor_labels)->count();
    grid.anchors = grid_blocks(counted, 1);
  }
  if (form.has_boxes()) {
    const std::int64_t coordinates = problem.input(form.boxes)->count();
    if (!form.has_anchors()) counted = coordinates;
    grid.boxes = grid_blocks(coordinates, 16 / int(size_of(problem.dtype)));
  }
  if (form.has_rois()) grid.rois = grid_blocks(problem.input(form.roi_labels)->count() * kWarp, 1);
  if (problem.pass == Pass::gradient && form.counts() && counted > 0) grid.count = std::min(kMostCountBlocks, grid_blocks(counted, 4));
  return grid;
}

}  // namespace lossbench::inline SIMT_BUILD::detection
