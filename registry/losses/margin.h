// Entries of the losses of a margin y·s: logistic, hinge.
#pragma once

#include <array>

#include "core/error.h"
#include "kernels/losses/hinge.h"
#include "kernels/losses/logistic.h"
#include "kernels/pointwise/divisor_rule.h"
#include "reference/hinge.h"
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

struct HingeBinary {
  using Functor = losses::HingeBinary;
  static constexpr auto kLoss = "hinge";
  static constexpr std::array kOperands = {"scores", "target", "sample_weight"};

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

  static Loss describe() {
    std::vector<InputDescription> inputs = score_and_sign("[N]");
    inputs.push_back({.name = "sample_weight", .content = Content::weight, .shape = "[N]",
                      .meaning = "factor of each sample; the mean divides by its sum", .optional = true});
    return {.name = kLoss,
            .summary = "max(0, margin - y·s)^p",
            .source = "Cortes & Vapnik 1995; scikit-learn hinge_loss",
            .inputs = std::move(inputs),
            .options = {OptionDescription::choice("variant", "binary", {"binary"}, "kind of hinge"),
                        OptionDescription::real("margin", 1.0, "margin below which a sample counts").at_least(0),
                        OptionDescription::integer("p", 1, "power; 2 is the squared hinge").at_least(1).at_most(2), reduction_option(),
                        empty_option()},
            .rounding = {.value_ulps = 5, .gradient_ulps = 4},
            .infer = [](Problem& problem) {
              const Array* scores = problem.input("scores");
              if (scores && scores->shape.size() != 1)
                throw InputError("hinge: input 'scores' has shape " + to_string(scores->shape) + "; variant=binary takes [N]");
            },
            .option_sets = {"p=2", "margin=0", "+sample_weight", "+sample_weight reduction=sum p=2", "+sample_weight reduction=batch",
                            "reduction=none margin=0.5", "empty=zero +sample_weight"}};
  }
};

}  // namespace lossbench::inline SIMT_BUILD::entries
