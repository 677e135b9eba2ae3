// Descriptions of the losses of the head, fast_rcnn, and of both stages together, faster_rcnn.
#include "registry/losses/faster_rcnn_common.h"

namespace lossbench {

using namespace rcnn;

namespace {

/// Targets of made-up data: four numbers a RoI unless they are to be expanded.
bool expands(const Options& options) { return options.has("targets") && options.word("targets") == "expanded"; }

/// Shapes of the head's arrays; throws InputError.
void check_head(const Problem& problem) {
  const Shape& scores = problem.input("cls_score")->shape;
  if (scores.size() != 2)
    throw InputError(problem.loss + ": input 'cls_score' has shape " + to_string(scores) + "; it must be [R, K]");
  const std::int64_t rois = scores[0], classes = scores[1];
  if (classes > (std::int64_t(1) << 30)) throw InputError(problem.loss + ": input 'cls_score' has more than 2^30 classes: " + to_string(scores));
  check_shape(problem, "labels", {rois}, "one label a RoI");
  check_labels(problem, "labels", classes);
  check_shape(problem, "bbox_pred", {rois, 4 * classes}, "four numbers a class");
  const bool compact = problem.options.has("targets") ? problem.options.word("targets") == "compact"
                                                      : problem.input("bbox_targets")->shape != problem.input("bbox_pred")->shape;
  const Shape targets = compact ? Shape{rois, 4} : Shape{rois, 4 * classes};
  check_shape(problem, "bbox_targets", targets, compact ? "compact: one box a RoI" : "expanded: the shape of 'bbox_pred'");
  for (const char* weights : {"bbox_inside_weights", "bbox_outside_weights"}) check_shape(problem, weights, targets, "the shape of 'bbox_targets'");
}

std::vector<InputDescription> head_inputs(bool weights_optional) {
  return {scores_input("cls_score", "labels", Matters::all, "[R, K]", "scores of the classes; class 0 is background"),
          labels_input("labels", Content::roi_label, "[R]", "class of each RoI"),
          scores_input("bbox_pred", "labels", Matters::class_columns, "[R, 4K]", "predicted box offsets, four columns a class"),
          targets_input("bbox_targets", "labels", Matters::class_columns, "[R, 4] or [R, 4K]"),
          weights_input("bbox_inside_weights", "labels", Content::inside_weight, Matters::class_columns, "that of bbox_targets", weights_optional),
          weights_input("bbox_outside_weights", "labels", Content::outside_weight, Matters::class_columns, "that of bbox_targets", weights_optional)};
}

Shape head_shape(const std::string& input, std::int64_t rois, std::int64_t classes, bool expanded) {
  if (input == "cls_score") return {rois, classes};
  if (input == "labels") return {rois};
  return {rois, input == "bbox_pred" || expanded ? 4 * classes : 4};
}

}  // namespace

Loss fast_rcnn() {
  Loss loss;
  loss.name = "fast_rcnn";
  loss.summary = "softmax cross-entropy of RoIs + λ·Σ w_out·smooth_l1(w_in·d), σ = 1, each by the number of RoIs";
  loss.source = "Girshick 2015, Fast R-CNN; py-faster-rcnn, torchvision";
  loss.inputs = head_inputs(true);
  loss.options = {OptionDescription::choice("targets", std::nullopt, {"compact", "expanded"}, "inferred from the shape of bbox_targets")};
  add_smooth_options(loss.options, 1);
  loss.options.push_back(OptionDescription::real("lambda", 1.0, "factor of the box loss").at_least(0));
  loss.options.push_back(empty_option("zero"));
  loss.outputs = {{.name = "loss_cls", .shape = "[]", .meaning = "classification loss"},
                  {.name = "loss_box", .shape = "[]", .meaning = "box loss, before lambda"}};
  loss.infer = [](Problem& problem) {
    const Array *boxes = problem.input("bbox_pred"), *targets = problem.input("bbox_targets");
    if (!boxes || !targets || problem.options.has("targets")) return;
    problem.options.set("targets", std::string(targets->shape == boxes->shape ? "expanded" : "compact"));
  };
  loss.resolve = [](Problem& problem) {
    const Loss self = fast_rcnn();
    self.infer(problem);
    check_all(problem, self.inputs);
    refuse_both(problem);
    check_head(problem);
    check_shape(problem, "grad_output", {}, "the shape of loss");
  };
  loss.input_shape = [](const std::string& input, const Shape& shape, const Options& options) {
    return head_shape(input, shape[0], shape[1], expands(options));
  };
  loss.cases = {.axes = {"RoIs", "classes"},
                .every = {{0, 5}, {1, 1}, {1, 2}, {9, 21}, {33, 31}, {64, 33}, {7, 130}, {128, 21}},
                .few = {{0, 5}, {9, 33}, {7, 130}},
                .hard = {19, 21},
                .emulated = {128, 21},
                .scalar = {128, 21}};
  loss.default_shapes = {{128, 21}, {2048, 81}};
  loss.option_sets = {"targets=compact", "targets=expanded +bbox_inside_weights +bbox_outside_weights", "targets=expanded +bbox_inside_weights sigma=3",
                      "targets=compact +bbox_outside_weights lambda=2", "targets=expanded", "beta=0.1 +bbox_inside_weights +bbox_outside_weights",
                      "beta=0 lambda=0", "empty=nan"};
  complete(loss);
  return loss;
}

Loss faster_rcnn() {
  Loss loss;
  loss.name = "faster_rcnn";
  loss.summary = "the four losses of a training step: RPN and head, classification and boxes";
  loss.source = kSource;
  loss.inputs = {scores_input("rpn_cls_score", "rpn_labels", Matters::kept, "[M, 2] or [N, 2A, H, W]", "scores of background and object"),
                 labels_input("rpn_labels", Content::anchor_label, "[M]", "1 object, 0 background, -1 left out"),
                 scores_input("rpn_bbox_pred", "rpn_labels", Matters::positive, "[M, 4] or [N, 4A, H, W]", "predicted box offsets"),
                 targets_input("rpn_bbox_targets", "rpn_labels", Matters::positive, "that of rpn_bbox_pred"),
                 weights_input("rpn_bbox_inside_weights", "rpn_labels", Content::inside_weight, Matters::positive, "that of rpn_bbox_pred"),
                 weights_input("rpn_bbox_outside_weights", "rpn_labels", Content::outside_weight, Matters::kept, "that of rpn_bbox_pred")};
  for (InputDescription& input : head_inputs(false)) loss.inputs.push_back(std::move(input));
  loss.options = {layout_option(), OptionDescription::real("rpn_sigma", 3.0, "the RPN's smooth L1 turns linear at |d| = 1/sigma²").above(0),
                  OptionDescription::real("head_sigma", 1.0, "the same of the head's").above(0),
                  OptionDescription::real("lambda", 1.0, "factor of the RPN's box loss").at_least(0),
                  OptionDescription::real("head_lambda", 1.0, "factor of the head's box loss").at_least(0), empty_option("zero")};
  loss.outputs = {{.name = "rpn_cross_entropy", .shape = "[]", .meaning = "the RPN's classification loss"},
                  {.name = "rpn_loss_box", .shape = "[]", .meaning = "the RPN's box loss, before lambda"},
                  {.name = "cross_entropy", .shape = "[]", .meaning = "the head's classification loss"},
                  {.name = "loss_box", .shape = "[]", .meaning = "the head's box loss, before head_lambda"}};
  loss.resolve = [](Problem& problem) {
    check_all(problem, faster_rcnn().inputs);
    const bool channels = in_channels(problem.options);
    check_anchor_scores(problem, "rpn_cls_score", "rpn_labels", channels, false);
    check_anchor_labels(problem, "rpn_labels");
    const Shape& scores = problem.input("rpn_cls_score")->shape;
    check_shape(problem, "rpn_bbox_pred", channels ? Shape{scores[0], 2 * scores[1], scores[2], scores[3]} : Shape{scores[0], 4}, "four numbers an anchor");
    for (const char* input : {"rpn_bbox_targets", "rpn_bbox_inside_weights", "rpn_bbox_outside_weights"}) check_same_shape(problem, input, "rpn_bbox_pred");
    check_head(problem);
    check_shape(problem, "grad_output", {}, "the shape of loss");
  };
  loss.input_shape = [](const std::string& input, const Shape& shape, const Options& options) -> Shape {
    if (!input.starts_with("rpn_")) return head_shape(input, shape[1], shape[2], true);
    if (input == "rpn_labels") return {shape[0]};
    const std::int64_t width = input == "rpn_cls_score" ? 2 : 4;
    return in_channels(options) ? channel_shape(shape[0], width) : Shape{shape[0], width};
  };
  loss.cases = {.axes = {"anchors", "RoIs", "classes"},
                .every = {{0, 0, 5}, {1, 1, 1}, {9, 3, 2}, {257, 5, 21}, {1026, 33, 33}, {2304, 9, 130}},
                .few = {{0, 0, 5}, {1026, 9, 33}},
                .hard = {261, 19, 21},
                .emulated = {21600, 128, 21},
                .scalar = {21600, 128, 21}};
  loss.default_shapes = {{21600, 128, 21}, {16 * 21600, 2048, 81}};
  loss.option_sets = {"layout=NCHW", "rpn_sigma=1 head_sigma=3 lambda=10 head_lambda=0.5", "empty=nan"};
  complete(loss);
  return loss;
}

}  // namespace lossbench
