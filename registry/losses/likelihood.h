// Entries of the losses of likelihoods and divergences: kl_div, poisson_nll, gaussian_nll.
#pragma once

#include <array>
#include <cmath>

#include "kernels/losses/gaussian_nll.h"
#include "kernels/losses/kl_div.h"
#include "kernels/losses/poisson_nll.h"
#include "reference/gaussian_nll.h"
#include "reference/kl_div.h"
#include "reference/poisson_nll.h"
#include "registry/describe.h"

namespace lossbench::inline SIMT_BUILD::entries {

/// Beyond the range of float a term is infinite before a divisor can make it small again: an unbounded condition says that
/// nothing is promised there.
inline double unbounded_beyond_float(double condition) { return condition > 0x1p127 ? HUGE_VAL : condition; }

struct KlDiv {
  using Functor = losses::KlDiv;
  static constexpr auto kLoss = "kl_div";
  static constexpr std::array kOperands = {"input", "target"};
  static constexpr auto kSecondGradient = "target";

  static Functor bind(const Problem& problem) { return {.log_target = problem.options.flag("log_target")}; }

  static auto element_of(const Options& options) {
    return [logs = options.flag("log_target")](const double* x) {
      return logs ? reference::kl_div_log_target(x[0], x[1]) : reference::kl_div(x[0], x[1]);
    };
  }
  /// e^t below the smallest normal number is rounded absolutely, and the difference multiplies that.
  static auto least_of(const Options& options) {
    return [logs = options.flag("log_target")](const double* x) {
      return logs ? (std::fabs(x[0]) + std::fabs(x[1]) + 1) * 0x1p-126 : 0.0;
    };
  }
  static auto reference(const Options& options) {
    return [of = element_of(options)](const double* x) { return of(x).element; };
  }
  static auto reference_second(const Options& options) {
    return [of = element_of(options), least = least_of(options)](const double* x) {
      const reference::Slope slope = of(x).target;
      return reference::Slope{slope.gradient, unbounded_beyond_float(slope.condition) + least(x)};
    };
  }
  static auto condition(const Options& options) {
    return [of = element_of(options), least = least_of(options)](const double* x) {
      const reference::KlElement element = of(x);
      return reference::Element{unbounded_beyond_float(element.magnitude) + least(x), std::fabs(element.element.gradient) + 0x1p-126};
    };
  }

  static Loss describe() {
    return {.name = kLoss,
            .summary = "t·(log t - x), 0 where t = 0; e^t·(t - x) with log_target",
            .source = "Kullback & Leibler 1951; PyTorch kl_div",
            .inputs = inputs(Content::probability),
            .options = {OptionDescription::flag("log_target", false, "the target is given as a logarithm"), reduction_option()},
            .rounding = {.value_ulps = 10, .gradient_ulps = 10},
            .inputs_of_form = [](const Options& options) {
              const bool logs = options.has("log_target") && options.flag("log_target");
              std::vector<InputDescription> form = inputs(logs ? Content::log_probability : Content::probability);
              form.push_back(grad_output_input());
              return form;
            },
            .option_sets = {"log_target=true", "reduction=batch", "reduction=sum log_target=true", "reduction=none",
                            "reduction=none log_target=true"}};
  }

 private:
  static std::vector<InputDescription> inputs(Content target) {
    return {{.name = "input", .shape = "[*]", .meaning = "prediction: log-probabilities", .differentiable = true, .prediction = true},
            {.name = "target", .content = target, .shape = "[*]", .meaning = "probabilities, or their logarithms (log_target)",
             .differentiable = true}};
  }
};

struct PoissonNll {
  using Functor = losses::PoissonNll;
  static constexpr auto kLoss = "poisson_nll";
  static constexpr std::array kOperands = {"input", "target"};

  static Functor bind(const Problem& problem) {
    return {.log_input = problem.options.flag("log_input"), .full = problem.options.flag("full"), .eps = problem.options.real("eps")};
  }
  static auto element_of(const Options& options) {
    return [logs = options.flag("log_input"), full = options.flag("full"), eps = options.real("eps")](const double* x) {
      return logs ? reference::poisson_nll_log(x[0], x[1], full) : reference::poisson_nll_rate(x[0], x[1], eps, full);
    };
  }
  static auto reference(const Options& options) {
    return [of = element_of(options)](const double* x) { return of(x).element; };
  }
  static auto condition(const Options& options) {
    return [of = element_of(options)](const double* x) {
      const reference::Element magnitude = of(x).magnitude;
      return reference::Element{unbounded_beyond_float(magnitude.value), unbounded_beyond_float(magnitude.gradient)};
    };
  }

