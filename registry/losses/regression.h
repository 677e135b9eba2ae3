// Entries of the regression losses: l1, l2, smooth_l1, huber, smooth_l1_weighted.
#pragma once

#include <array>
#include <cmath>

#include "core/error.h"
#include "kernels/losses/huber.h"
#include "kernels/losses/l1.h"
#include "kernels/losses/l2.h"
#include "kernels/losses/smooth_l1.h"
#include "kernels/losses/smooth_l1_weighted.h"
#include "kernels/pointwise/divisor_rule.h"
#include "reference/huber.h"
#include "reference/l1.h"
#include "reference/l2.h"
#include "reference/smooth_l1.h"
#include "reference/smooth_l1_weighted.h"
#include "registry/describe.h"

namespace lossbench::inline SIMT_BUILD::entries {

inline constexpr std::array kInputTarget = {"input", "target"};

inline std::vector<InputDescription> input_and_target() {
  return {{.name = "input", .shape = "[*]", .meaning = "prediction", .differentiable = true, .prediction = true},
          {.name = "target", .shape = "[*]", .meaning = "what it should be", .differentiable = true}};
}

/// The two ways to say where smooth L1 turns linear. Throws InputError where both are given.
inline double smooth_l1_beta(const Options& options) {
  if (options.given("beta") && options.given("sigma"))
    throw InputError("options 'beta' and 'sigma' say the same thing (beta = 1/sigma²); give one of them");
  return options.given("sigma") ? 1 / (options.real("sigma") * options.real("sigma")) : options.real("beta");
}

inline std::vector<OptionDescription> smooth_l1_options() {
  return {OptionDescription::real("beta", 1.0, "|d| at which the loss turns linear; 0 is plain L1").at_least(0),
          OptionDescription::real("sigma", std::nullopt, "the same as 1/beta = sigma², the form of the R-CNN code").above(0)};
}

struct L1 {
  using Functor = losses::L1;
  static constexpr auto kLoss = "l1";
  static constexpr auto kOperands = kInputTarget;
  static constexpr bool kNegatedTarget = true;

  static Functor bind(const Problem&) { return {}; }
  static auto reference(const Options&) { return [](const double* x) { return reference::l1(x[0], x[1]); }; }

  static Loss describe() {
    return {.name = kLoss,
            .summary = "|d|, d = input - target",
            .source = "loss_l1 of every framework",
            .inputs = input_and_target(),
            .options = {reduction_option(), empty_option()},
            .rounding = {.value_ulps = 1, .gradient_ulps = 0},
            .option_sets = {"reduction=sum", "reduction=batch", "reduction=none", "empty=zero"}};
  }
};

struct L2 {
  using Functor = losses::L2;
  static constexpr auto kLoss = "l2";
  static constexpr auto kOperands = kInputTarget;
  static constexpr bool kNegatedTarget = true;

  static Functor bind(const Problem& problem) { return {.scale = problem.options.flag("half") ? 0.5 : 1.0}; }
  static auto reference(const Options& options) {
    return [half = options.flag("half")](const double* x) { return reference::l2(x[0], x[1], half); };
  }

  static Loss describe() {
    return {.name = kLoss,
            .summary = "d², or d²/2 with half=true",
            .source = "PyTorch mse_loss (half=false, mean); Caffe EuclideanLoss (half=true, batch)",
            .inputs = input_and_target(),
            .options = {OptionDescription::flag("half", false, "halve the square"), reduction_option(), empty_option()},
            .rounding = {.value_ulps = 4, .gradient_ulps = 2},
            .option_sets = {"half=true", "half=true reduction=batch", "reduction=none", "reduction=sum", "empty=zero"}};
  }
};

struct SmoothL1 {
  using Functor = losses::SmoothL1;
  static constexpr auto kLoss = "smooth_l1";
  static constexpr auto kOperands = kInputTarget;
  static constexpr bool kNegatedTarget = true;

  static Functor bind(const Problem& problem) {
    const double beta = smooth_l1_beta(problem.options);
    return {.beta = beta, .inverse_beta = 1 / beta};
  }
  static auto reference(const Options& options) {
    return [beta = smooth_l1_beta(options)](const double* x) { return reference::smooth_l1(x[0], x[1], beta); };
  }

