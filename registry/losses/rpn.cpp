// Descriptions of the losses of the region proposal network: rpn_cls, rpn_box, rpn.
#include "registry/losses/faster_rcnn_common.h"

namespace lossbench {

using namespace rcnn;

namespace {

const CaseShapes kAnchorCases = {.axes = {"anchors"},
                                 .every = {{0}, {1}, {9}, {31}, {255}, {257}, {1026}, {4099}},
                                 .few = {{0}, {36}, {1026}},
                                 .hard = {261},
                                 .emulated = {21600},
                                 .scalar = {21600}};

}  // namespace

Loss rpn_cls() {
  Loss loss;
  loss.name = "rpn_cls";
  loss.summary = "softmax cross-entropy of two scores an anchor over anchors with label 0 or 1, by their number";
  loss.source = kSource;
  loss.inputs = {scores_input("rpn_cls_score", "labels", Matters::kept, "[M, 2] or [N, 2A, H, W]",
                              "scores of background and object; one logit with cls=sigmoid_bce"),
                 labels_input("labels", Content::anchor_label, "[M]", "1 object, 0 background, -1 left out")};
  loss.options = {layout_option(),
                  OptionDescription::choice("cls", "softmax", {"softmax", "sigmoid_bce"}, "two scores an anchor, or one logit"),
                  anchor_normalizer_option("normalizer"), reduction_option(), empty_option("zero")};
  loss.resolve = [](Problem& problem) {
    check_all(problem, rpn_cls().inputs);
    check_normalizer(problem, "normalizer");
    check_anchor_scores(problem, "rpn_cls_score", "labels", in_channels(problem.options), problem.options.word("cls") == "sigmoid_bce");
    check_anchor_labels(problem, "labels");
    check_shape(problem, "grad_output", problem.reduces() ? Shape{} : problem.input("labels")->shape, "the shape of loss");
  };
  loss.loss_shape = [](const Problem& problem) { return problem.reduces() ? Shape{} : problem.input("labels")->shape; };
  loss.input_shape = [](const std::string& input, const Shape& shape, const Options& options) -> Shape {
    const std::int64_t width = options.word("cls") == "sigmoid_bce" ? 1 : 2;
    if (input != "rpn_cls_score") return {shape[0]};
    if (in_channels(options)) return channel_shape(shape[0], width);
    return width == 1 ? Shape{shape[0]} : Shape{shape[0], 2};
  };
  loss.cases = kAnchorCases;
  loss.default_shapes = {{21600}, {16 * 21600}};
  loss.option_sets = {"layout=NCHW", "cls=sigmoid_bce", "layout=NCHW cls=sigmoid_bce", "normalizer=full", "normalizer=batch layout=NCHW",
                      "normalizer=none", "reduction=sum", "reduction=none", "reduction=none layout=NCHW cls=sigmoid_bce", "reduction=batch",
                      "empty=nan"};
  complete(loss);
  return loss;
}

Loss rpn_box() {
  Loss loss;
  loss.name = "rpn_box";
  loss.summary = "Σ w_out·smooth_l1(w_in·d), σ = 3; 0 where a weight is 0";
  loss.source = kSource;
  const char* shape = "[M, 4] or [N, 4A, H, W]";
  loss.inputs = {scores_input("input", "labels", Matters::positive, shape, "predicted box offsets"),
                 targets_input("target", "labels", Matters::positive, shape),
                 weights_input("inside_weight", "labels", Content::inside_weight, Matters::positive, shape),
                 weights_input("outside_weight", "labels", Content::outside_weight, Matters::kept, shape)};
  add_smooth_options(loss.options, 3);
  loss.options.push_back(box_normalizer_option());
  loss.options.push_back(locations_option());
  loss.options.push_back(reduction_option());
  loss.resolve = [](Problem& problem) {
    check_all(problem, rpn_box().inputs);
    refuse_both(problem);
    check_normalizer(problem, "box_normalizer");
    check_locations(problem);
    check_boxes(problem, "input");
    for (const char* input : {"target", "inside_weight", "outside_weight"}) check_same_shape(problem, input, "input");
    check_shape(problem, "grad_output", problem.reduces() ? Shape{} : problem.input("input")->shape, "the shape of loss");
  };
  loss.loss_shape = [](const Problem& problem) { return problem.reduces() ? Shape{} : problem.input("input")->shape; };
  loss.input_shape = [](const std::string&, const Shape& shape, const Options&) -> Shape { return {shape[0], 4}; };
  loss.cases = kAnchorCases;
  loss.default_shapes = {{21600}, {16 * 21600}};
  loss.option_sets = {"sigma=1", "beta=0.5", "beta=0", "box_normalizer=valid", "box_normalizer=locations locations=2400",
                      "box_normalizer=positives", "reduction=sum", "reduction=none", "reduction=batch"};
  complete(loss);
  return loss;
}

Loss rpn() {
  Loss loss;
  loss.name = "rpn";
  loss.summary = "anchor classification + λ·Σ smooth_l1 over positive anchors, each by its divisor";
  loss.source = kSource;
  loss.inputs = {scores_input("objectness", "labels", Matters::kept, "[M]", "logit of an object"),
                 scores_input("rpn_cls_score", "labels", Matters::kept, "[M, 2]", "or scores of background and object"),
                 labels_input("labels", Content::anchor_label, "[M]", "1 object, 0 background, -1 left out"),
                 scores_input("bbox_pred", "labels", Matters::positive, "[M, 4]", "predicted box offsets"),
                 targets_input("bbox_targets", "labels", Matters::positive, "[M, 4]")};
  loss.inputs[1].optional = true;
  loss.options = {OptionDescription::choice("cls", std::nullopt, {"sigmoid_bce", "softmax"}, "inferred from the input given"),
                  anchor_normalizer_option("cls_normalizer"), box_normalizer_option(), locations_option()};
  add_smooth_options(loss.options, 3);
  loss.options.push_back(OptionDescription::real("lambda", 1.0, "factor of the box loss").at_least(0));
  loss.options.push_back(empty_option("zero"));
  loss.outputs = {{.name = "loss_objectness", .shape = "[]", .meaning = "classification loss"},
                  {.name = "loss_box", .shape = "[]", .meaning = "box loss, before lambda"}};
  loss.infer = [](Problem& problem) {
    const bool logits = problem.input("objectness"), scores = problem.input("rpn_cls_score");
    if (logits && scores) throw InputError("rpn: inputs 'objectness' and 'rpn_cls_score' are both given; give one of them");
    if (!logits && !scores) return;
    const std::string inferred = logits ? "sigmoid_bce" : "softmax";
    if (problem.options.given("cls") && problem.options.word("cls") != inferred)
      throw InputError("rpn: option 'cls' is " + problem.options.word("cls") + ", but the input given is '" + (logits ? "objectness" : "rpn_cls_score") + "'");
    problem.options.set("cls", inferred);
  };
  loss.inputs_of_form = [](const Options& options) {
    const bool softmax = options.has("cls") && options.word("cls") == "softmax";
    std::vector<InputDescription> chosen;
    for (InputDescription input : rpn().inputs) {
      if (input.name == (softmax ? "objectness" : "rpn_cls_score")) continue;
      if (input.prediction) input.optional = false;
      chosen.push_back(std::move(input));
    }
    return chosen;
  };
  loss.resolve = [](Problem& problem) {
    const Loss self = rpn();
    self.infer(problem);
    check_all(problem, self.inputs_of(problem.options));
    refuse_both(problem);
    check_locations(problem);
    const bool single_logit = problem.input("objectness") != nullptr;
    check_anchor_scores(problem, single_logit ? "objectness" : "rpn_cls_score", "labels", false, single_logit);
    check_anchor_labels(problem, "labels");
    const std::int64_t anchors = problem.input("labels")->count();
    for (const char* input : {"bbox_pred", "bbox_targets"}) check_shape(problem, input, {anchors, 4}, "one box an anchor");
    check_shape(problem, "grad_output", {}, "the shape of loss");
  };
  loss.input_shape = [](const std::string& input, const Shape& shape, const Options&) -> Shape {
    if (input == "rpn_cls_score") return {shape[0], 2};
    if (input == "bbox_pred" || input == "bbox_targets") return {shape[0], 4};
    return {shape[0]};
  };
  loss.cases = kAnchorCases;
  loss.default_shapes = {{21600}, {16 * 21600}};
  loss.option_sets = {"cls=softmax", "cls=softmax sigma=1 lambda=10", "beta=0 lambda=0.5", "cls_normalizer=full box_normalizer=valid",
                      "cls_normalizer=batch box_normalizer=positives", "cls_normalizer=none box_normalizer=locations locations=2400 lambda=10",
                      "cls=softmax empty=nan", "box_normalizer=positives empty=nan"};
  complete(loss);
  return loss;
}

}  // namespace lossbench
