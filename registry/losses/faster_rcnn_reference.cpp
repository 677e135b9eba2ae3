// The reference of the Faster R-CNN losses: parts summed, divided and put together.
#include <cmath>
#include <limits>

#include "kernels/detection/rcnn_form.h"
#include "reference/faster_rcnn.h"
#include "registry/losses/faster_rcnn.h"

namespace lossbench {
namespace {

using detection::CountOf;
using detection::RcnnForm;
using detection::TermForm;

std::span<const double> values_of(const WideProblem& problem, const char* name) {
  return name ? std::span<const double>(problem.inputs.at(name).values) : std::span<const double>();
}

struct Counted {
  double sampled = 0, positives = 0;
};

/// Anchors by their labels; without labels boxes by their weights, four coordinates a box.
Counted counted(const WideProblem& problem, const RcnnForm& form) {
  Counted counted;
  if (form.has_anchors()) {
    for (const std::int64_t label : problem.inputs.at(form.anchor_labels).labels) {
      counted.sampled += reference::is_sampled(label);
      counted.positives += label == 1;
    }
  } else if (form.has_boxes()) {
    for (const double weight : values_of(problem, form.outside)) counted.sampled += weight != 0 ? 0.25 : 0.0;
    for (const double weight : values_of(problem, form.inside)) counted.positives += weight != 0 ? 0.25 : 0.0;
  }
  return counted;
}

/// Puts parts together in one result.
class Composition {
 public:
  Composition(const WideProblem& problem, const Counted& counts) : problem_(problem), counts_(counts) {
    if (const auto found = problem.inputs.find("grad_output"); found != problem.inputs.end()) upstream_ = found->second.values;
  }

  void add(const reference::Part& part, const TermForm& term, const char* prediction) {
    const double divisor = term.count == CountOf::constant ? term.constant : term.count == CountOf::sampled ? counts_.sampled : counts_.positives;
    const bool empty = divisor == 0;
    const double nothing = term.zero_if_empty ? 0.0 : std::numeric_limits<double>::quiet_NaN();
    const double value = empty ? nothing : part.value() / divisor, condition = empty ? 0.0 : part.size() / std::fabs(divisor);
    if (term.output) scalar(term.output, value, condition);
    loss_ += term.factor * value;
    condition_ += std::fabs(term.factor) * condition;
    write_gradient(part, prediction, [&](std::size_t) { return empty ? 0.0 : upstream(0) * term.factor / divisor; });
  }

  /// reduction none: the losses one by one. `owner` is the loss that a prediction belongs to.
  template <class Owner>
  void add_elements(const reference::Part& part, const char* prediction, const Shape& shape, Owner owner) {
    result_.outputs["loss"] = {.shape = shape, .values = part.losses, .labels = {}};
    result_.condition["loss"] = part.condition;
    write_gradient(part, prediction, [&](std::size_t i) { return upstream(owner(i)); });
  }

  WideResult finish() {
    if (!result_.outputs.count("loss")) scalar("loss", loss_, condition_);
    return std::move(result_);
  }

 private:
  double upstream(std::size_t i) const { return upstream_.empty() ? 1.0 : upstream_[i]; }

  void scalar(const char* name, double value, double condition) {
    result_.outputs[name] = {.shape = {}, .values = {value}, .labels = {}};
    result_.condition[name] = {condition};
  }

  template <class Factor>
  void write_gradient(const reference::Part& part, const char* prediction, Factor factor) {
    if (problem_.pass != Pass::gradient) return;
    const std::string name = "grad_" + std::string(prediction);
    std::vector<double> gradient(part.gradient), steepness(part.steepness);
    for (std::size_t i = 0; i < gradient.size(); ++i) {
      // What was left out stays exactly 0.
      gradient[i] = gradient[i] == 0 ? 0.0 : gradient[i] * factor(i);
      steepness[i] = steepness[i] == 0 ? 0.0 : steepness[i] * std::fabs(factor(i));
    }
    result_.outputs[name] = {.shape = problem_.inputs.at(prediction).shape, .values = std::move(gradient), .labels = {}};
    result_.condition[name] = std::move(steepness);
  }