  static Loss describe() {
    return {.name = kLoss,
            .summary = "e^x - t·x, or x - t·log(x + eps)",
            .source = "PyTorch poisson_nll_loss",
            .inputs = inputs(Content::real),
            .options = {OptionDescription::flag("log_input", true, "the input is the logarithm of the rate"),
                        OptionDescription::flag("full", false, "add t·log t - t + log(2πt)/2 where t > 1"),
                        OptionDescription::real("eps", 1e-8, "added to the rate before its logarithm (log_input=false)").at_least(0),
                        reduction_option()},
            .rounding = {.value_ulps = 14, .gradient_ulps = 8},
            .inputs_of_form = [](const Options& options) {
              const bool logs = !options.has("log_input") || options.flag("log_input");
              std::vector<InputDescription> form = inputs(logs ? Content::real : Content::non_negative);
              form.push_back(grad_output_input());
              return form;
            },
            .option_sets = {"full=true", "log_input=false", "log_input=false full=true eps=0.001 reduction=sum", "reduction=none",
                            "reduction=batch log_input=false", "reduction=none log_input=false full=true"}};
  }

 private:
  static std::vector<InputDescription> inputs(Content input) {
    return {{.name = "input", .content = input, .shape = "[*]", .meaning = "prediction: the rate, or its logarithm (log_input)",
             .differentiable = true, .prediction = true},
            {.name = "target", .content = Content::non_negative, .shape = "[*]", .meaning = "count"}};
  }
};

struct GaussianNll {
  using Functor = losses::GaussianNll;
  static constexpr auto kLoss = "gaussian_nll";
  static constexpr std::array kOperands = {"input", "target", "var"};
  static constexpr auto kSecondGradient = "var";

  static Functor bind(const Problem& problem) { return {.eps = problem.options.real("eps"), .full = problem.options.flag("full")}; }
  static void check(const Problem& problem) { check_not_negative(problem, "var"); }

  static auto element_of(const Options& options) {
    return [eps = options.real("eps"), full = options.flag("full")](const double* x) {
      return reference::gaussian_nll(x[0], x[1], x[2], eps, full);
    };
  }
  static auto reference(const Options& options) {
    return [of = element_of(options)](const double* x) { return of(x).element; };
  }
  static auto reference_second(const Options& options) {
    return [of = element_of(options)](const double* x) {
      const reference::Slope slope = of(x).variance;
      return reference::Slope{slope.gradient, unbounded_beyond_float(slope.condition)};
    };
  }
  static auto condition(const Options& options) {
    return [of = element_of(options)](const double* x) {
      const reference::GaussianElement element = of(x);
      return reference::Element{unbounded_beyond_float(element.magnitude), unbounded_beyond_float(std::fabs(element.element.gradient))};
    };
  }

  static Loss describe() {
    return {.name = kLoss,
            .summary = "(log v + (x-t)²/v)/2 with v = max(var, eps)",
            .source = "Nix & Weigend 1994; PyTorch gaussian_nll_loss",
            .inputs = {{.name = "input", .shape = "[*]", .meaning = "prediction: the mean", .differentiable = true, .prediction = true},
                       {.name = "target", .shape = "[*]", .meaning = "what was observed"},
                       {.name = "var", .content = Content::non_negative, .shape = "[*]", .meaning = "prediction: the variance, >= 0",
                        .differentiable = true}},
            .options = {OptionDescription::real("eps", 1e-6, "least variance").above(0),
                        OptionDescription::flag("full", false, "add log(2π)/2"), reduction_option()},
            .rounding = {.value_ulps = 12, .gradient_ulps = 10},
            .option_sets = {"full=true", "eps=0.25 reduction=sum", "reduction=none", "reduction=batch full=true", "reduction=none eps=0.01"}};
  }
};

}  // namespace lossbench::inline SIMT_BUILD::entries
