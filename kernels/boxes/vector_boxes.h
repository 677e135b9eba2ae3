// Variant `vector_boxes`. Builds on `thread_per_box`; changes one thing: a whole box travels in one access (two for f64).
//
//   Why      a box is 16 bytes of f32, 8 of 16-bit types: one request instead of four that touch the same sectors.
//   Moves    as thread_per_box.
//   Needs    as thread_per_box; arrays that do not start on a multiple of a box's size are accessed coordinate by coordinate.
//   Order    as thread_per_box.
//   Error    as thread_per_box.
#pragma once

#include "kernels/boxes/box_launch.h"

namespace lossbench::inline SIMT_BUILD {

namespace boxes {

template <class T, Pass kPass>
__global__ void __launch_bounds__(kBlockThreads)
vector_boxes_kernel(BoxArguments<T> arguments, simt::Global<WideSum> partials, simt::Global<unsigned> ticket) {
  box_losses<kPass, true>(arguments, partials, ticket);
}

}  // namespace boxes

struct VectorBoxes {
  static constexpr const char* kName = "vector_boxes";
  static constexpr const char* kSummary = "a whole box in one access";
  static constexpr const char* kLoss = "iou_loss";
  static constexpr Order kOrder = Order::run_to_run;
  static constexpr bool kProduction = true;

  static double sum_ulps(std::int64_t length, DType element) { return boxes::box_sum_ulps(length, element); }

  template <class T, Pass kPass>
  static auto main() { return boxes::vector_boxes_kernel<T, kPass>; }

  template <class T, Pass kPass>
  struct Run : boxes::BoxRun<VectorBoxes, T> {
    static void run(const Problem& problem, Workspace workspace, Stream stream) {
      boxes::BoxRun<VectorBoxes, T>::template launch<kPass>(problem, workspace, stream);
    }
  };
};

}  // namespace lossbench::inline SIMT_BUILD