  const WideProblem& problem_;
  Counted counts_;
  std::vector<double> upstream_;
  WideResult result_;
  double loss_ = 0, condition_ = 0;
};

reference::AnchorGrid grid_of(const WideProblem& problem, const RcnnForm& form) {
  if (!form.channels) return {};
  const Shape& shape = problem.inputs.at(form.anchor_scores).shape;
  return {.channels = true, .anchors = shape[1] / (form.single_logit ? 1 : 2), .cells = shape[2] * shape[3]};
}

void add_anchors(Composition& composition, const WideProblem& problem, const RcnnForm& form, bool reduces) {
  const WideArray& labels = problem.inputs.at(form.anchor_labels);
  const reference::AnchorGrid grid = grid_of(problem, form);
  const reference::Part part = reference::classify_anchors(values_of(problem, form.anchor_scores), labels.labels, grid, form.single_logit);
  if (reduces) {
    composition.add(part, form.terms[detection::kAnchorScores], form.anchor_scores);
  } else {
    const std::int64_t width = form.single_logit ? 1 : 2;
    std::vector<std::size_t> owner(part.gradient.size());
    for (std::int64_t row = 0; row < labels.count(); ++row)
      for (std::int64_t score = 0; score < width; ++score) owner[grid.at(row, score, width)] = static_cast<std::size_t>(row);
    composition.add_elements(part, form.anchor_scores, labels.shape, [&](std::size_t i) { return owner[i]; });
  }
  if (form.anchor_boxes)
    composition.add(reference::match_boxes(values_of(problem, form.anchor_boxes), values_of(problem, form.anchor_targets), {}, {}, labels.labels, 1,
                                           2, form.beta),
                    form.terms[detection::kAnchorBoxes], form.anchor_boxes);
}

void add_boxes(Composition& composition, const WideProblem& problem, const RcnnForm& form, bool reduces) {
  const reference::Part part = reference::weigh_boxes(values_of(problem, form.boxes), values_of(problem, form.targets),
                                                      values_of(problem, form.inside), values_of(problem, form.outside), form.beta, form.masks_only);
  if (reduces) composition.add(part, form.terms[detection::kBoxes], form.boxes);
  else composition.add_elements(part, form.boxes, problem.inputs.at(form.boxes).shape, [](std::size_t i) { return i; });
}

void add_rois(Composition& composition, const WideProblem& problem, const RcnnForm& form) {
  const std::int64_t classes = problem.inputs.at(form.roi_scores).shape[1];
  const std::vector<std::int64_t>& labels = problem.inputs.at(form.roi_labels).labels;
  composition.add(reference::classify_rois(values_of(problem, form.roi_scores), labels, classes), form.terms[detection::kRoiScores], form.roi_scores);
  const auto boxes = values_of(problem, form.roi_boxes), targets = values_of(problem, form.roi_targets);
  const auto inside = values_of(problem, form.roi_inside), outside = values_of(problem, form.roi_outside);
  composition.add(form.compact ? reference::match_boxes(boxes, targets, inside, outside, labels, classes, classes, form.roi_beta)
                               : reference::weigh_boxes(boxes, targets, inside, outside, form.roi_beta),
                  form.terms[detection::kRoiBoxes], form.roi_boxes);
}

}  // namespace

WideResult rcnn_reference(const WideProblem& problem) {
  Problem shapes{.loss = problem.loss, .options = problem.options, .pass = problem.pass, .dtype = problem.dtype};
  const auto add_shape = [&](const std::string& name, const WideArray& array) {
    shapes.inputs.push_back({name, Array::contiguous(nullptr, array.is_label ? DType::i64 : problem.dtype, array.shape)});
  };
  // The first input decides the batch size; the others are looked up by name.
  for (const char* first : {"rpn_cls_score", "objectness", "input", "cls_score"})
    if (const auto found = problem.inputs.find(first); found != problem.inputs.end()) {
      add_shape(first, found->second);
      break;
    }
  for (const auto& [name, array] : problem.inputs)
    if (!shapes.input(name)) add_shape(name, array);

  const RcnnForm form = detection::rcnn_form(shapes);
  Composition composition(problem, counted(problem, form));
  if (form.has_anchors()) add_anchors(composition, problem, form, shapes.reduces());
  if (form.has_boxes()) add_boxes(composition, problem, form, shapes.reduces());
  if (form.has_rois()) add_rois(composition, problem, form);
  return composition.finish();
}

}  // namespace lossbench
