#include "registry/losses/openpose.h"

#include <cmath>

#include "core/error.h"
#include "kernels/pose/openpose_form.h"
#include "reference/openpose.h"
#include "registry/describe.h"

namespace lossbench {
namespace {

using pose::MaskMode;
using pose::OpenposeForm;

void check_list(const Problem& problem, const char* option, std::int64_t length, const char* what) {
  if (!problem.options.has(option) || std::int64_t(problem.options.list(option).size()) == length) return;
  throw InputError("openpose: option '" + std::string(option) + "' has " + std::to_string(problem.options.list(option).size()) +
                   " numbers; accepted are " + std::to_string(length) + ", one a " + what);
}

void resolve(Problem& problem) {
  const std::vector<InputDescription> inputs = openpose().inputs;
  check_names(problem, inputs);
  check_dtypes(problem, inputs);
  for (const InputDescription& input : inputs) check_contiguous(problem, input.name);
  for (const char* name : pose::kPredictions)
    if (problem.input(name)->shape.size() != 5)
      throw InputError("openpose: input '" + std::string(name) + "' has shape " + to_string(problem.input(name)->shape) + "; it must be [S, B, C, H, W]");
  const Shape& paf = problem.input("paf_pred")->shape;
  Shape heat = paf;
  heat[2] = problem.input("heat_pred")->shape[2];
  check_shape(problem, "heat_pred", heat, "that of 'paf_pred' but for the channels");
  check_shape(problem, "paf_target", Shape(paf.begin() + 1, paf.end()), "that of one stage of 'paf_pred'");
  check_shape(problem, "heat_target", Shape(heat.begin() + 1, heat.end()), "that of one stage of 'heat_pred'");
  for (const char* target : pose::kTargets) check_broadcast(problem, "mask", target);
  check_shape(problem, "grad_output", {}, "the shape of loss");
  check_list(problem, "branch_weights", 2, "branch");
  check_list(problem, "stage_weights", paf[0], "stage");
}

Contract contract(const Problem& problem) {
  const bool masked = pose::openpose_form(problem).mode != MaskMode::none;
  Contract contract;
  for (const NamedArray& input : problem.inputs) {
    if (input.name == "grad_output" ? problem.pass == Pass::forward : input.name == "mask" && !masked) continue;
    contract.entries.push_back({input.name, input.array.bytes(), 0});
    if (problem.pass == Pass::gradient && input.name.ends_with("_pred")) contract.entries.push_back({"grad_" + input.name, 0, input.array.bytes()});
  }
  const auto scalar = std::int64_t(size_of(reduced_type(problem.dtype)));
  contract.entries.push_back({"loss", 0, scalar});
  contract.entries.push_back({"per_stage_branch", 0, 2 * problem.inputs.front().array.shape[0] * scalar});
  return contract;
}

/// W of every element of one stage of a branch; empty for ones.
std::vector<double> weights_of(const WideProblem& problem, const OpenposeForm& form, int branch) {
  std::vector<double> weights;
  if (form.mode == MaskMode::none) return weights;
  const std::vector<double>& mask = problem.inputs.at("mask").values;
  for (std::int64_t b = 0; b < form.images; ++b)
    for (std::int64_t c = 0; c < form.channels[branch]; ++c)
      for (std::int64_t y = 0; y < form.height; ++y)
        for (std::int64_t x = 0; x < form.width; ++x) {
          const std::int64_t* const s = form.mask_strides;
          const double m = mask[std::size_t(b * s[0] + c * s[1] + y * s[2] + x * s[3])];
          weights.push_back(form.mode == MaskMode::both ? m * m : m);
        }
  return weights;
}

WideResult reference_of(const WideProblem& problem) {
  Problem shapes{.loss = problem.loss, .options = problem.options, .pass = problem.pass, .dtype = problem.dtype};
  for (const auto& [name, array] : problem.inputs) shapes.inputs.push_back({name, Array::contiguous(nullptr, problem.dtype, array.shape)});
  const OpenposeForm form = pose::openpose_form(shapes);
  const auto upstream = problem.inputs.find("grad_output");
  const double factor = upstream == problem.inputs.end() ? 1.0 : upstream->second.values[0];
  const auto stages = static_cast<std::size_t>(form.stages);
  std::vector<double> table(2 * stages), sizes(2 * stages);
  WideResult result;
  for (int branch = 0; branch < 2; ++branch) {
    const WideArray& prediction = problem.inputs.at(pose::kPredictions[branch]);
    const std::vector<double>& target = problem.inputs.at(pose::kTargets[branch]).values;
    const std::vector<double> weights = weights_of(problem, form, branch);
    std::vector<double> gradient, steepness;
    for (std::size_t stage = 0; stage < stages; ++stage) {
      const reference::MaskedSquares squares =
          reference::masked_squares(std::span(prediction.values).subspan(stage * target.size(), target.size()), target, weights);
      const double weight = form.factor[branch][stage];
      table[2 * stage + std::size_t(branch)] = weight * squares.value;
      sizes[2 * stage + std::size_t(branch)] = std::fabs(weight * squares.value);
      for (const double slope : squares.gradient) {
        gradient.push_back(slope * weight * factor);
        steepness.push_back(std::fabs(gradient.back()));
      }
    }
    if (problem.pass != Pass::gradient) continue;
    const std::string name = "grad_" + std::string(pose::kPredictions[branch]);
    result.outputs[name] = {.shape = prediction.shape, .values = std::move(gradient), .labels = {}};
    result.condition[name] = std::move(steepness);
  }
  reference::Sum loss, size;
  loss.add(table), size.add(sizes);
  result.outputs["loss"] = {.shape = {}, .values = {loss.value()}, .labels = {}};
  result.condition["loss"] = {size.value()};
  result.outputs["per_stage_branch"] = {.shape = {form.stages, 2}, .values = std::move(table), .labels = {}};
  result.condition["per_stage_branch"] = std::move(sizes);
  return result;
}

}  // namespace

Loss openpose() {
  Loss loss;
  loss.name = "openpose";
  loss.summary = "Σ over stages and branches of v·u·c·Σ W·(pred - target)²";
  loss.source = "Cao et al. 2017, OpenPose; Caffe training net, Keras port, tf-pose-estimation";
  loss.inputs = {{.name = "paf_pred", .shape = "[S, B, Cp, H, W]", .meaning = "part affinity fields of every stage", .differentiable = true,
                  .prediction = true,
                  .by_labels = "mask", .matters = Matters::kept},
                 {.name = "heat_pred", .shape = "[S, B, Ch, H, W]", .meaning = "confidence maps of every stage", .differentiable = true,
                  .prediction = true,
                  .by_labels = "mask", .matters = Matters::kept},
                 {.name = "paf_target", .shape = "[B, Cp, H, W]", .meaning = "the same for all stages"},
                 {.name = "heat_target", .shape = "[B, Ch, H, W]", .meaning = "the same for all stages"},
                 {.name = "mask", .content = Content::mask, .shape = "broadcastable to both targets", .meaning = "0 hides what is not annotated",
                  .optional = true},
                 grad_output_input()};
  loss.options = {OptionDescription::choice("mask_mode", "both", {"both", "weight", "none"}, "W = mask² (it multiplies prediction and target), mask, or 1"),
                  OptionDescription::flag("half", true, "a factor 1/2"),
                  OptionDescription::choice("normalizer", "batch", {"batch", "none", "elements"}, "divisor: B, 1, or B·C·H·W of the branch"),
                  OptionDescription::choice("branch_reduce", "sum", {"sum", "mean"}, "mean is another factor 1/2"),
                  OptionDescription::list("branch_weights", "u, two numbers: paf, heat; ones without it"),
                  OptionDescription::list("stage_weights", "v, one number a stage; ones without it")};
  loss.outputs = {{.name = "per_stage_branch", .shape = "[S, 2]", .meaning = "the terms of the loss, with every factor"}};
  // A square: 2 roundings of the difference, the weight's square, 2 products, the factor.
  loss.rounding = {.value_ulps = 7, .gradient_ulps = 7};
  loss.resolve = resolve;
  loss.loss_shape = [](const Problem&) { return Shape{}; };
  loss.output_shape = [](const std::string&, const Problem& problem) { return Shape{problem.inputs.front().array.shape[0], 2}; };
  loss.contract = contract;
  loss.reference = reference_of;
  loss.sum_length = [](const Problem& problem) { return problem.inputs.front().array.count(); };
  loss.input_shape = [](const std::string& input, const Shape& s, const Options&) -> Shape {
    if (input == "mask") return {s[1], 1, s[4], s[5]};
    const std::int64_t channels = input.starts_with("paf") ? s[2] : s[3];
    return input.ends_with("_pred") ? Shape{s[0], s[1], channels, s[4], s[5]} : Shape{s[1], channels, s[4], s[5]};
  };
  loss.cases = {.axes = {"stages", "images", "paf channels", "heat channels", "rows", "columns"},
                .every = {{2, 0, 3, 2, 4, 4}, {1, 1, 1, 1, 1, 1}, {6, 2, 5, 3, 7, 9}, {3, 1, 4, 8, 8, 8}, {10, 1, 6, 1, 6, 6},
                          {6, 1, 38, 19, 6, 10}, {2, 2, 9, 5, 2, 31}},
                .few = {{2, 0, 3, 2, 4, 4}, {6, 1, 5, 3, 6, 10}, {9, 1, 6, 1, 3, 7}},
                .hard = {3, 2, 6, 3, 4, 10},
                .emulated = {6, 1, 38, 19, 46, 46},
                .scalar = {6, 1, 38, 19, 46, 46},
                .squares = true};
  loss.preference = {"all_stages", "unfused"};
  loss.default_shapes = {{6, 10, 38, 19, 46, 46}, {6, 32, 38, 19, 46, 46}, {6, 10, 38, 19, 82, 46}};
  loss.option_sets = {"+mask", "+mask mask_mode=weight half=false", "+mask mask_mode=none normalizer=none", "normalizer=elements branch_reduce=mean",
                      "+mask branch_weights=1,0.5 normalizer=none", "branch_weights=0,2 half=false"};
  return loss;
}

}  // namespace lossbench
