// Entry of the focal loss.
#pragma once

#include <array>
#include <cmath>

#include "kernels/losses/sigmoid_focal.h"
#include "reference/sigmoid_focal.h"
#include "registry/describe.h"

namespace lossbench::inline SIMT_BUILD::entries {

struct SigmoidFocal {
  using Functor = losses::SigmoidFocal;
  static constexpr auto kLoss = "sigmoid_focal";
  static constexpr std::array kOperands = {"logits", "target"};

  static Functor bind(const Problem& problem) { return {.alpha = problem.options.real("alpha"), .gamma = problem.options.real("gamma")}; }

  static auto element_of(const Options& options) {
    return [alpha = options.real("alpha"), gamma = options.real("gamma")](const double* x) {
      return reference::sigmoid_focal(x[0], x[1], alpha, gamma);
    };
  }
  static auto reference(const Options& options) {
    return [of = element_of(options)](const double* x) { return of(x).element; };
  }

  /// The power passes on γ times the error of q. Where q or the power falls below the smallest normal number, its rounding is
  /// absolute and the rest multiplies it; a power γ < 1 of such a q has no bound.
  static auto condition(const Options& options) {
    return [of = element_of(options), gamma = options.real("gamma")](const double* x) {
      const reference::FocalElement focal = of(x);
      if (gamma > 0 && gamma < 1 && focal.q < 0x1p-126) return reference::Element{HUGE_VAL, HUGE_VAL};
      const double cross_entropy = focal.common > 0 ? focal.element.value / focal.common : std::fabs(x[0]) + 1;
      return reference::Element{(1 + gamma) * (std::fabs(focal.element.value) + cross_entropy * 0x1p-126),
                                (1 + gamma) * (focal.common + 0x1p-126) * focal.slope_terms};
    };
  }

  static Loss describe() {
    return {.name = kLoss,
            .summary = "a_t·(1 - p_t)^γ·(softplus(x) - y·x)",
            .source = "Lin et al. 2017, RetinaNet; torchvision sigmoid_focal_loss",
            .inputs = {{.name = "logits", .shape = "[*]", .meaning = "prediction as a logit", .differentiable = true, .prediction = true},
                       {.name = "target", .content = Content::probability, .shape = "[*]", .meaning = "in [0, 1]; soft targets allowed"}},
            .options = {OptionDescription::real("alpha", 0.25, "weight of the positive class; negative: both weigh 1").at_most(1),
                        OptionDescription::real("gamma", 2.0, "power of 1 - p_t").at_least(0), reduction_option("none")},
            .rounding = {.value_ulps = 30, .gradient_ulps = 48},
            .option_sets = {"reduction=sum", "reduction=mean", "reduction=batch gamma=1", "gamma=0 alpha=-1", "gamma=1.5", "gamma=0.5 alpha=0.75",
                            "gamma=0 reduction=sum", "gamma=3 reduction=mean alpha=-1"}};
  }
};

}  // namespace lossbench::inline SIMT_BUILD::entries
