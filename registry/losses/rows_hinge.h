// Entry of the hinge losses of several classes, and the description of all hinge losses.
#pragma once

#include <array>

#include "core/error.h"
#include "kernels/losses/hinge_classes.h"
#include "reference/hinge_classes.h"
#include "registry/row_loss.h"

namespace lossbench::inline SIMT_BUILD::entries {

inline bool hinge_of_classes(const Options& options) { return options.has("variant") && options.word("variant") != "binary"; }

/// Infers `variant` from the rank of the scores.
inline void infer_hinge(Problem& problem) {
  const Array* scores = problem.input("scores");
  if (!scores) return;
  const std::size_t rank = scores->shape.size();
  if (!problem.options.has("variant")) problem.options.set("variant", std::string(rank == 2 ? "crammer_singer" : "binary"));
  const std::string& variant = problem.options.word("variant");
  if (rank != (variant == "binary" ? 1u : 2u))
    throw InputError("hinge: input 'scores' has shape " + to_string(scores->shape) + "; variant=" + variant + " takes " +
                     (variant == "binary" ? "[N]" : "[N, C]"));
  if (problem.options.given("class_average") && variant != "weston_watkins")
    throw InputError("hinge: option 'class_average' is accepted with variant=weston_watkins only; 'variant' is " + variant);
  if (problem.input("weight") && variant != "weston_watkins")
    throw InputError("hinge: input 'weight' is accepted with variant=weston_watkins only; 'variant' is " + variant);
}

struct HingeClasses {
  using Functor = losses::HingeClasses;
  static constexpr auto kLoss = "hinge";
  static constexpr auto kForm = "variant=crammer_singer, weston_watkins, one_vs_all";
  static constexpr bool kRowwise = true;
  static constexpr std::array kOperands = {"scores"};
  static constexpr auto kClassWeight = "weight";

  static bool accepts(const Options& options) { return hinge_of_classes(options); }
  static Functor bind(const Problem& problem) {
    using Kind = losses::HingeClasses::Kind;
    const std::string& variant = problem.options.word("variant");
    return {.kind = variant == "crammer_singer" ? Kind::crammer_singer : variant == "weston_watkins" ? Kind::weston_watkins : Kind::one_vs_all,
            .squared = problem.options.integer("p") == 2,
            .class_average = problem.options.flag("class_average"),
            .margin = problem.options.real("margin")};
  }
  static auto reference(const Options& options) {
    const reference::HingeOptions chosen{options.real("margin"), int(options.integer("p")), options.flag("class_average")};
    return [chosen, variant = options.word("variant")](const RowInput& row) {
      const reference::Row scores = row.operand[0];
      return variant == "crammer_singer"   ? reference::hinge_crammer_singer(scores, row.label, chosen)
             : variant == "weston_watkins" ? reference::hinge_weston_watkins(scores, row.label, row.factor, chosen)
                                           : reference::hinge_one_vs_all(scores, row.label, chosen);
    };
  }

  static std::vector<InputDescription> inputs_of_form(const Options& options) {
    const bool classes = hinge_of_classes(options);
    std::vector<InputDescription> chosen;
    for (InputDescription input : describe().inputs) {
      if (input.name == "weight" && !(classes && options.word("variant") == "weston_watkins")) continue;
      if (input.name == "scores") input.shape = classes ? "[N, C]" : "[N]";
      if (input.name == "target" && classes) input.content = Content::label;
      chosen.push_back(std::move(input));
    }
    chosen.push_back(grad_output_input());
    return chosen;
  }

  static Loss describe() {
    return {.name = kLoss,
            .summary = "max(0, margin - y·s)^p; of classes: the best wrong one, all wrong ones, or each against the rest",
            .source = "Cortes & Vapnik 1995; Crammer & Singer 2001; Weston & Watkins 1999; scikit-learn, PyTorch, Caffe",
            .inputs = {{.name = "scores", .shape = "[N] or [N, C]", .meaning = "score of class +1, or of every class", .differentiable = true,
                        .prediction = true},
                       {.name = "target", .content = Content::sign, .shape = "[N]", .meaning = "-1 or +1, or a class index"},
                       {.name = "weight", .content = Content::weight, .shape = "[C]", .meaning = "factor of each target class (weston_watkins)",
                        .optional = true},
                       {.name = "sample_weight", .content = Content::weight, .shape = "[N]",
                        .meaning = "factor of each sample; the mean divides by its sum", .optional = true}},
            .options = {OptionDescription::choice("variant", std::nullopt, {"binary", "crammer_singer", "weston_watkins", "one_vs_all"},
                                                  "binary for scores [N], crammer_singer for [N, C]"),
                        OptionDescription::real("margin", 1.0, "margin below which a sample counts").at_least(0),
                        OptionDescription::integer("p", 1, "power; 2 is the squared hinge").at_least(1).at_most(2),
                        OptionDescription::flag("class_average", true, "divide by the number of classes (weston_watkins)"),
                        reduction_option(), empty_option()},
            .rounding = {.value_ulps = 6, .gradient_ulps = 6},
            .infer = infer_hinge,
            .inputs_of_form = [](const Options& options) { return inputs_of_form(options); },
            .input_shape = [](const std::string& input, const Shape& shape, const Options& options) -> Shape {
              if (!hinge_of_classes(options)) return shape;
              const Shape rows = shape.size() == 1 ? Shape{shape[0] / 1024, 1024} : shape;
              return input == "scores" ? rows : input == "weight" ? Shape{rows[1]} : Shape{rows[0]};
            },
            .preference = {"fused", "single_pass", "compensated", "elementwise", "register_rows", "vector_rows", "warp_rows", "block_rows",
                           "split_rows", "vectorized", "warp_shuffle", "shared_tree", "naive_atomic", "map_then_reduce", "cub", "simd", "thrust"},
            .option_sets = {"p=2", "margin=0", "+sample_weight", "+sample_weight reduction=sum p=2", "+sample_weight reduction=batch",
                            "reduction=none margin=0.5", "empty=zero +sample_weight",
                            "variant=crammer_singer", "variant=crammer_singer p=2 +sample_weight", "variant=crammer_singer reduction=none margin=0.5",
                            "variant=weston_watkins", "variant=weston_watkins +weight p=2 reduction=sum",
                            "variant=weston_watkins class_average=false +weight +sample_weight reduction=none",
                            "variant=one_vs_all reduction=batch", "variant=one_vs_all p=2 +sample_weight empty=zero"}};
  }
};

}  // namespace lossbench::inline SIMT_BUILD::entries