  static Loss describe() {
    std::vector<OptionDescription> options = smooth_l1_options();
    options.push_back(reduction_option());
    options.push_back(empty_option());
    return {.name = kLoss,
            .summary = "d²/(2β) where |d| < β, else |d| - β/2",
            .source = "Girshick 2015, Fast R-CNN; PyTorch smooth_l1_loss (beta)",
            .inputs = input_and_target(),
            .options = std::move(options),
            .rounding = {.value_ulps = 7, .gradient_ulps = 4},
            .option_sets = {"sigma=3", "beta=0", "beta=0.25 reduction=sum", "reduction=none", "reduction=batch sigma=3", "empty=zero"}};
  }
};

struct Huber {
  using Functor = losses::Huber;
  static constexpr auto kLoss = "huber";
  static constexpr auto kOperands = kInputTarget;
  static constexpr bool kNegatedTarget = true;

  static Functor bind(const Problem& problem) { return {.delta = problem.options.real("delta")}; }
  static auto reference(const Options& options) {
    return [delta = options.real("delta")](const double* x) { return reference::huber(x[0], x[1], delta); };
  }

  static Loss describe() {
    return {.name = kLoss,
            .summary = "d²/2 where |d| < δ, else δ·(|d| - δ/2)",
            .source = "Huber 1964",
            .inputs = input_and_target(),
            .options = {OptionDescription::real("delta", 1.0, "|d| at which the loss turns linear").above(0), reduction_option(),
                        empty_option()},
            .rounding = {.value_ulps = 7, .gradient_ulps = 2},
            .option_sets = {"delta=0.25", "delta=3 reduction=sum", "reduction=none", "reduction=batch", "empty=zero"}};
  }
};

struct SmoothL1Weighted {
  using Functor = losses::SmoothL1Weighted;
  static constexpr auto kLoss = "smooth_l1_weighted";
  static constexpr std::array kOperands = {"input", "target", "inside_weight", "outside_weight"};
  static constexpr bool kNegatedTarget = true;

  static Functor bind(const Problem& problem) {
    const double beta = smooth_l1_beta(problem.options);
    return {.smooth = {.beta = beta, .inverse_beta = 1 / beta}};
  }
  static auto reference(const Options& options) {
    return [beta = smooth_l1_beta(options)](const double* x) { return reference::smooth_l1_weighted(x[0], x[1], x[2], x[3], beta); };
  }

  /// Rounding below the smallest normal float is absolute, and what follows multiplies it: w_in·d by the slope 1/β, the slope
  /// by both weights.
  static auto condition(const Options& options) {
    return [element_of = reference(options), beta = smooth_l1_beta(options)](const double* x) {
      const reference::Element element = element_of(x);
      const double gain = std::fabs(x[2] * x[3]) * (1 + (beta > 0 ? 1 / beta : 0));
      return reference::Element{std::fabs(element.value), std::fabs(element.gradient) + gain * 0x1p-126};
    };
  }

  static Loss describe() {
    std::vector<OptionDescription> options = smooth_l1_options();
    options.push_back(reduction_option("batch"));
    std::vector<InputDescription> inputs = input_and_target();
    inputs.push_back({.name = "inside_weight", .content = Content::weight, .shape = "[*]",
                      .meaning = "factor of the difference, inside the nonlinearity", .optional = true});
    inputs.push_back({.name = "outside_weight", .content = Content::weight, .shape = "[*]", .meaning = "factor of the loss", .optional = true});
    return {.name = kLoss,
            .summary = "w_out·smooth_l1(w_in·d); 0 where a weight is 0",
            .source = "Girshick 2015, Fast R-CNN's box loss",
            .inputs = std::move(inputs),
            .options = std::move(options),
            .rounding = {.value_ulps = 10, .gradient_ulps = 7},
            .option_sets = {"+inside_weight +outside_weight", "+inside_weight +outside_weight sigma=3", "+outside_weight reduction=mean",
                            "+inside_weight +outside_weight reduction=none", "+inside_weight reduction=sum beta=0.5"}};
  }
};

}  // namespace lossbench::inline SIMT_BUILD::entries
