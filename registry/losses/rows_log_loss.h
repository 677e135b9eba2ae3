// Entry of the log loss of several classes, and the description of both forms.
#pragma once

#include <array>

#include "core/error.h"
#include "kernels/losses/log_loss_classes.h"
#include "registry/losses/log_loss_options.h"
#include "registry/row_loss.h"

namespace lossbench::inline SIMT_BUILD::entries {

inline bool log_loss_of_classes(const Options& options) { return options.has("form") && options.word("form") == "classes"; }

/// Infers `form` from the rank of the probabilities.
inline void infer_log_loss(Problem& problem) {
  const Array* probs = problem.input("probs");
  if (!probs) return;
  const std::size_t rank = probs->shape.size();
  const std::string inferred = rank == 1 ? "binary" : "classes";
  if (rank != 1 && rank != 2)
    throw InputError("log_loss: input 'probs' has shape " + to_string(probs->shape) + "; it must be [N] or [N, C]");
  if (problem.options.given("form") && problem.options.word("form") != inferred)
    throw InputError("log_loss: option 'form' is " + problem.options.word("form") + ", but 'probs' has shape " + to_string(probs->shape));
  problem.options.set("form", inferred);
}

struct LogLossClasses {
  using Functor = losses::LogLossClasses;
  static constexpr auto kLoss = "log_loss";
  static constexpr auto kForm = "form=classes";
  static constexpr bool kRowwise = true;
  static constexpr std::array kOperands = {"probs"};

  static bool accepts(const Options& options) { return log_loss_of_classes(options); }
  static void complete_options(Problem& problem) { log_loss_options(problem); }
  static Functor bind(const Problem& problem) {
    const Options& options = problem.options;
    return {.clip = log_loss_clip(options), .renormalize = options.flag("renormalize"),
            .pass_floor = options.word("floor_gradient") == "pass", .eps = options.real("eps")};
  }
  static bool reads_row(const Options& options) { return options.flag("renormalize"); }

  /// A derivative beyond the range of float is infinite before the divisor makes it small again: nothing is promised there.
  static auto reference(const Options& options) {
    return [chosen = log_loss_reference_options(options)](const RowInput& row) {
      reference::RowResult result = reference::log_loss_classes(row.operand[0], row.label, chosen);
      for (double& condition : result.gradients[0].condition) condition = condition > 0x1p127 ? HUGE_VAL : condition;
      return result;
    };
  }

  static std::vector<InputDescription> inputs_of_form(const Options& options) {
    const bool classes = log_loss_of_classes(options);
    std::vector<InputDescription> chosen = describe().inputs;
    chosen[0].shape = classes ? "[N, C]" : "[N]";
    if (classes) chosen[1].content = Content::label;
    chosen.push_back(grad_output_input());
    return chosen;
  }

  static Loss describe() {
    return {.name = kLoss,
            .summary = "-log of the clipped probability of the class",
            .source = "scikit-learn log_loss; Caffe MultinomialLogisticLoss (clip=lower)",
            .inputs = {{.name = "probs", .content = Content::probability, .shape = "[N] or [N, C]",
                        .meaning = "probability of class 1, or of every class", .differentiable = true, .prediction = true},
                       {.name = "target", .content = Content::bit, .shape = "[N]", .meaning = "class"},
                       {.name = "sample_weight", .content = Content::weight, .shape = "[N]",
                        .meaning = "factor of each sample; the mean divides by its sum", .optional = true}},
            .options = {OptionDescription::choice("form", std::nullopt, {"binary", "classes"}, "inferred from the rank of probs"),
                        OptionDescription::real("eps", std::nullopt, "clip bound; 2^-23, in f64 2^-52").above(0).at_most(0.5),
                        OptionDescription::choice("clip", "both", {"both", "lower", "none"}, "clip to [eps, 1-eps], to [eps, ...), or not"),
                        OptionDescription::flag("renormalize", false, "divide the clipped probabilities of a row by their sum"),
                        OptionDescription::choice("floor_gradient", "zero", {"zero", "pass"},
                                                  "gradient at a probability that clip=lower raised: 0, or that at eps"),
                        reduction_option(), empty_option()},
            .rounding = {.value_ulps = 6, .gradient_ulps = 8},
            .infer = infer_log_loss,
            .inputs_of_form = [](const Options& options) { return inputs_of_form(options); },
            .input_shape = [](const std::string& input, const Shape& shape, const Options& options) -> Shape {
              if (!log_loss_of_classes(options)) return shape;
              const Shape rows = shape.size() == 1 ? Shape{shape[0] / 1024, 1024} : shape;
              return input == "probs" ? rows : Shape{rows[0]};
            },
            .preference = {"fused", "single_pass", "compensated", "elementwise", "register_rows", "vector_rows", "warp_rows", "block_rows",
                           "split_rows", "vectorized", "warp_shuffle", "shared_tree", "naive_atomic", "map_then_reduce", "cub", "simd", "thrust"},
            .option_sets = {"+sample_weight", "clip=lower", "clip=lower floor_gradient=pass reduction=sum", "clip=none", "renormalize=true",
                            "eps=0.125 +sample_weight reduction=batch", "reduction=none +sample_weight", "clip=lower eps=0.25 reduction=none",
                            "empty=zero +sample_weight", "form=classes", "form=classes renormalize=true",
                            "form=classes renormalize=true clip=lower eps=0.01 +sample_weight",
                            "form=classes clip=lower floor_gradient=pass renormalize=true reduction=sum eps=0.1",
                            "form=classes clip=lower floor_gradient=pass reduction=none", "form=classes clip=none reduction=batch",
                            "form=classes renormalize=true reduction=none +sample_weight", "form=classes +sample_weight empty=zero"}};
  }
};

}  // namespace lossbench::inline SIMT_BUILD::entries
