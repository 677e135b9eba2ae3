#include "registry/losses/iou_loss.h"

#include <cmath>
#include <limits>

#include "core/error.h"
#include "reference/iou.h"
#include "reference/sum.h"
#include "registry/describe.h"

namespace lossbench {

namespace {

/// Boxes have x2 > x1 and y2 > y1; one that is not finite is let through, and gives NaN.
void check_boxes(const Problem& problem, const char* input) {
  const Array* array = problem.input(input);
  if (array->where != Where::host) return;
  for (std::int64_t box = 0; box < array->shape[0]; ++box)
    for (std::int64_t axis = 0; axis < 2; ++axis) {
      const double lower = real_at(*array, box * 4 + axis), upper = real_at(*array, box * 4 + axis + 2);
      if (std::isfinite(lower) && std::isfinite(upper) && upper <= lower)
        throw InputError(std::string("iou_loss: input '") + input + "' has " + (axis ? "y2 <= y1" : "x2 <= x1") + " in box " +
                         std::to_string(box) + "; accepted are x1, y1, x2, y2 with x2 > x1 and y2 > y1");
    }
}

std::vector<InputDescription> inputs() {
  return {{.name = "pred", .content = Content::box, .shape = "[n, 4]", .meaning = "predicted boxes x1, y1, x2, y2", .differentiable = true,
           .prediction = true},
          {.name = "target", .content = Content::box, .shape = "[n, 4]", .meaning = "what they should be"},
          grad_output_input()};
}

void resolve(Problem& problem) {
  check_names(problem, inputs());
  check_dtypes(problem, inputs());
  const Shape& shape = problem.input("pred")->shape;
  if (shape.size() != 2 || shape[1] != 4) throw InputError("iou_loss: input 'pred' has shape " + to_string(shape) + "; it must be [n, 4]");
  check_same_shape(problem, "target", "pred");
  check_shape(problem, "grad_output", problem.reduces() ? Shape{} : Shape{shape[0]}, "the shape of loss");
  for (const NamedArray& input : problem.inputs) check_contiguous(problem, input.name);
  check_boxes(problem, "pred");
  check_boxes(problem, "target");
}

Contract contract(const Problem& problem) {
  Contract contract;
  const std::int64_t bytes = problem.input("pred")->bytes();
  contract.entries = {{"pred", bytes, 0}, {"target", bytes, 0}};
  contract.entries.push_back({"loss", 0, problem.reduces() ? std::int64_t(size_of(reduced_type(problem.dtype))) : bytes / 4});
  if (problem.pass == Pass::gradient) {
    if (const Array* upstream = problem.input("grad_output")) contract.entries.push_back({"grad_output", upstream->bytes(), 0});
    contract.entries.push_back({"grad_pred", 0, bytes});
  }
  return contract;
}

WideResult reference_of(const WideProblem& problem) {
  using reference::IouKind;
  const std::string& variant = problem.options.word("variant");
  const IouKind kind = variant == "giou" ? IouKind::giou : variant == "diou" ? IouKind::diou : variant == "ciou" ? IouKind::ciou : IouKind::iou;
  const std::string& reduction = problem.options.word("reduction");
  const bool none = reduction == "none", gradients = problem.pass == Pass::gradient;
  const WideArray &pred = problem.inputs.at("pred"), &target = problem.inputs.at("target");
  const auto upstream = problem.inputs.find("grad_output");
  const std::size_t boxes = std::size_t(pred.shape[0]);
  const double divisor = reduction == "mean" || reduction == "batch" ? double(boxes) : 1.0;

  WideResult result;
  std::vector<double> losses(boxes), conditions(boxes), slopes(gradients ? 4 * boxes : 0), steepness(slopes.size());
  reference::Sum sum, magnitude;
  for (std::size_t i = 0; i < boxes; ++i) {
    const reference::IouResult box = reference::iou_loss(&pred.values[4 * i], &target.values[4 * i], kind, problem.options.real("eps"));
    losses[i] = double(box.value), conditions[i] = std::fabs(losses[i]);
    sum.add(losses[i]), magnitude.add(conditions[i]);
    const double factor = (upstream == problem.inputs.end() ? 1.0 : upstream->second.values[none ? i : 0]) / divisor;
    for (std::size_t k = 0; k < 4 && gradients; ++k) {
      slopes[4 * i + k] = box.gradient[k] * factor;
      steepness[4 * i + k] = box.condition[k] * std::fabs(factor);
    }
  }
  if (none) {
    result.outputs["loss"] = {.shape = {pred.shape[0]}, .values = std::move(losses)};
    result.condition["loss"] = std::move(conditions);
  } else {
    const bool empty = divisor == 0;
    result.outputs["loss"] = {.shape = {}, .values = {empty ? std::numeric_limits<double>::quiet_NaN() : sum.value() / divisor}};
    result.condition["loss"] = {empty ? 0.0 : magnitude.value() / divisor};
  }
  if (gradients) {
    result.outputs["grad_pred"] = {.shape = pred.shape, .values = std::move(slopes)};
    result.condition["grad_pred"] = std::move(steepness);
  }
  return result;
}

}  // namespace

// Rounding, relative to the loss: its parts are sums and products of non-negative numbers. Strips and corners 8, areas 4, divisor 4,
// quotients 2 each; of ciou the arcs (2 ulp of atanf: 4u of π/2 each) where the shapes differ.
Loss iou_loss() {
  return {.name = "iou_loss",
          .summary = "1 - I/(U + eps), with what giou, diou and ciou add",
          .source = "Rezatofighi et al. 2019 (giou); Zheng et al. 2020 (diou, ciou); torchvision",
          .inputs = inputs(),
          .options = {OptionDescription::choice("variant", "iou", {"iou", "giou", "diou", "ciou"}, "what is added to 1 - iou"),
                      OptionDescription::real("eps", 1e-7, "added to divisors").above(0), reduction_option()},
          .rounding = {.value_ulps = 40, .gradient_ulps = 40},
          .resolve = resolve,
          .loss_shape = [](const Problem& problem) { return problem.reduces() ? Shape{} : Shape{problem.input("pred")->shape[0]}; },
          .contract = contract,
          .reference = reference_of,
          .sum_length = [](const Problem& problem) { return problem.input("pred")->shape[0]; },
          // A case of N elements or N x D is N boxes.
          .input_shape = [](const std::string&, const Shape& shape, const Options&) { return Shape{shape.empty() ? 1 : shape[0], 4}; },
          .preference = {"vector_boxes", "thread_per_box"},
          .default_shapes = {{std::int64_t(1) << 24}, {std::int64_t(1) << 20}, {8732}},
          .option_sets = {"variant=giou", "variant=diou reduction=sum", "variant=ciou", "variant=giou reduction=none", "variant=ciou reduction=none",
                          "reduction=batch eps=0.001", "variant=diou reduction=none"}};
}

}  // namespace lossbench
