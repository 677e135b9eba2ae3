// Variant `all_tensors`. Builds on `tensor_by_tensor`; changes one thing: one launch takes all tensors (256 at a time).
//
//   Why      blocks are dealt chunks of 4096 elements from a table of tensors that travels in the kernel's parameters, so a bias of 64
//            numbers and an embedding of 10^8 fill the same grid, and nothing is copied to the device beforehand.
//   Moves    as tensor_by_tensor.
//   Needs    as tensor_by_tensor.
//   Order    as tensor_by_tensor.
//   Error    as tensor_by_tensor.
#pragma once

#include "kernels/tensors/penalty_launch.h"

namespace lossbench::inline SIMT_BUILD {

struct AllTensors {
  static constexpr const char* kName = "all_tensors";
  static constexpr const char* kSummary = "all tensors in one launch, value and gradients";
  static constexpr const char* kLoss = "regularization";
  static constexpr Order kOrder = Order::run_to_run;
  static constexpr bool kProduction = true;
  static constexpr std::size_t kPerLaunch = tensors::kMostTensors;

  static double sum_ulps(std::int64_t length, DType element) { return tensors::penalty_sum_ulps(length, element); }

  template <class T, Pass kPass>
  struct Run : tensors::PenaltyRun<AllTensors, T, kPass> {};
};

}  // namespace lossbench::inline SIMT_BUILD
