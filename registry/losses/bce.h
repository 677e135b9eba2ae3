// Entries of binary cross-entropy: on logits and on probabilities.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>

#include "core/error.h"
#include "kernels/losses/bce.h"
#include "kernels/pointwise/divisor_rule.h"
#include "reference/bce.h"
#include "registry/describe.h"

namespace lossbench::inline SIMT_BUILD::entries {

inline bool bce_on_probs(const Options& options) { return options.has("input") && options.word("input") == "probs"; }

inline losses::IgnoreLabel bce_ignore(const Options& options) {
  if (!options.has("ignore_label")) return {};
  return {.active = true, .label = double(options.integer("ignore_label"))};
}

/// With a mean: `full` counts all elements, `valid` those not ignored, `batch` the first dimension, each at least 1 where
/// elements can be ignored.
inline DivisorRule bce_divisor(const Problem& problem) {
  DivisorRule rule = reduction_divisor(problem);
  if (problem.reduction() != Reduction::mean) return rule;
  const bool ignores = problem.options.has("ignore_label");
  const std::string word = problem.options.has("normalizer") ? problem.options.word("normalizer") : ignores ? "batch" : "full";
  const Array& input = problem.inputs.front().array;
  if (word == "none") rule.constant = 1;
  if (word == "batch") rule.constant = input.shape.empty() ? 1.0 : double(input.shape.front());
  rule.computed = word == "valid" && ignores;
  rule.at_least_one = ignores;
  return rule;
}

/// Infers `input` from which of `logits` and `probs` is there.
inline void infer_bce(Problem& problem) {
  if (problem.options.given("normalizer") && problem.reduction() != Reduction::mean)
    throw InputError("bce: option 'normalizer' takes effect with reduction=mean only");
  const bool probs = problem.input("probs") != nullptr;
  if (probs && problem.input("logits")) throw InputError("bce: inputs 'logits' and 'probs' are both given; give one of them");
  const std::string inferred = probs ? "probs" : "logits";
  if (problem.options.given("input") && problem.options.word("input") != inferred && (probs || problem.input("logits")))
    throw InputError("bce: option 'input' is " + problem.options.word("input") + ", but the input given is '" + inferred + "'");
  if (probs || problem.input("logits")) problem.options.set("input", inferred);
}

struct BceLogits {
  using Functor = losses::BceLogits;
  static constexpr auto kLoss = "bce";
  static constexpr auto kForm = "input=logits";
  static constexpr std::array kOperands = {"logits", "target", "weight", "pos_weight"};

  static bool accepts(const Options& options) { return !bce_on_probs(options); }
  static Functor bind(const Problem& problem) { return {.ignore = bce_ignore(problem.options)}; }
  static DivisorRule divisor(const Problem& problem) { return bce_divisor(problem); }

  static auto reference(const Options& options) {
    return [ignore = bce_ignore(options)](const double* x) {
      if (ignore.active && reference::bce_ignored(x[1], ignore.label)) return reference::Element{0, 0};
      return reference::bce_logits(x[0], x[1], x[2], x[3]);
    };
  }
  static auto reference_term(const Options& options) {
    return [label = options.integer("ignore_label")](const double* x) { return reference::bce_ignored(x[1], double(label)) ? 0.0 : 1.0; };
  }
  /// The gradient is a difference, (1-y)·sigmoid(x) - pw·y·sigmoid(-x); for soft targets it can cancel.
  static auto condition(const Options& options) {
    return [element_of = reference(options)](const double* x) {
      const reference::Element element = element_of(x);
      const double up = reference::sigmoid(x[0]), down = reference::sigmoid(-x[0]);
      const double terms = std::fabs(x[2]) * (std::fabs(1 - x[1]) * up + std::fabs(x[3] * x[1]) * down);
      return reference::Element{std::fabs(element.value), element.gradient == 0 ? 0.0 : terms};
    };
  }

  static Loss describe() {
    return {.name = kLoss,
            .summary = "w·[softplus(x) - y·x] on logits; -w·[y·log p + (1-y)·log(1-p)] on probabilities",
            .source = "PyTorch binary_cross_entropy(_with_logits); Caffe SigmoidCrossEntropyLoss (ignore_label)",
            .inputs = {{.name = "logits", .shape = "[*]", .meaning = "prediction as a logit", .differentiable = true, .prediction = true},
                       {.name = "probs", .content = Content::probability, .shape = "[*]", .meaning = "or as a probability",
                        .optional = true, .differentiable = true, .prediction = true},
                       {.name = "target", .content = Content::probability, .shape = "[*]", .meaning = "in [0, 1]; soft targets allowed"},
                       {.name = "weight", .content = Content::weight, .shape = "broadcastable to [*]", .meaning = "factor of each element",
                        .optional = true},
                       {.name = "pos_weight", .content = Content::weight, .shape = "last axis", .meaning = "factor of the positive term (logits)",
                        .optional = true}},
            .options = {OptionDescription::choice("input", std::nullopt, {"logits", "probs"}, "inferred from the input given"),
                        OptionDescription::choice("clip", "log_clamp", {"log_clamp", "both", "none"}, "what is done about log 0 (probs)"),
                        OptionDescription::real("eps", 1e-7, "bound of clip=both").above(0).at_most(0.5),
                        OptionDescription::real("log_min", -100.0, "bound of clip=log_clamp").at_most(0),
                        OptionDescription::integer("ignore_label", std::nullopt, "elements whose target truncates to it are left out"),
                        OptionDescription::choice("normalizer", std::nullopt, {"valid", "full", "batch", "none"},
                                                  "divisor of the mean; full, or batch with ignore_label"),
                        reduction_option(), empty_option()},
            .rounding = {.value_ulps = 16, .gradient_ulps = 18},
            .infer = infer_bce,
            .inputs_of_form = [](const Options& options) { return inputs_of_form(options); },
            .input_shape = [](const std::string& input, const Shape& shape, const Options&) {
              return input == "pos_weight" && !shape.empty() ? Shape{shape.back()} : shape;
            },
            .option_sets = {"+weight", "+pos_weight", "+weight +pos_weight reduction=sum", "ignore_label=1 normalizer=valid",
                            "ignore_label=0", "ignore_label=1 normalizer=full reduction=mean", "reduction=none +weight", "reduction=batch",
                            "ignore_label=1 normalizer=none", "ignore_label=0 normalizer=batch", "empty=zero", "input=probs", "input=probs +weight log_min=-5",
                            "input=probs clip=both", "input=probs clip=both eps=0.01", "input=probs clip=none",
                            "input=probs reduction=none", "input=probs ignore_label=1 normalizer=valid reduction=mean"}};
  }

