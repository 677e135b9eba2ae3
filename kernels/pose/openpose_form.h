// How the options and shapes of the OpenPose loss read. Host code.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/problem.h"

namespace lossbench::inline SIMT_BUILD::pose {

inline constexpr const char* kPredictions[2] = {"paf_pred", "heat_pred"};
inline constexpr const char* kTargets[2] = {"paf_target", "heat_target"};

enum class MaskMode : std::uint8_t { none, weight, both };  ///< W = 1, mask, mask²

struct OpenposeForm {
  std::int64_t stages = 0, images = 0, height = 0, width = 0;
  std::int64_t channels[2] = {0, 0};
  MaskMode mode = MaskMode::none;         ///< none also where no mask was given
  std::int64_t mask_strides[4] = {0, 0, 0, 0};  ///< over images, channels, rows, columns; 0 broadcasts
  std::vector<double> factor[2];          ///< of each stage of each branch: v·u·c

  std::int64_t plane() const { return height * width; }
  std::int64_t elements(int branch) const { return images * channels[branch] * plane(); }
};

/// Strides of a mask over [B, C, H, W], right-aligned; extents of 1 broadcast.
inline void mask_strides(const Array& mask, std::int64_t (&strides)[4]) {
  const std::size_t rank = mask.shape.size();
  for (std::size_t k = 1; k <= 4; ++k) {
    const bool own = k <= rank && mask.shape[rank - k] != 1;
    strides[4 - k] = own ? mask.strides[rank - k] : 0;
  }
}

inline OpenposeForm openpose_form(const Problem& problem) {
  const Options& options = problem.options;
  OpenposeForm form;
  const Shape& shape = problem.input(kPredictions[0])->shape;
  form.stages = shape[0], form.images = shape[1], form.height = shape[3], form.width = shape[4];
  for (int branch = 0; branch < 2; ++branch) form.channels[branch] = problem.input(kPredictions[branch])->shape[2];
  const std::string& mode = options.word("mask_mode");
  if (const Array* mask = problem.input("mask"); mask && mode != "none") {
    form.mode = mode == "weight" ? MaskMode::weight : MaskMode::both;
    mask_strides(*mask, form.mask_strides);
  }
  const std::string& normalizer = options.word("normalizer");
  for (int branch = 0; branch < 2; ++branch) {
    const double by = normalizer == "batch" ? double(form.images) : normalizer == "elements" ? double(form.elements(branch)) : 1.0;
    double scale = (options.flag("half") ? 0.5 : 1.0) * (options.word("branch_reduce") == "mean" ? 0.5 : 1.0);
    scale = by > 0 ? scale / by : 0;  // over nothing the loss is 0
    if (options.has("branch_weights")) scale *= options.list("branch_weights")[std::size_t(branch)];
    for (std::int64_t stage = 0; stage < form.stages; ++stage)
      form.factor[branch].push_back(scale * (options.has("stage_weights") ? options.list("stage_weights")[std::size_t(stage)] : 1.0));
  }
  return form;
}

}  // namespace lossbench::inline SIMT_BUILD::pose
