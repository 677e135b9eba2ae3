// Entries of the losses of embeddings: triplet_margin, cosine_embedding.
#pragma once

#include <array>

#include "core/error.h"
#include "kernels/losses/cosine_embedding.h"
#include "kernels/losses/triplet_margin.h"
#include "reference/cosine_embedding.h"
#include "reference/triplet_margin.h"
#include "registry/row_loss.h"

namespace lossbench::inline SIMT_BUILD::entries {

inline void check_two_axes(const Problem& problem, const char* input, const char* accepted) {
  if (const Shape& shape = problem.input(input)->shape; shape.size() != 2)
    throw InputError(problem.loss + ": input '" + input + "' has shape " + to_string(shape) + "; it must be " + accepted);
}

struct TripletMargin {
  using Functor = losses::TripletMargin;
  static constexpr auto kLoss = "triplet_margin";
  static constexpr bool kRowwise = true;
  static constexpr std::array kOperands = {"anchor", "positive", "negative"};

  static Functor bind(const Problem& problem) {
    const Options& options = problem.options;
    return {.margin = options.real("margin"), .p = options.real("p"), .eps = options.real("eps"), .swap = options.flag("swap")};
  }
  static void check_shapes(const Problem& problem) { check_two_axes(problem, "anchor", "[N, D]"); }
  static auto reference(const Options& options) {
    return [chosen = reference::TripletOptions{options.real("margin"), options.real("p"), options.real("eps"), options.flag("swap")}](
               const RowInput& row) { return reference::triplet_margin(row.operand[0], row.operand[1], row.operand[2], chosen); };
  }

  static Loss describe() {
    const auto vector = [](const char* name, const char* meaning) {
      return InputDescription{.name = name, .shape = "[N, D]", .meaning = meaning, .differentiable = true, .prediction = true};
    };
    return {.name = kLoss,
            .summary = "max(0, margin + ‖a - p + eps‖_p - ‖a - n + eps‖_p)",
            .source = "Schroff et al. 2015, FaceNet; PyTorch triplet_margin_loss",
            .inputs = {vector("anchor", "embeddings"), vector("positive", "what each should be close to"),
                       vector("negative", "what each should be far from")},
            .options = {OptionDescription::real("margin", 1.0, "by which the negative is to be farther than the positive"),
                        OptionDescription::real("p", 2.0, "order of the norm").at_least(1),
                        OptionDescription::real("eps", 1e-6, "added to every component of a difference").at_least(0),
                        OptionDescription::flag("swap", false, "measure the negative from the positive where that is closer"),
                        reduction_option()},
            .rounding = {.value_ulps = 8, .gradient_ulps = 12},
            .preference = {"register_rows", "vector_rows", "warp_rows", "block_rows", "split_rows"},
            .default_shapes = {{65536, 128}, {32768, 512}, {16384, 2048}},
            .option_sets = {"swap=true", "margin=0.2 reduction=sum", "p=1", "p=3 swap=true", "reduction=none", "reduction=none swap=true eps=0",
                            "reduction=batch p=1.5"}};
  }
};

struct CosineEmbedding {
  using Functor = losses::CosineEmbedding;
  static constexpr auto kLoss = "cosine_embedding";
  static constexpr bool kRowwise = true;
  static constexpr std::array kOperands = {"input1", "input2"};
  static constexpr auto kRowFactor = "target";

  static Functor bind(const Problem& problem) { return {.margin = problem.options.real("margin")}; }
  static void check_shapes(const Problem& problem) { check_two_axes(problem, "input1", "[N, D]"); }
  static auto reference(const Options& options) {
    return [margin = options.real("margin")](const RowInput& row) {
      return reference::cosine_embedding(row.operand[0], row.operand[1], row.factor, margin);
    };
  }

  static Loss describe() {
    const auto vector = [](const char* name) {
      return InputDescription{.name = name, .shape = "[N, D]", .meaning = "embeddings", .differentiable = true, .prediction = true};
    };
    return {.name = kLoss,
            .summary = "1 - cos(a, b) where y = 1, max(0, cos(a, b) - margin) where y = -1",
            .source = "PyTorch cosine_embedding_loss",
            .inputs = {vector("input1"), vector("input2"),
                       {.name = "target", .content = Content::sign, .shape = "[N]", .meaning = "1 for pairs that belong together, -1 for others"}},
            .options = {OptionDescription::real("margin", 0.0, "cosine below which a pair that does not belong together costs nothing")
                            .at_least(-1).at_most(1),
                        reduction_option()},
            .rounding = {.value_ulps = 10, .gradient_ulps = 14, .cancels = true},  // b/‖a‖‖b‖ - cos·a/‖a‖² for vectors nearly parallel
            .input_shape = [](const std::string& input, const Shape& shape, const Options&) {
              return input == "target" ? Shape{shape[0]} : shape;
            },
            .preference = {"register_rows", "vector_rows", "warp_rows", "block_rows", "split_rows"},
            .default_shapes = {{65536, 128}, {32768, 768}, {16384, 4096}},
            .option_sets = {"margin=0.5", "margin=-0.25 reduction=sum", "reduction=none", "reduction=batch"}};
  }
};

}  // namespace lossbench::inline SIMT_BUILD::entries
