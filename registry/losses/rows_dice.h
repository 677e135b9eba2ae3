// Entries of the dice loss, on logits and on probabilities.
#pragma once

#include <algorithm>
#include <array>

#include "core/error.h"
#include "kernels/losses/dice.h"
#include "reference/dice.h"
#include "registry/row_loss.h"

namespace lossbench::inline SIMT_BUILD::entries {

inline bool dice_on_probs(const Options& options) { return options.has("from_logits") && !options.flag("from_logits"); }

inline void infer_dice(Problem& problem) {
  const bool probs = problem.input("probs") != nullptr, logits = problem.input("logits") != nullptr;
  if (probs && logits) throw InputError("dice: inputs 'logits' and 'probs' are both given; give one of them");
  if (!probs && !logits) return;
  if (problem.options.given("from_logits") && problem.options.flag("from_logits") == probs)
    throw InputError(std::string("dice: option 'from_logits' is ") + (probs ? "true" : "false") + ", but the input given is '" +
                     (probs ? "probs'" : "logits'"));
  problem.options.set("from_logits", !probs);
}

/// What both forms have in common: a row is the map of one sample and class.
template <bool kProbs>
struct DiceForm {
  using Functor = losses::Dice;
  static constexpr auto kLoss = "dice";
  static constexpr auto kForm = kProbs ? "from_logits=false" : "from_logits=true";
  static constexpr bool kRowwise = true;
  static constexpr std::array kOperands = {kProbs ? "probs" : "logits", "target"};

  static bool accepts(const Options& options) { return dice_on_probs(options) == kProbs; }
  static Functor bind(const Problem& problem) {
    return {.from_logits = !kProbs, .squares = problem.options.word("denominator") == "squares", .smooth = problem.options.real("smooth")};
  }
  static rows::RowShape rows_of(const Problem& problem) {
    const Shape& shape = problem.input(kOperands[0])->shape;
    std::int64_t width = 1;
    for (std::size_t axis = 2; axis < shape.size(); ++axis) width *= shape[axis];
    return {shape[0] * shape[1], width};
  }
  static Shape loss_shape(const Problem& problem) {
    const Shape& shape = problem.input(kOperands[0])->shape;
    return {shape[0], shape[1]};
  }
  static void check_shapes(const Problem& problem) {
    if (const Shape& shape = problem.input(kOperands[0])->shape; shape.size() < 2)
      throw InputError(std::string("dice: input '") + kOperands[0] + "' has shape " + to_string(shape) + "; it must be [B, C, ...]");
  }
  static auto reference(const Options& options) {
    const reference::DiceOptions chosen{!kProbs, options.word("denominator") == "squares", options.real("smooth")};
    return [chosen](const RowInput& row) { return reference::dice(row.operand[0], row.operand[1], chosen); };
  }
};

struct DiceProbs : DiceForm<true> {};

struct DiceLogits : DiceForm<false> {
  static std::vector<InputDescription> inputs_of_form(const Options& options) {
    const bool probs = dice_on_probs(options);
    std::vector<InputDescription> chosen;
    for (InputDescription input : describe().inputs) {
      if (input.name == (probs ? "logits" : "probs")) continue;
      input.optional = false;
      chosen.push_back(std::move(input));
    }
    chosen.push_back(grad_output_input());
    return chosen;
  }

  static Loss describe() {
    return {.name = kLoss,
            .summary = "1 - (2·Σ p·y + s)/(Σ p + Σ y + s) for each sample and class",
            .source = "Milletari et al. 2016, V-Net (denominator=squares)",
            .inputs = {{.name = "logits", .shape = "[B, C, *]", .meaning = "prediction as logits", .differentiable = true, .prediction = true},
                       {.name = "probs", .content = Content::probability, .shape = "[B, C, *]", .meaning = "or as probabilities", .optional = true,
                        .differentiable = true, .prediction = true},
                       {.name = "target", .content = Content::probability, .shape = "[B, C, *]", .meaning = "in [0, 1]; soft targets allowed"}},
            .options = {from_logits(), OptionDescription::real("smooth", 1.0, "added to both sides of the quotient").at_least(0),
                        OptionDescription::choice("denominator", "sum", {"sum", "squares"}, "Σ p + Σ y, or Σ p² + Σ y²"), reduction_option()},
            .rounding = {.value_ulps = 16, .gradient_ulps = 20},
            .infer = infer_dice,
            .inputs_of_form = [](const Options& options) { return inputs_of_form(options); },
            // A case of rows x width is rows maps of one class.
            .input_shape = [](const std::string&, const Shape& shape, const Options&) {
              return shape.size() == 2 ? Shape{shape[0], 1, shape[1]} : shape;
            },
            .preference = {"split_rows", "vector_rows", "register_rows", "warp_rows", "block_rows"},
            .default_shapes = {{8, 1, 1048576}, {32, 21, 262144}, {2, 4, 2097152}},
            .option_sets = {"denominator=squares", "from_logits=false", "from_logits=false smooth=0 denominator=squares reduction=none",
                            "smooth=0 reduction=sum", "reduction=none", "reduction=batch from_logits=false"}};
  }

 private:
  static OptionDescription from_logits() {
    OptionDescription option = OptionDescription::flag("from_logits", true, "inferred from the input given");
    option.initial.reset();
    return option;
  }
};

}  // namespace lossbench::inline SIMT_BUILD::entries
