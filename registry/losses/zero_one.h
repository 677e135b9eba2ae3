// Entries of the zero-one loss: its pointwise modes. The modes that look at whole rows are in zero_one.cpp.
#pragma once

#include <array>

#include "core/error.h"
#include "kernels/losses/zero_one.h"
#include "kernels/pointwise/divisor_rule.h"
#include "reference/zero_one.h"
#include "registry/describe.h"
#include "registry/losses/margin.h"

namespace lossbench::inline SIMT_BUILD::entries {

inline bool zero_one_mode_is(const Options& options, const char* mode) {
  return (options.has("mode") ? options.word("mode") : std::string("labels")) == mode;
}

struct ZeroOneLabels {
  using Functor = losses::ZeroOneLabels;
  static constexpr auto kLoss = "zero_one";
  static constexpr auto kForm = "mode=labels";
  static constexpr std::array kOperands = {"pred", "target"};

  static bool accepts(const Options& options) { return zero_one_mode_is(options, "labels"); }
  static Functor bind(const Problem&) { return {}; }
  static std::string rejects(const Problem& problem) {
    return problem.input("sample_weight") ? "counts labels without input 'sample_weight'; row_count takes it" : "";
  }
};

struct ZeroOneSign {
  using Functor = losses::ZeroOneSign;
  static constexpr auto kLoss = "zero_one";
  static constexpr auto kForm = "mode=sign";
  static constexpr std::array kOperands = {"scores", "target", "sample_weight"};

  static bool accepts(const Options& options) { return zero_one_mode_is(options, "sign"); }
  static Functor bind(const Problem&) { return {}; }
  static DivisorRule divisor(const Problem& problem) { return sample_weight_divisor(problem); }
};

struct ZeroOneTolerance {
  using Functor = losses::ZeroOneTolerance;
  static constexpr auto kLoss = "zero_one";
  static constexpr auto kForm = "mode=tolerance";
  static constexpr std::array kOperands = {"pred", "target", "sample_weight"};

  static bool accepts(const Options& options) { return zero_one_mode_is(options, "tolerance"); }
  static Functor bind(const Problem& problem) { return {.tolerance = problem.options.real("T")}; }
  static DivisorRule divisor(const Problem& problem) { return sample_weight_divisor(problem); }
};

}  // namespace lossbench::inline SIMT_BUILD::entries

namespace lossbench {

/// The description of the zero-one loss in all its modes.
Loss zero_one();

}  // namespace lossbench