  /// The inputs of the form chosen: logits and pos_weight, or probs.
  static std::vector<InputDescription> inputs_of_form(const Options& options) {
    const bool probs = bce_on_probs(options);
    std::vector<InputDescription> chosen;
    for (InputDescription input : describe_inputs()) {
      if (input.name == (probs ? "logits" : "probs") || (probs && input.name == "pos_weight")) continue;
      if (input.name == "probs") input.optional = false;
      chosen.push_back(std::move(input));
    }
    chosen.push_back(grad_output_input());
    return chosen;
  }
  static std::vector<InputDescription> describe_inputs() { return describe().inputs; }
};

struct BceProbs {
  using Functor = losses::BceProbs;
  static constexpr auto kLoss = "bce";
  static constexpr auto kForm = "input=probs";
  static constexpr std::array kOperands = {"probs", "target", "weight"};

  static bool accepts(const Options& options) { return bce_on_probs(options); }

  static Functor bind(const Problem& problem) {
    const std::string& clip = problem.options.word("clip");
    using Clip = losses::BceProbs::Clip;
    return {.ignore = bce_ignore(problem.options),
            .clip = clip == "both" ? Clip::both : clip == "none" ? Clip::none : Clip::log_clamp,
            .eps = problem.options.real("eps"),
            .log_min = problem.options.real("log_min")};
  }
  static DivisorRule divisor(const Problem& problem) { return bce_divisor(problem); }

  static auto reference(const Options& options) {
    const std::string& word = options.word("clip");
    const auto clip = word == "both" ? reference::BceClip::both : word == "none" ? reference::BceClip::none : reference::BceClip::log_clamp;
    return [clip, ignore = bce_ignore(options), eps = options.real("eps"), log_min = options.real("log_min")](const double* x) {
      if (ignore.active && reference::bce_ignored(x[1], ignore.label)) return reference::Element{0, 0};
      return reference::bce_probs(x[0], x[1], x[2], clip, eps, log_min);
    };
  }
  static auto reference_term(const Options& options) { return BceLogits::reference_term(options); }

  /// A derivative beyond the range of float, 1/p for a p below 1e-38, is infinite before the divisor makes it small again:
  /// an unbounded condition says that nothing is promised there.
  static auto condition(const Options& options) {
    return [element_of = reference(options)](const double* x) {
      const reference::Element element = element_of(x);
      const double steepness = std::fabs(element.gradient);
      return reference::Element{std::fabs(element.value), steepness > 0x1p127 ? HUGE_VAL : steepness};
    };
  }
};

/// The alias of the teaching notes' numpy function: no clip, and the sum over everything divided by the first dimension.
struct CrossEntropyNotes {
  using Functor = losses::BceProbs;
  static constexpr auto kLoss = "cross_entropy_notes";
  static constexpr std::array kOperands = {"P", "Y", "weight"};  // there is no weight, which reads as 1

  static Functor bind(const Problem&) { return {.ignore = {}, .clip = losses::BceProbs::Clip::none}; }
  static auto reference(const Options&) {
    return [](const double* x) { return reference::bce_probs(x[0], x[1], 1.0, reference::BceClip::none, 0, 0); };
  }
  static auto condition(const Options& options) {
    return [of = reference(options)](const double* x) {
      const reference::Element element = of(x);
      const double steepness = std::fabs(element.gradient);
      return reference::Element{std::fabs(element.value), steepness > 0x1p127 ? HUGE_VAL : steepness};
    };
  }

  static Loss describe() {
    return {.name = kLoss,
            .summary = "-[Y·log P + (1-Y)·log(1-P)], summed and divided by the first dimension",
            .source = "a numpy one-liner of teaching notes; bce with clip=none, reduction=batch",
            .inputs = {{.name = "Y", .content = Content::probability, .shape = "[*]", .meaning = "labels, in [0, 1]"},
                       {.name = "P", .content = Content::probability, .shape = "[*]", .meaning = "prediction as a probability",
                        .differentiable = true, .prediction = true}},
            .options = {reduction_option("batch")},
            .rounding = {.value_ulps = 16, .gradient_ulps = 18},
            .option_sets = {"reduction=none", "reduction=mean", "reduction=sum"}};
  }
};

}  // namespace lossbench::inline SIMT_BUILD::entries
