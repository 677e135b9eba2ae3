// Entries of the losses of a margin y·s: logistic, hinge, hinge_embedding.
#pragma once

#include <array>
#include <cmath>

#include "core/error.h"
#include "kernels/losses/hinge.h"
#include "kernels/losses/hinge_embedding.h"
#include "kernels/losses/logistic.h"
#include "kernels/pointwise/divisor_rule.h"
#include "reference/hinge.h"
#include "reference/hinge_embedding.h"
#include "reference/logistic.h"
#include "registry/describe.h"

namespace lossbench::inline SIMT_BUILD::entries {

inline std::vector<InputDescription> score_and_sign(const char* shape) {
  return {{.name = "scores", .shape = shape, .meaning = "score of class +1", .differentiable = true, .prediction = true},
          {.name = "target", .content = Content::sign, .shape = shape, .meaning = "-1 or +1"}};
}

/// A mean over weighted samples divides by the sum of the weights.
inline DivisorRule sample_weight_divisor(const Problem& problem) {
  DivisorRule rule = reduction_divisor(problem);
  rule.computed = problem.reduction() == Reduction::mean && problem.input("sample_weight") != nullptr;
  return rule;
}

struct Logistic {
  using Functor = losses::Logistic;
  static constexpr auto kLoss = "logistic";
  static constexpr std::array kOperands = {"scores", "target"};

  static Functor bind(const Problem&) { return {}; }
  static auto reference(const Options&) { return [](const double* x) { return reference::logistic(x[0], x[1]); }; }

  static Loss describe() {
    return {.name = kLoss,
            .summary = "log(1 + e^(-y·s))",
            .source = "logistic regression; binary cross-entropy on logits with target (y+1)/2",
            .inputs = score_and_sign("[*]"),
            .options = {reduction_option()},
            .rounding = {.value_ulps = 10, .gradient_ulps = 10},
            .option_sets = {"reduction=sum", "reduction=none", "reduction=batch"}};
  }
};

/// Its description is with the form of several classes.
struct HingeBinary {
  using Functor = losses::HingeBinary;
  static constexpr auto kLoss = "hinge";
  static constexpr auto kForm = "variant=binary";
  static constexpr std::array kOperands = {"scores", "target", "sample_weight"};

  static bool accepts(const Options& options) { return !options.has("variant") || options.word("variant") == "binary"; }
  static Functor bind(const Problem& problem) {
    return {.margin = problem.options.real("margin"), .squared = problem.options.integer("p") == 2};
  }
  static DivisorRule divisor(const Problem& problem) { return sample_weight_divisor(problem); }
  static auto reference(const Options& options) {
    return [margin = options.real("margin"), power = int(options.integer("p"))](const double* x) {
      const reference::Element element = reference::hinge_binary(x[0], x[1], margin, power);
      return reference::Element{x[2] * element.value, x[2] * element.gradient};
    };
  }
  static auto reference_term(const Options&) { return [](const double* x) { return x[2]; }; }
};

struct HingeEmbedding {
  using Functor = losses::HingeEmbedding;
  static constexpr auto kLoss = "hinge_embedding";
  static constexpr std::array kOperands = {"input", "target"};

  static Functor bind(const Problem& problem) { return {.margin = problem.options.real("margin")}; }
  static auto reference(const Options& options) {
    return [margin = options.real("margin")](const double* x) { return reference::hinge_embedding(x[0], x[1], margin); };
  }
  /// The margin itself is rounded to the arithmetic type.
  static auto condition(const Options& options) {
    return [of = reference(options), margin = options.real("margin")](const double* x) {
      const reference::Element element = of(x);
      return reference::Element{std::fabs(element.value) + (x[1] == 1 ? 0.0 : std::fabs(margin)), std::fabs(element.gradient)};
    };
  }

  static Loss describe() {
    return {.name = kLoss,
            .summary = "x where y = 1, max(0, margin - x) where y = -1",
            .source = "PyTorch hinge_embedding_loss",
            .inputs = {{.name = "input", .shape = "[*]", .meaning = "a distance", .differentiable = true, .prediction = true},
                       {.name = "target", .content = Content::sign, .shape = "[*]", .meaning = "1 for what should be close, -1 for what should not"}},
            .options = {OptionDescription::real("margin", 1.0, "distance beyond which what should not be close costs nothing"),
                        reduction_option()},
            .rounding = {.value_ulps = 2, .gradient_ulps = 1},
            .option_sets = {"margin=0.5", "margin=0 reduction=sum", "reduction=none", "reduction=batch"}};
  }
};

}  // namespace lossbench::inline SIMT_BUILD::entries
