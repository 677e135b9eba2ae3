// Variant `thread_per_box`. The first step for losses of boxes: a thread a pair, a coordinate a load.
//
//   Builds on  grid_sum: the block that finishes last adds the partial sums.
//   Why        a framework launches twenty-odd elementwise kernels for a box loss, each over an array of one coordinate. Here a thread has
//              both boxes, and with them value and gradient: one launch.
//   Moves      both boxes once, the gradient once; one partial sum a block.
//   Needs      256 threads a block; any alignment. A warp's loads of one coordinate are 16 bytes apart (f32): four requests touch
//              the same sectors.
//   Order      fixed for a fixed grid: results repeat run to run on one device.
//   Error      the sum is kept in double.
#pragma once

#include "kernels/boxes/box_launch.h"

namespace lossbench::inline SIMT_BUILD {

namespace boxes {

template <class T, Pass kPass>
__global__ void __launch_bounds__(kBlockThreads)
thread_per_box_kernel(BoxArguments<T> arguments, simt::Global<WideSum> partials, simt::Global<unsigned> ticket) {
  box_losses<kPass, false>(arguments, partials, ticket);
}

}  // namespace boxes

struct ThreadPerBox {
  static constexpr const char* kName = "thread_per_box";
  static constexpr const char* kSummary = "a thread per pair of boxes: value and gradient in one launch";
  static constexpr const char* kLoss = "iou_loss";
  static constexpr Order kOrder = Order::run_to_run;
  static constexpr bool kProduction = true;

  static double sum_ulps(std::int64_t length, DType element) { return boxes::box_sum_ulps(length, element); }

  template <class T, Pass kPass>
  static auto main() { return boxes::thread_per_box_kernel<T, kPass>; }

  template <class T, Pass kPass>
  struct Run : boxes::BoxRun<ThreadPerBox, T> {
    static void run(const Problem& problem, Workspace workspace, Stream stream) {
      boxes::BoxRun<ThreadPerBox, T>::template launch<kPass>(problem, workspace, stream);
    }
  };
};

}  // namespace lossbench::inline SIMT_BUILD
