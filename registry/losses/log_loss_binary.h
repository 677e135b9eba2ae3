// Entry of the log loss on the probability of class 1. Its description is with the form of several classes.
#pragma once

#include <array>
#include <cmath>

#include "kernels/losses/log_loss.h"
#include "registry/losses/log_loss_options.h"
#include "registry/losses/margin.h"

namespace lossbench::inline SIMT_BUILD::entries {

struct LogLossBinary {
  using Functor = losses::LogLossBinary;
  static constexpr auto kLoss = "log_loss";
  static constexpr auto kForm = "form=binary";
  static constexpr std::array kOperands = {"probs", "target", "sample_weight"};

  static bool accepts(const Options& options) { return !options.has("form") || options.word("form") == "binary"; }
  static void complete_options(Problem& problem) { log_loss_options(problem); }
  static Functor bind(const Problem& problem) {
    const double eps = problem.options.real("eps");
    return {.clip = log_loss_clip(problem.options), .pass_floor = problem.options.word("floor_gradient") == "pass", .eps = eps,
            .log_eps = std::log(eps), .log_rest = std::log1p(-eps)};
  }
  static DivisorRule divisor(const Problem& problem) { return sample_weight_divisor(problem); }

  static auto reference(const Options& options) {
    return [clip = log_loss_reference_options(options)](const double* x) {
      const reference::Element element = reference::log_loss_binary(x[0], x[1], clip);
      return reference::Element{x[2] * element.value, element.gradient == 0 ? 0.0 : x[2] * element.gradient};
    };
  }
  static auto reference_term(const Options&) { return [](const double* x) { return x[2]; }; }

  /// A derivative beyond the range of float, 1/p for a p below 1e-38, is infinite before the divisor makes it small again.
  static auto condition(const Options& options) {
    return [of = reference(options)](const double* x) {
      const reference::Element element = of(x);
      const double steepness = std::fabs(element.gradient);
      return reference::Element{std::fabs(element.value), steepness > 0x1p127 ? HUGE_VAL : steepness};
    };
  }
};

}  // namespace lossbench::inline SIMT_BUILD::entries
