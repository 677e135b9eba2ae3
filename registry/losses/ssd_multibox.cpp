// ssd_multibox: description, checks, reference.
#include <cmath>
#include <limits>

#include "core/error.h"
#include "kernels/detection/ssd_form.h"
#include "reference/ssd.h"
#include "registry/describe.h"
#include "registry/losses/positives.h"
#include "registry/losses/ssd.h"

namespace lossbench {
namespace {

using detection::MultiboxForm;

/// The problem's shapes and options, for what reads those alone.
Problem shapes_of(const WideProblem& wide) {
  Problem problem{.loss = wide.loss, .options = wide.options, .pass = wide.pass, .dtype = wide.dtype};
  for (const auto& [name, array] : wide.inputs)
    problem.inputs.push_back({name, Array::contiguous(nullptr, array.is_label ? DType::i64 : wide.dtype, array.shape)});
  return problem;
}

/// Arithmetic of 16-bit inputs is float, and losses are ranked as they are rounded there.
bool in_float(DType dtype) { return dtype != DType::f64; }

struct Boxes {
  double value = 0, condition = 0;
  double gradient[4] = {}, steepness[4] = {};
};

Boxes box_loss(const double* input, const double* target) {
  Boxes boxes;
  for (int k = 0; k < 4; ++k) {
    const reference::Element element = reference::smooth_l1(input[k], target[k], 1.0);
    boxes.value += element.value, boxes.condition += std::fabs(element.value);
    boxes.gradient[k] = element.gradient, boxes.steepness[k] = std::fabs(element.gradient);
  }
  return boxes;
}

void resolve(Problem& problem) {
  const std::vector<InputDescription> inputs = ssd_multibox().inputs;
  check_names(problem, inputs);
  check_dtypes(problem, inputs);
  for (const InputDescription& input : inputs) check_contiguous(problem, input.name);
  const Shape& scores = problem.input("conf_logits")->shape;
  if (scores.size() != 3 || scores[2] < 1)
    throw InputError("ssd_multibox: input 'conf_logits' has shape " + to_string(scores) + "; it must be [B, P, C]");
  check_shape(problem, "labels", {scores[0], scores[1]}, "one label a prior");
  for (const char* input : {"loc_pred", "loc_targets"}) check_shape(problem, input, {scores[0], scores[1], 4}, "four offsets a prior");
  check_shape(problem, "grad_output", {}, "the shape of loss");
  const std::int64_t neither = -1;
  check_labels(problem, "labels", scores[2], &neither);
  if (problem.options.given("n_neg_min") && problem.options.word("mining_scope") != "batch")
    throw InputError("ssd_multibox: option 'n_neg_min' takes effect with mining_scope=batch only");
}

/// Every array once; boxes of positives alone.
Contract contract(const Problem& problem) {
  const Array& labels = *problem.input("labels");
  const bool gradient = problem.pass == Pass::gradient;
  const std::int64_t positives = count_positives(labels), box = 4 * std::int64_t(size_of(problem.dtype)),
                     scalar = std::int64_t(size_of(reduced_type(problem.dtype)));
  Contract contract;
  for (const char* name : {"conf_logits", "labels"}) contract.entries.push_back({name, problem.input(name)->bytes(), 0});
  for (const char* name : {"loc_pred", "loc_targets"}) contract.entries.push_back({name, positives * box, 0});
  for (const char* name : {"loss", "loss_conf", "loss_loc"}) contract.entries.push_back({name, 0, scalar});
  contract.entries.push_back({"negatives_kept", 0, labels.count() * std::int64_t(sizeof(std::int32_t))});
  if (!gradient) return contract;
  if (const Array* upstream = problem.input("grad_output")) contract.entries.push_back({"grad_output", upstream->bytes(), 0});
  for (const char* name : {"conf_logits", "loc_pred"}) contract.entries.push_back({"grad_" + std::string(name), 0, problem.input(name)->bytes()});
  return contract;
}

}  // namespace

WideResult ssd_multibox_reference(const WideProblem& problem) {
  const WideArray& scores = problem.inputs.at("conf_logits");
  const std::vector<std::int64_t>& labels = problem.inputs.at("labels").labels;
  const double *boxes = problem.inputs.at("loc_pred").values.data(), *targets = problem.inputs.at("loc_targets").values.data();
  const MultiboxForm form = detection::multibox_form(shapes_of(problem));
  const auto images = static_cast<std::size_t>(scores.shape[0]), priors = static_cast<std::size_t>(scores.shape[1]),
             classes = static_cast<std::size_t>(scores.shape[2]), count = images * priors;
  const reference::SoftmaxOptions options{.prob_floor = form.prob_floor};
  const auto row_of = [&](std::size_t i) { return std::span(scores.values).subspan(i * classes, classes); };
  const auto in_range = [&](std::size_t i) { return labels[i] >= 0 && labels[i] < static_cast<std::int64_t>(classes); };

  std::vector<reference::PriorLoss> losses(count);  // as they are ranked
  std::vector<double> exact(count);
  for (std::size_t i = 0; i < count; ++i) {
    if (!in_range(i)) continue;
    const reference::SoftmaxRow row = reference::softmax_cross_entropy_row(row_of(i), labels[i], {}, options, nullptr, nullptr);
    exact[i] = row.value;
    losses[i] = {in_float(problem.dtype) ? double(float(row.value)) : row.value, row.condition};
  }
  const reference::MiningOptions mining_options{form.ratio, form.by_batch, form.least, form.cap,
                                                unit_roundoff(in_float(problem.dtype) ? DType::f32 : DType::f64)};
  reference::Mining mining{std::vector<bool>(count), std::vector<bool>(count)};
  const auto same_row = [&](std::size_t i, std::size_t j) {
    const auto a = row_of(i), b = row_of(j);
    for (std::size_t c = 0; c < classes; ++c)
      if (!(a[c] - a[0] == b[c] - b[0])) return false;
    return true;
  };
  double positives = 0;
  const std::size_t groups = form.by_batch ? std::min<std::size_t>(1, count) : images, size = form.by_batch ? count : priors;
  for (std::size_t g = 0; g < groups; ++g) {
    std::int64_t own = 0;
    for (std::size_t i = g * size; i < (g + 1) * size; ++i) own += in_range(i) && labels[i] > 0;
    positives += static_cast<double>(own);
    reference::mine_negatives(losses, labels, g * size, size, own, mining_options, same_row, mining);
  }

  const bool gradients = problem.pass == Pass::gradient;
  reference::Sum conf, loc, conf_condition, loc_condition;
  for (std::size_t i = 0; i < count; ++i) {
    const bool positive = in_range(i) && labels[i] > 0;
    if (positive || mining.kept[i]) conf.add(exact[i]);
    // Another choice among priors within rounding of the bound moves the sum by no more than that.
    if (positive || mining.kept[i] || mining.open[i]) conf_condition.add(losses[i].condition * (mining.open[i] ? 8 : 1));
    if (!positive) continue;
    const Boxes box = box_loss(boxes + 4 * i, targets + 4 * i);
    loc.add(box.value), loc_condition.add(box.condition);
  }
  const double by = form.by_positives ? positives : form.constant, divisor = form.at_least_one ? std::fmax(1.0, by) : by;
  const bool empty = divisor == 0;
  const double nothing = form.zero_if_empty ? 0.0 : std::numeric_limits<double>::quiet_NaN();
  const double conf_loss = empty ? nothing : conf.value() / divisor, loc_loss = empty ? nothing : loc.value() / divisor;
  const double conf_size = empty ? 0.0 : conf_condition.value() / divisor, loc_size = empty ? 0.0 : loc_condition.value() / divisor;

  WideResult result;
  const auto scalar = [&](const char* name, double value, double condition) {
    result.outputs[name] = {.shape = {}, .values = {value}, .labels = {}};
    result.condition[name] = {condition};
  };
  scalar("loss", conf_loss + form.alpha * loc_loss, conf_size + std::fabs(form.alpha) * loc_size);
  scalar("loss_conf", conf_loss, conf_size);
  scalar("loss_loc", loc_loss, loc_size);
  WideArray mask{.shape = problem.inputs.at("labels").shape, .values = {}, .labels = {}, .is_label = true};
  std::vector<double>& mask_condition = result.condition["negatives_kept"];
  for (std::size_t i = 0; i < count; ++i) {
    mask.labels.push_back(mining.kept[i]);
    mask_condition.push_back(mining.open[i] ? HUGE_VAL : 0.0);
  }
  result.outputs["negatives_kept"] = std::move(mask);
  if (!gradients) return result;

  const auto upstream = problem.inputs.find("grad_output");
  const double factor = empty ? 0.0 : (upstream == problem.inputs.end() ? 1.0 : upstream->second.values[0]) / divisor;
  std::vector<double> slope(scores.values.size()), steepness(slope.size()), box_slope(4 * count), box_steepness(4 * count);
  for (std::size_t i = 0; i < count && !empty; ++i) {
    const bool positive = in_range(i) && labels[i] > 0;
    if (positive || mining.kept[i]) {
      reference::softmax_cross_entropy_row(row_of(i), labels[i], {}, options, &slope[i * classes], &steepness[i * classes]);
      for (std::size_t c = i * classes; c < (i + 1) * classes; ++c) slope[c] *= factor, steepness[c] *= std::fabs(factor);
    }
    if (mining.open[i]) std::fill_n(&steepness[i * classes], classes, HUGE_VAL);
    if (!positive) continue;
    const Boxes box = box_loss(boxes + 4 * i, targets + 4 * i);
    for (std::size_t k = 0; k < 4; ++k) {
      box_slope[4 * i + k] = box.gradient[k] * factor * form.alpha;
      box_steepness[4 * i + k] = box.steepness[k] * std::fabs(factor * form.alpha);
    }
  }
  result.outputs["grad_conf_logits"] = {.shape = scores.shape, .values = std::move(slope), .labels = {}};
  result.condition["grad_conf_logits"] = std::move(steepness);
  result.outputs["grad_loc_pred"] = {.shape = problem.inputs.at("loc_pred").shape, .values = std::move(box_slope), .labels = {}};
  result.condition["grad_loc_pred"] = std::move(box_steepness);
  return result;
}

Loss ssd_multibox() {
  Loss loss;
  loss.name = "ssd_multibox";
  loss.summary = "[Σ -log p of positives and hard negatives + α·Σ smooth_l1 of positives] / positives";
  loss.source = "Liu et al. 2016, SSD; Caffe MultiBoxLoss, ssd.pytorch, Keras-SSD";
  loss.inputs = {{.name = "conf_logits", .shape = "[B, P, C]", .meaning = "scores of the classes; class 0 is background", .differentiable = true,
                  .prediction = true, .by_labels = "labels", .matters = Matters::kept},
                 {.name = "loc_pred", .shape = "[B, P, 4]", .meaning = "predicted box offsets", .differentiable = true, .prediction = true,
                  .by_labels = "labels", .matters = Matters::positive},
                 {.name = "labels", .content = Content::prior_label, .shape = "[B, P]", .meaning = "class >= 1, 0 background, -1 neither"},
                 {.name = "loc_targets", .content = Content::box_target, .shape = "[B, P, 4]", .meaning = "encoded box offsets",
                  .by_labels = "labels", .matters = Matters::positive},
                 grad_output_input()};
  loss.options = {OptionDescription::real("neg_pos_ratio", 3.0, "negatives kept for each positive; the count is truncated").at_least(0),
                  OptionDescription::choice("mining_scope", "image", {"image", "batch"}, "where negatives are ranked: in each image, or over the batch"),
                  OptionDescription::integer("n_neg_min", 0, "negatives kept at least; mining_scope=batch").at_least(0),
                  OptionDescription::choice_or_integer("negatives_cap", "none", {"none", "P-1"}, "negatives kept at most").at_least(0),
                  OptionDescription::real("alpha", 1.0, "factor of the localisation loss").at_least(0),
                  OptionDescription::choice("normalizer", "positives_max1", {"positives_max1", "positives", "batch_times_priors", "batch", "none"},
                                            "divisor: max(1, positives), positives, B·P, B, or 1"),
                  OptionDescription::real("prob_floor", 0.0, "losses use log max(p, floor)").at_least(0).at_most(1), empty_option("zero")};
  loss.outputs = {{.name = "loss_conf", .shape = "[]", .meaning = "confidence loss"},
                  {.name = "loss_loc", .shape = "[]", .meaning = "localisation loss, before alpha"},
                  {.name = "negatives_kept", .shape = "[B, P]", .meaning = "1 at hard negatives that were kept, else 0", .integers = DType::i32}};
  // A row's cross-entropy rounds as softmax_cross_entropy's, and the ranked loss is rounded once more to the arithmetic type.
  loss.rounding = {.value_ulps = 5 + 13 + 1, .gradient_ulps = 12 + 18 + 2};
  loss.resolve = resolve;
  loss.loss_shape = [](const Problem&) { return Shape{}; };
  loss.output_shape = [](const std::string& output, const Problem& problem) {
    return output == "negatives_kept" ? problem.input("labels")->shape : Shape{};
  };
  loss.contract = contract;
  loss.reference = ssd_multibox_reference;
  loss.sum_length = [](const Problem& problem) { return problem.input("conf_logits")->count(); };
  loss.input_shape = [](const std::string& input, const Shape& shape, const Options&) -> Shape {
    if (input == "conf_logits") return shape;
    if (input == "labels") return {shape[0], shape[1]};
    return {shape[0], shape[1], 4};
  };
  loss.cases = {.axes = {"images", "priors", "classes"},
                .every = {{0, 5, 3}, {2, 0, 3}, {1, 1, 1}, {1, 33, 2}, {3, 257, 21}, {2, 600, 20}, {2, 97, 81}, {1, 40, 700}, {1, 20, 1500}, {2, 4999, 3}},
                .few = {{2, 0, 3}, {3, 257, 21}, {2, 97, 81}},
                .hard = {3, 300, 2},  // of two classes, where equal losses are equal in any arithmetic
                .emulated = {2, 8732, 21},
                .scalar = {2, 8732, 21}};
  loss.preference = {"radix_mining", "unfused"};
  loss.default_shapes = {{32, 8732, 21}, {32, 8732, 81}, {32, 24564, 81}, {1, 8732, 21}, {128, 24564, 21}};
  loss.option_sets = {"mining_scope=batch",
                      "mining_scope=batch n_neg_min=40 normalizer=batch",
                      "neg_pos_ratio=1.5 alpha=2 negatives_cap=P-1",
                      "neg_pos_ratio=0.7 negatives_cap=5 normalizer=batch_times_priors",
                      "mining_scope=batch negatives_cap=20 prob_floor=1e-15 normalizer=none",
                      "normalizer=positives empty=nan prob_floor=0.05",
                      "normalizer=positives mining_scope=batch n_neg_min=5000"};
  return loss;
}

}  // namespace lossbench
