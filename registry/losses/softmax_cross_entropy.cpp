#include "registry/losses/softmax_cross_entropy.h"

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "registry/describe.h"
#include "registry/losses/softmax_reference.h"

namespace lossbench {
namespace {

Shape shape_of_loss(const Problem& problem) {
  return problem.reduction() == Reduction::none ? positions_of_logits(problem.input("logits")->shape) : Shape{};
}

bool has_probabilities(const Options& options) { return options.has("target") && options.word("target") == "probs"; }

bool divisor_from_labels(const Problem& problem) {
  if (problem.reduction() != Reduction::mean || has_probabilities(problem.options)) return false;
  const std::string& normalizer = problem.options.word("normalizer");
  return normalizer == "weight_sum" || normalizer == "valid";
}

/// Labels are integers, probabilities are not.
void infer(Problem& problem) {
  const Array* target = problem.input("target");
  if (!target) return;
  const std::string form = is_real(target->dtype) ? "probs" : "index";
  if (problem.options.given("target") && problem.options.word("target") != form)
    throw InputError(problem.loss + ": option 'target' is " + problem.options.word("target") + ", but input 'target' is " +
                     std::string(name_of(target->dtype)) + "; accepted: i32 or i64 with index, a real type with probs");
  problem.options.set("target", form);
}

std::vector<InputDescription> inputs_of_form(const Options& options) {
  const bool probabilities = has_probabilities(options);
  return {{.name = "logits", .shape = "[N, C] or [N, C, d1, …]", .meaning = "unnormalised log-probabilities", .differentiable = true,
           .prediction = true},
          {.name = "target", .content = probabilities ? Content::probability : Content::label,
           .shape = probabilities ? "shape of logits" : "[N] or [N, d1, …]",
           .meaning = probabilities ? "probability of each class" : "class of each position"},
          {.name = "weight", .content = Content::weight, .shape = "[C]", .meaning = "factor of each class; ones without it",
           .optional = true},
          grad_output_input()};
}

void resolve_options(Problem& problem) {
  Options& options = problem.options;
  if (options.given("normalizer") && problem.reduction() != Reduction::mean)
    throw InputError(problem.loss + ": option 'normalizer' chooses the divisor of a mean; 'reduction' is " + options.word("reduction") +
                     ", accepted with it is mean");
  if (options.given("scale") && !is_f8(problem.dtype))
    throw InputError(problem.loss + ": option 'scale' is the factor of stored f8 logits; the dtype is " + std::string(name_of(problem.dtype)) +
                     ", accepted with it: " + comma_list(names_of(kF8Types)));
  if (!has_probabilities(options)) return;
  if (options.given("ignore_index"))
    throw InputError(problem.loss + ": option 'ignore_index' is a label; accepted with target=index only");
  if (options.given("normalizer") && options.word("normalizer") == "weight_sum")
    throw InputError(problem.loss + ": option 'normalizer' is weight_sum, which adds up the weights of labels; accepted with "
                     "target=probs: batch_positions, valid, full, batch, none");
  if (!options.given("normalizer")) options.set("normalizer", std::string("batch_positions"));
}

void resolve(Problem& problem) {
  infer(problem);
  const std::vector<InputDescription> inputs = inputs_of_form(problem.options);
  check_names(problem, inputs);
  check_dtypes(problem, inputs, true);
  const Shape& logits = problem.input("logits")->shape;
  if (logits.size() < 2)
    throw InputError(problem.loss + ": input 'logits' has shape " + to_string(logits) + "; it must be [N, C] or [N, C, d1, ...]");
  const bool probabilities = has_probabilities(problem.options);
  check_shape(problem, "target", probabilities ? logits : positions_of_logits(logits),
              probabilities ? "one probability a logit" : "one label a position of 'logits'");
  check_shape(problem, "weight", {logits[1]}, "one weight a class");
  check_shape(problem, "grad_output", shape_of_loss(problem), "the shape of loss");
  for (const char* input : {"target", "weight", "grad_output"}) check_contiguous(problem, input);
  resolve_options(problem);
  const std::int64_t ignore_index = problem.options.integer("ignore_index");
  if (!probabilities) check_labels(problem, "target", logits[1], &ignore_index);
}

std::vector<OutputDescription> described_outputs() {
  return {{.name = "log_sum_exp", .shape = "[N, d1, ...]", .meaning = "log Σ_c e^(logit), on request", .on_request = true},
          {.name = "argmax", .shape = "[N, d1, ...]", .meaning = "class of the largest logit, the first of equals, on request",
           .integers = DType::i64, .on_request = true}};
}

/// Every array once. Where the divisor of gradients depends on labels, these are read before the first gradient and again with
/// their row; so are the weights that count in the divisor.
Contract contract(const Problem& problem) {
  const bool gradient = problem.pass == Pass::gradient;
  const std::int64_t twice = gradient && divisor_from_labels(problem) ? 2 : 1;
  Contract contract;
  contract.entries.push_back({"logits", problem.input("logits")->bytes(), 0});
  contract.entries.push_back({"target", twice * problem.input("target")->bytes(), 0});
  if (const Array* weight = problem.input("weight")) {
    const bool counts = problem.reduction() == Reduction::mean && problem.options.word("normalizer") == "weight_sum";
    contract.entries.push_back({"weight", (counts ? twice : 1) * weight->bytes(), 0});
  }
  const DType loss = problem.reduction() == Reduction::none ? companion_type(problem.dtype) : reduced_type(problem.dtype);
  contract.entries.push_back({"loss", 0, count_of(shape_of_loss(problem)) * static_cast<std::int64_t>(size_of(loss))});
  const std::int64_t positions = problem.input("logits")->count() / std::max<std::int64_t>(problem.input("logits")->shape[1], 1);
  for (const OutputDescription& output : described_outputs())
    if (output.wanted(problem.options))
      contract.entries.push_back({output.name, 0, positions * static_cast<std::int64_t>(size_of(output.integers.value_or(reduced_type(problem.dtype))))});
  if (gradient) {
    if (const Array* upstream = problem.input("grad_output")) contract.entries.push_back({"grad_output", upstream->bytes(), 0});
    contract.entries.push_back({"grad_logits", 0, problem.input("logits")->bytes()});
  }
  return contract;
}

Shape input_shape(const std::string& input, const Shape& shape, const Options& options) {
  if (input == "logits" || (input == "target" && has_probabilities(options))) return shape;
  if (input == "weight") return {shape[1]};
  if (input == "grad_output" && options.word("reduction") != "none") return {};
  return positions_of_logits(shape);
}

}  // namespace

// Rounding, in multiples of u·condition (see reference/softmax_cross_entropy.h), with s the variant's sum_ulps, its error in
// adding exponentials:
//   l          e^(x - m): 4 (2 ulp of expf) and what its exponent inherits, which the condition holds; s for adding
//   log l      1 for rounding l to float, 4 of log l (2 ulp of log1pf): value 4 + 1, the log's own part is below that
//   loss       formed from log l and m - x_y in double; rows are added in double with compensation, partial sums in double:
//              5 a thread and 8 levels, which count in f64 only
//   gradient   e^(x - m): 4, its factor t·scale/l: 4 for l and 1 for rounding it, product, weight, difference: 1 each; in f64
//              also 5 for the factor and 13 for a divisor that was added up
Loss softmax_cross_entropy() {
  Loss loss;
  loss.name = "softmax_cross_entropy";
  loss.summary = "-Σ_c t_c·log softmax(x)_c with t_c = w_c·((1-ε)·[c = target] + ε/C)";
  loss.source = "torch.nn.functional.cross_entropy; Caffe SoftmaxWithLoss";
  loss.inputs = inputs_of_form({});
  loss.inputs_of_form = inputs_of_form;
  loss.infer = infer;
  loss.options = {
      reduction_option(),
      OptionDescription::choice("target", std::nullopt, {"index", "probs"}, "what input 'target' holds: labels, or a probability a logit; "
                                "inferred from its dtype"),
      OptionDescription::integer("ignore_index", -100, "label of positions that are left out: loss 0, gradient 0"),
      OptionDescription::real("label_smoothing", 0.0, "share ε of the target that goes to all classes alike").at_least(0).at_most(1),
      OptionDescription::real("z_loss", 0.0, "adds z·log_sum_exp² to the loss of each kept position").at_least(0),
      OptionDescription::real("scale", 1.0, "factor of every stored logit, before everything else; with an f8 dtype only").above(0),
      OptionDescription::real("softcap", 0.0, "s > 0 replaces each logit by s·tanh(logit/s) before everything else").at_least(0),
      OptionDescription::real("prob_floor", 0.0, "the value uses log max(p, floor); the gradient does not change").at_least(0).at_most(1),
      OptionDescription::choice("normalizer", "weight_sum", {"weight_sum", "batch_positions", "valid", "full", "batch", "none"},
                                "divisor of the mean: weights of the labels kept (default with labels), all positions (default with "
                                "probabilities), max(1, positions kept), all positions, N, or 1"),
      OptionDescription::choice("outputs", "none", {"none", "log_sum_exp", "argmax", "log_sum_exp,argmax", "argmax,log_sum_exp"},
                                "what else to return of each position, ignored ones too"),
      empty_option()};
  loss.outputs = described_outputs();
  loss.rounding = {.value_ulps = 5 + 13, .gradient_ulps = 12 + 18};

  loss.resolve = resolve;
  loss.output_shape = [](const std::string&, const Problem& problem) { return positions_of_logits(problem.input("logits")->shape); };
  loss.loss_shape = shape_of_loss;
  loss.contract = contract;
  loss.reference = softmax_reference;
  loss.sum_length = [](const Problem& problem) { return problem.input("logits")->shape[1]; };
  loss.input_shape = input_shape;

  loss.preference = {"auto", "online", "warp_per_row", "three_pass", "simd"};
  loss.default_shapes = {{32768, 1024}, {32768, 4096}, {16384, 32000}, {8192, 50257}, {8192, 128256}};
  loss.option_sets = {"reduction=sum",
                      "reduction=none",
                      "reduction=batch",
                      "label_smoothing=0.1",
                      "+weight",
                      "+weight label_smoothing=0.1",
                      "+weight label_smoothing=1 reduction=none",
                      "ignore_index=0 normalizer=valid",
                      "ignore_index=1 empty=zero",
                      "normalizer=full +weight",
                      "normalizer=batch outputs=log_sum_exp",
                      "normalizer=none label_smoothing=0.5",
                      "z_loss=0.01 label_smoothing=0.1 +weight",
                      "softcap=5 label_smoothing=0.1 z_loss=0.001",
                      "prob_floor=1.17549435e-38",
                      "prob_floor=0.001 label_smoothing=0.2 +weight reduction=none",
                      "outputs=log_sum_exp,argmax ignore_index=0",
                      "outputs=argmax softcap=2",
                      "target=probs",
                      "target=probs +weight label_smoothing=0.1 z_loss=0.001",
                      "target=probs softcap=10 reduction=none outputs=argmax,log_sum_exp",
                      "target=probs prob_floor=0.0001 normalizer=valid"};
  loss.f8_option_sets = {"scale=0.037 reduction=sum",
                         "scale=8 +weight label_smoothing=0.1 ignore_index=1",
                         "scale=0.3 reduction=none outputs=log_sum_exp,argmax",
                         "scale=0.05 softcap=5 z_loss=0.001 label_smoothing=0.1",
                         "scale=2.5 target=probs +weight reduction=none",
                         "prob_floor=0.001 label_smoothing=0.2 normalizer=valid"};
  return loss;
}

}  // namespace lossbench
