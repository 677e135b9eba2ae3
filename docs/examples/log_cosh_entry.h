#pragma once

#include "docs/examples/log_cosh_functor.h"
#include "docs/examples/log_cosh_reference.h"
#include "registry/losses/regression.h"

namespace lossbench::inline SIMT_BUILD::entries {

struct LogCosh {
  using Functor = losses::LogCosh;
  static constexpr auto kLoss = "log_cosh";
  static constexpr auto kOperands = kInputTarget;
  static constexpr bool kNegatedTarget = true;

  static Functor bind(const Problem&) { return {}; }
  static auto reference(const Options&) { return [](const double* x) { return reference::log_cosh(x[0], x[1]); }; }

  static Loss describe() {
    return {.name = kLoss,
            .summary = "log(cosh(d)), d = input - target",
            .source = "Chen et al. 2018, log-hyperbolic cosine loss",
            .inputs = input_and_target(),
            .options = {reduction_option(), empty_option()},
            .rounding = {.value_ulps = 40, .gradient_ulps = 16},
            .option_sets = {"reduction=sum", "reduction=none"}};
  }

  /// Rounding of e^(-2|d|) near 1 is absolute in the gradient: a small d is lost in 1 - e.
  static auto condition(const Options&) {
    return [](const double* x) {
      const reference::Element element = reference::log_cosh(x[0], x[1]);
      return reference::Element{element.value, std::fabs(element.gradient) + 1};
    };
  }
};

}  // namespace lossbench::inline SIMT_BUILD::entries
