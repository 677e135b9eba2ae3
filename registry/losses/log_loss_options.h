// The options that both forms of the log loss share, for kernels and for the reference.
#pragma once

#include "core/error.h"
#include "kernels/losses/log_loss.h"
#include "reference/log_loss.h"
#include "registry/describe.h"

namespace lossbench::inline SIMT_BUILD::entries {

/// The clip bound, where it is not given, is the spacing of the numbers at 1 of the arithmetic.
inline void log_loss_options(Problem& problem) {
  Options& options = problem.options;
  if (!options.has("eps")) options.set("eps", problem.dtype == DType::f64 ? 0x1p-52 : 0x1p-23);
  if (options.word("floor_gradient") == "pass" && options.word("clip") != "lower")
    throw InputError("log_loss: option 'floor_gradient' is pass, which is accepted with clip=lower only; 'clip' is " + options.word("clip"));
}

inline losses::ProbabilityClip log_loss_clip(const Options& options) {
  using Clip = losses::ProbabilityClip;
  const std::string& word = options.word("clip");
  return word == "both" ? Clip::both : word == "lower" ? Clip::lower : Clip::none;
}

inline reference::LogLossOptions log_loss_reference_options(const Options& options) {
  using Clip = reference::LogLossClip;
  const std::string& word = options.word("clip");
  return {.eps = options.real("eps"),
          .clip = word == "both" ? Clip::both : word == "lower" ? Clip::lower : Clip::none,
          .renormalize = options.flag("renormalize"),
          .floor_passes = options.word("floor_gradient") == "pass"};
}

}  // namespace lossbench::inline SIMT_BUILD::entries
