// Variant `tensor_by_tensor`. What a framework does for a penalty on parameters: a launch for each tensor.
//
//   Builds on  grid_sum: a block adds up, the block that finishes last adds the blocks' sums.
//   Why        the baseline. Most parameters of a network are small, and a small tensor is all launch: 2 to 3 µs each.
//   Moves      every tensor once, every gradient once. One partial sum a block of every launch.
//   Needs      256 threads a block; any number of tensors of any size and alignment.
//   Order      fixed for a fixed device.
//   Error      sums are kept in double.
#pragma once

#include "kernels/tensors/penalty_launch.h"

namespace lossbench::inline SIMT_BUILD {

struct TensorByTensor {
  static constexpr const char* kName = "tensor_by_tensor";
  static constexpr const char* kSummary = "a launch for each tensor";
  static constexpr const char* kLoss = "regularization";
  static constexpr Order kOrder = Order::run_to_run;
  static constexpr bool kProduction = true;
  static constexpr std::size_t kPerLaunch = 1;

  static double sum_ulps(std::int64_t length, DType element) { return tensors::penalty_sum_ulps(length, element); }

  template <class T, Pass kPass>
  struct Run : tensors::PenaltyRun<TensorByTensor, T, kPass> {};
};

}  // namespace lossbench::inline SIMT_BUILD
