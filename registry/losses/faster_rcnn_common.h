// What the descriptions of the Faster R-CNN losses share: options, inputs, checks of shapes, contract.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "core/error.h"
#include "kernels/detection/rcnn_form.h"
#include "registry/describe.h"
#include "registry/losses/faster_rcnn.h"
#include "registry/losses/positives.h"

namespace lossbench::rcnn {

inline constexpr const char* kSource = "Ren et al. 2015, Faster R-CNN; py-faster-rcnn, torchvision";

// ---- options and inputs ------------------------------------------------------------------------------------------------

inline void add_smooth_options(std::vector<OptionDescription>& options, double sigma) {
  options.push_back(OptionDescription::real("sigma", sigma, "smooth L1 turns linear at |d| = 1/sigma²").above(0));
  options.push_back(OptionDescription::real("beta", std::nullopt, "the same as beta = 1/sigma²; 0 is plain L1").at_least(0));
}

inline void refuse_both(const Problem& problem) {
  if (problem.options.given("beta") && problem.options.given("sigma"))
    throw InputError(problem.loss + ": options 'beta' and 'sigma' say the same thing (beta = 1/sigma²); give one of them");
}

inline OptionDescription box_normalizer_option() {
  return OptionDescription::choice("box_normalizer", "outside_weight", {"outside_weight", "valid", "locations", "positives"},
                                   "divisor of the box loss: none beside the weights, anchors sampled, option locations, positives");
}
inline OptionDescription locations_option() {
  return OptionDescription::integer("locations", std::nullopt, "N_reg of box_normalizer=locations, H·W of the map").at_least(1);
}
inline OptionDescription anchor_normalizer_option(const char* name) {
  return OptionDescription::choice(name, "valid", {"valid", "full", "batch", "none"},
                                   "divisor of the classification loss: anchors sampled, all of them, the first dimension, 1");
}
inline OptionDescription layout_option() {
  return OptionDescription::choice("layout", "rows", {"rows", "NCHW"}, "[M, k] a row an anchor, or [N, k·A, H, W]; labels are in the order y, x, a");
}

inline void check_locations(const Problem& problem) {
  const bool by_locations = problem.options.word("box_normalizer") == "locations", given = problem.options.has("locations");
  if (by_locations && !given) throw InputError(problem.loss + ": box_normalizer=locations needs option 'locations', a number of anchor positions");
  if (!by_locations && given) throw InputError(problem.loss + ": option 'locations' takes effect with box_normalizer=locations only");
}

inline InputDescription scores_input(const char* name, const char* labels, Matters matters, const char* shape, const char* meaning) {
  return {.name = name, .shape = shape, .meaning = meaning, .differentiable = true, .prediction = true, .by_labels = labels, .matters = matters};
}
inline InputDescription weights_input(const char* name, const char* labels, Content content, Matters matters, const char* shape, bool optional = false) {
  return {.name = name, .content = content, .shape = shape,
          .meaning = content == Content::inside_weight ? "factor of the difference; 0 leaves a coordinate out"
                                                       : "factor of the loss; 0 leaves a coordinate out",
          .optional = optional, .by_labels = labels, .matters = matters};
}
inline InputDescription targets_input(const char* name, const char* labels, Matters matters, const char* shape) {
  return {.name = name, .content = Content::box_target, .shape = shape, .meaning = "encoded box offsets", .by_labels = labels, .matters = matters};
}
inline InputDescription labels_input(const char* name, Content content, const char* shape, const char* meaning) {
  return {.name = name, .content = content, .shape = shape, .meaning = meaning};
}

// ---- shapes ------------------------------------------------------------------------------------------------------------

/// The layouts of made-up data: `anchors` of them as [1, k·A, H, W], 9 or fewer to a cell, the map as square as it divides.
inline Shape channel_shape(std::int64_t anchors, std::int64_t per_anchor) {
  const std::int64_t each = anchors % 9 == 0 ? 9 : anchors % 3 == 0 ? 3 : 1, cells = anchors / each;
  std::int64_t width = 1;
  for (std::int64_t divisor = 1; divisor * divisor <= cells; ++divisor)
    if (cells % divisor == 0) width = divisor;
  return {1, per_anchor * each, cells / width, width};
}

inline bool in_channels(const Options& options) { return options.has("layout") && options.word("layout") == "NCHW"; }

/// Shape of the scores, or throws: rows [M, 2] (or [M], [M, 1] of single logits), channels [N, 2A, H, W] (or [N, A, H, W]).
inline void check_anchor_scores(const Problem& problem, const char* scores, const char* labels, bool channels, bool single_logit) {
  const Shape& shape = problem.input(scores)->shape;
  const std::int64_t width = single_logit ? 1 : 2;
  std::int64_t anchors = 0;
  if (channels) {
    if (shape.size() != 4 || shape[1] % width != 0)
      throw InputError(problem.loss + ": input '" + scores + "' has shape " + to_string(shape) + "; with layout=NCHW it must be [N, " +
                       (single_logit ? "A" : "2A") + ", H, W]");
    anchors = count_of(shape) / width;
  } else {
    const bool column = single_logit && shape.size() == 1;
    if (!column && (shape.size() != 2 || shape[1] != width))
      throw InputError(problem.loss + ": input '" + scores + "' has shape " + to_string(shape) + "; it must be " +
                       (single_logit ? "[M] or [M, 1]" : problem.options.has("layout") ? "[M, 2], or [N, 2A, H, W] with layout=NCHW" : "[M, 2]"));
    anchors = shape[0];
  }
  check_shape(problem, labels, {anchors}, "one label an anchor of '" + std::string(scores) + "'");
}

/// Labels of anchors in host arrays are -1, 0 or 1.
inline void check_anchor_labels(const Problem& problem, const char* labels) {
  const std::int64_t left_out = -1;
  check_labels(problem, labels, 2, &left_out);
}

inline void check_boxes(const Problem& problem, const char* boxes) {
  const Shape& shape = problem.input(boxes)->shape;
  const bool rows = !shape.empty() && shape.back() == 4, channels = shape.size() == 4 && shape[1] % 4 == 0;
  if (!rows && !channels)
    throw InputError(problem.loss + ": input '" + boxes + "' has shape " + to_string(shape) + "; it must be [M, 4] or [N, 4A, H, W]");
}

inline void check_all(const Problem& problem, const std::vector<InputDescription>& inputs) {
  check_names(problem, inputs);
  check_dtypes(problem, inputs);
  for (const InputDescription& input : inputs) check_contiguous(problem, input.name);
}

inline void check_normalizer(const Problem& problem, const char* option) {
  if (problem.options.given(option) && problem.reduction() != Reduction::mean)
    throw InputError(problem.loss + ": option '" + option + "' chooses the divisor of a mean; 'reduction' is " + problem.options.word("reduction") +
                     ", accepted with it is mean");
}

// ---- contract: every array once; what a divisor counts is read before the first gradient, and again in the main pass -----

inline Contract contract(const Problem& problem) {
  const detection::RcnnForm form = detection::rcnn_form(problem);
  const bool gradient = problem.pass == Pass::gradient, counts = gradient && form.counts();
  const std::string counted = !counts ? "" : form.has_anchors() ? form.anchor_labels
                              : form.terms[detection::kBoxes].count == detection::CountOf::positives ? form.inside : form.outside;
  Contract contract;
  for (const NamedArray& input : problem.inputs) {
    std::int64_t bytes = (input.name == counted ? 2 : 1) * input.array.bytes();
    if (form.compact && input.name.starts_with("bbox_"))  // one box of each RoI that holds an object
      bytes = count_positives(*problem.input(form.roi_labels)) * 4 * std::int64_t(size_of(problem.dtype));
    if (input.name != "grad_output" || gradient) contract.entries.push_back({input.name, bytes, 0});
    const bool predicted = input.name == (form.anchor_scores ? form.anchor_scores : "") || input.name == (form.anchor_boxes ? form.anchor_boxes : "") ||
                           input.name == (form.boxes ? form.boxes : "") || input.name == (form.roi_scores ? form.roi_scores : "") ||
                           input.name == (form.roi_boxes ? form.roi_boxes : "");
    if (gradient && predicted) contract.entries.push_back({"grad_" + input.name, 0, input.array.bytes()});
  }
  const auto scalar = std::int64_t(size_of(reduced_type(problem.dtype)));
  const Array& first = problem.inputs.front().array;
  const std::int64_t elements = form.has_anchors() ? problem.input(form.anchor_labels)->count() : first.count();
  contract.entries.push_back({"loss", 0, problem.reduces() ? scalar : elements * std::int64_t(size_of(problem.dtype))});
  for (const detection::TermForm& term : form.terms)
    if (term.output) contract.entries.push_back({term.output, 0, scalar});
  return contract;
}

/// What the five have in common. A row's cross-entropy rounds as softmax_cross_entropy's (18, and 30 for its gradient); box losses
/// and binary cross-entropy round less; the factor of a gradient is rounded once more.
inline void complete(Loss& loss) {
  loss.rounding = {.value_ulps = 5 + 13, .gradient_ulps = 12 + 18 + 2};
  if (!loss.loss_shape) loss.loss_shape = [](const Problem&) { return Shape{}; };
  loss.contract = contract;
  loss.reference = rcnn_reference;
  loss.sum_length = [](const Problem& problem) {
    std::int64_t elements = 0;
    for (const NamedArray& input : problem.inputs) elements = std::max(elements, input.array.count());
    return elements;
  };
  loss.preference = {"all_parts", "unfused"};
  loss.inputs.push_back(grad_output_input());
}

}  // namespace lossbench::rcnn
