// Variant `gather_label`. For nll, whose logits are log-probabilities already: of every row only the label's element is read.
//
//   Builds on  grid_sum: losses and divisor are added in one launch.
//   Why        -w_y·x_y needs one element a row; a kernel that streams the rows would read C times too much. The gradient is zeros
//              but for one element a row, and writing those is all its work: a warp a row, in vectors.
//   Moves      labels once (with a gradient whose divisor depends on them once more); one element of each kept row; the gradient
//              once. A sector of 32 bytes is fetched for each element.
//   Needs      256 threads a block; any layout; the vectors want neighbouring classes, and other layouts go element by element.
//   Order      fixed for a fixed device.
//   Error      a product a row; rows are added in double with compensation.
#pragma once

#include "kernels/rowwise/softmax_launch.h"

namespace lossbench::inline SIMT_BUILD {

namespace rowwise {

/// Zeros in every class of a row but for the label's.
template <class T>
__device__ void write_one_hot(const SoftmaxArguments<T>& arguments, std::int64_t row, int label, T value) {
  const int lane = int(threadIdx.x) % kWarp;
  const auto gradient = arguments.gradient.offset(arguments.gradient_layout.first_class(row));
  const std::int64_t stride = arguments.gradient_layout.class_stride;
  const T zero = simt::from_float<T>(0.0f);
  if (stride != 1) {
    for (int c = lane; c < arguments.classes; c += kWarp) simt::store<simt::Cache::streaming>(gradient, c * stride, c == label ? value : zero);
    return;
  }
  const Span span = span_of(simt::Global<const T>(gradient), 0, arguments.classes);
  for (int i = lane; i < span.singles(); i += kWarp)
    simt::store<simt::Cache::streaming>(gradient, span.single(i), span.single(i) == label ? value : zero);
  for (int v = lane; v < span.vectors; v += kWarp) {
    const int c = span.first + v * kVector<T>;
    simt::Vec<T, kVector<T>> out;
#pragma unroll
    for (int k = 0; k < kVector<T>; ++k) out[k] = c + k == label ? value : zero;
    simt::store<simt::Cache::streaming>(gradient, c, out);
  }
}

/// Forward: a thread a row. Gradient: a warp a row, of which lane 0 does what the thread did.
template <class T, Pass kPass>
__global__ void __launch_bounds__(kBlockThreads, 4) gather_label_kernel(SoftmaxArguments<T> arguments) {
  constexpr int kLanes = kPass == Pass::gradient ? kWarp : 1;
  SIMT_SHARED(TeamLedger, ledgers, [kBlockThreads / kLanes]);
  TeamLedger& ledger = ledgers[int(threadIdx.x) / kLanes];
  const bool leads = int(threadIdx.x) % kLanes == 0;
  if (leads) open_ledger<kPass>(arguments, ledger);
  for (std::int64_t row = grid_thread() / kLanes; row < arguments.rows; row += grid_threads() / kLanes) {
    RowTarget<RealOf<T>> target{kIgnored, 0, 0};
    if (leads) {
      target = row_target<kPass>(arguments, ledger, row);
      double loss = 0;
      if (target.label >= 0) {
        const std::int64_t at = arguments.layout.first_class(row) + target.label * arguments.layout.class_stride;
        loss = -double(target.weight) * double(simt::to_float(simt::load(arguments.logits, at)));
        ledger.losses.add(loss);
        ledger.weights.add(arguments.divisor.weighted ? double(target.weight) : 1.0);
      }
      if (arguments.row_loss) simt::store(arguments.row_loss, row, simt::from_float<T>(loss));
    }
    if constexpr (kPass == Pass::gradient) {
      if (!arguments.gradient) continue;
      const int label = warp_broadcast(target.label, 0);
      const double slope = -warp_broadcast(target.scale * double(target.weight), 0);
      write_one_hot(arguments, row, label, simt::from_float<T>(slope));
    }
  }
  reduce_losses<kPass>(arguments, leads, ledger);
}

}  // namespace rowwise

struct GatherLabel {
  static constexpr const char* kName = "gather_label";
  static constexpr const char* kSummary = "one element a row is read; the gradient is written in vectors";
  static constexpr const char* kLoss = "nll";
  static constexpr Order kOrder = Order::run_to_run;
  static constexpr bool kProduction = true;
  static constexpr bool kRich = false;

  /// Rows are added in double with compensation, partial sums in double.
  static double sum_ulps(std::int64_t, DType) { return 14; }

  template <class T>
  static std::string rejects(const Problem&) { return {}; }

  template <class T, Pass kPass>
  static rowwise::RowPlan plan(const Problem& problem) {
    constexpr int kPerBlock = kPass == Pass::gradient ? kBlockThreads / kWarp : kBlockThreads;
    return rowwise::PlainPlan<kPerBlock>::template plan<T, kPass>(problem);
  }

  template <class T, Pass kPass, bool>
  static auto main() { return rowwise::gather_label_kernel<T, kPass>; }

  template <class T, Pass kPass>
  struct Run : rowwise::SoftmaxRun<GatherLabel, T, kPass> {};
};

}  // namespace lossbench::inline SIMT_BUILD
