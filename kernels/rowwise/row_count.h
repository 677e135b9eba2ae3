// Variant `row_count`. Builds on `warp_per_row`: a warp decides about a row, a grid counts the wrong ones. For zero_one.
//
//   Why      whether a row is wrong is one bit that depends on all of it: its arg-max, or whether two sets of labels are equal.
//   Moves    decisions and targets once, sample weights once. The mean's divisor is added up beside the loss: one launch.
//   Needs    256 threads a block; any width, any alignment. Modes argmax (real scores), multilabel_subset and labels (integers;
//            a label is a row of width 1, which is where sample weights and reduction none come in).
//   Order    fixed for a fixed device. Counts are sums of 0 and 1 in double: exact, in any order, below 2^53.
#pragma once

#include <string>
#include <type_traits>

#include "core/variant.h"
#include "kernels/pointwise/make_arguments.h"
#include "kernels/primitives/accumulators.h"
#include "kernels/primitives/grid_reduce.h"
#include "kernels/primitives/labels.h"
#include "kernels/primitives/reals.h"
#include "kernels/primitives/workspace.h"
#include "kernels/rowwise/softmax_arguments.h"
#include "kernels/rowwise/softmax_launch.h"

namespace lossbench::inline SIMT_BUILD {

namespace rowwise {

template <class T>
struct RowCountArguments {
  simt::Global<const T> decisions;  ///< rows x width
  simt::Global<const T> sets;       ///< what they should be, for sets of labels
  Labels labels;                    ///< the class each row should have, for scores
  std::int64_t rows = 0, width = 1;
  Reals sample_weight;
  RowDivisor divisor;
  RealOutput row_loss, reduced_loss;
  simt::Global<RowTotals> partials;
  simt::Global<unsigned> ticket;
};

struct BestScore {
  double score;
  std::int64_t index;
};

/// The greater score; of equals the one with the lower index.
struct JoinBest {
  SIMT_FN BestScore operator()(const BestScore& a, const BestScore& b) const {
    return b.score > a.score || (b.score == a.score && b.index < a.index) ? b : a;
  }
};

/// 0 where the row's greatest score is the target's, 1 where not, NaN with a NaN among the scores: no comparison may turn that
/// into a count. All lanes of the warp get it.
template <class T>
__device__ double warp_wrong_class(simt::Global<const T> scores, std::int64_t width, std::int64_t target) {
  BestScore best{-INFINITY, width};
  bool missing = false;
  for (std::int64_t c = threadIdx.x % kWarp; c < width; c += kWarp) {
    const double score = simt::to_float(simt::load<simt::Cache::streaming>(scores, c));
    missing = missing || score != score;
    best = JoinBest{}(best, {score, c});
  }
  best = warp_reduce(best, JoinBest{});
  if (__any_sync(kWholeWarp, missing)) return NAN;
  return best.index != target ? 1 : 0;
}

/// 1 where two sets of labels differ anywhere, else 0. All lanes of the warp get it.
template <class T>
__device__ double warp_differs(simt::Global<const T> pred, simt::Global<const T> target, std::int64_t width) {
  bool differs = false;
  for (std::int64_t i = threadIdx.x % kWarp; i < width; i += kWarp)
    differs = differs || simt::load<simt::Cache::streaming>(pred, i) != simt::load<simt::Cache::streaming>(target, i);
  return __any_sync(kWholeWarp, differs) ? 1 : 0;
}

template <class T>
__global__ void __launch_bounds__(kBlockThreads, 4) row_count_kernel(RowCountArguments<T> arguments) {
  constexpr int kRows = kBlockThreads / kWarp;
  const bool leads = threadIdx.x % kWarp == 0;
  TwoFloatSum<double> losses{}, weights{};
  for (std::int64_t row = std::int64_t(blockIdx.x) * kRows + threadIdx.x / kWarp; row < arguments.rows;
       row += std::int64_t(gridDim.x) * kRows) {
    const auto decisions = arguments.decisions.offset(row * arguments.width);
    double wrong = 0;
    if constexpr (std::is_integral_v<T>) wrong = warp_differs(decisions, arguments.sets.offset(row * arguments.width), arguments.width);
    else wrong = warp_wrong_class(decisions, arguments.width, warp_broadcast(leads ? arguments.labels[row] : 0, 0));
    if (!leads) continue;
    const double weight = arguments.sample_weight ? real_at(arguments.sample_weight, row) : 1.0;
    losses.add(weight * wrong);
    weights.add(weight);
    if (arguments.row_loss) set_real(arguments.row_loss, row, weight * wrong);
  }
  if (!arguments.reduced_loss) return;
  RowTotals totals{losses.result(), weights.result()};
  if (grid_sum(totals, arguments.partials, arguments.ticket))
    set_real(arguments.reduced_loss, 0, arguments.divisor.quotient(totals.loss, arguments.divisor.of(totals.divisor)));
}

/// Handle of the named array, in the member of its type; none where there is no such array.
template <class Array_, class Named>
Array_ real_array(const Named& arrays, std::string_view name, const Array* array) {
  Array_ result;
  if (!array) return result;
  switch (array->dtype) {
    case DType::f32: result.f32 = handle<float>(arrays, name); break;
    case DType::f64: result.f64 = handle<double>(arrays, name); break;
    case DType::f16: result.f16 = handle<simt::half>(arrays, name); break;
    default: result.bf16 = handle<simt::bfloat16>(arrays, name);
  }
  return result;
}

}  // namespace rowwise

struct RowCount {
  static constexpr const char* kName = "row_count";
  static constexpr const char* kSummary = "a warp decides about a row; wrong rows are counted exactly";
  static constexpr const char* kLoss = "zero_one";
  static constexpr Order kOrder = Order::run_to_run;
  static constexpr bool kProduction = true;
  static constexpr bool computes(Pass pass) { return pass == Pass::forward; }

  /// Weights are added in double: with compensation in a warp, 5 a thread and 8 levels over the blocks.
  static double sum_ulps(std::int64_t, DType) { return 14; }

  template <class T, Pass>
  struct Run {
    static constexpr int kRows = kBlockThreads / kWarp;

    static std::string rejects(const Problem& problem) {
      const std::string mode = problem.options.has("mode") ? problem.options.word("mode") : "labels";
      if (mode == "argmax" || mode == "multilabel_subset" || mode == "labels") return {};
      return "row_count looks at rows: option 'mode' takes labels, argmax, multilabel_subset here (" + mode + " by the other variants)";
    }

    static std::int64_t rows(const Problem& problem) {
      const Shape& shape = problem.inputs.front().array.shape;
      return by_rows(problem) ? shape[0] : count_of(shape);
    }
    static unsigned blocks(const Problem& problem) { return rowwise::row_blocks(rows(problem), kRows); }

    static std::size_t place_workspace(const Problem& problem, Workspace workspace, rowwise::RowCountArguments<T>& arguments) {
      if (problem.reduction() == Reduction::none) return 0;
      WorkspaceWalk walk(workspace);
      arguments.ticket = walk.take<unsigned>(1, "workspace");
      arguments.partials = walk.take<rowwise::RowTotals>(blocks(problem), "workspace");
      return walk.bytes();
    }
    static std::size_t workspace_bytes(const Problem& problem) {
      rowwise::RowCountArguments<T> unused;
      return place_workspace(problem, {}, unused);
    }
    /// Partial sums, written and read once.
    static std::int64_t workspace_traffic(const Problem& problem) {
      return problem.reduction() == Reduction::none ? 0 : blocks(problem) * 2 * std::int64_t(sizeof(rowwise::RowTotals));
    }
    static int launches(const Problem& problem) { return problem.reduction() != Reduction::none || rows(problem) > 0; }

    static void run(const Problem& problem, Workspace workspace, Stream stream) {
      if (launches(problem) == 0) return;
      const rowwise::RowCountArguments<T> arguments = make_arguments(problem, workspace);
      simt::launch({.kernel = kName, .grid = blocks(problem), .block = kBlockThreads, .stream = stream}, rowwise::row_count_kernel<T>,
                   arguments);
    }

   private:
    static bool by_rows(const Problem& problem) { return problem.options.has("mode") && problem.options.word("mode") != "labels"; }

    static rowwise::RowCountArguments<T> make_arguments(const Problem& problem, Workspace workspace) {
      rowwise::RowCountArguments<T> arguments;
      const NamedArray& decisions = problem.inputs.front();
      arguments.decisions = handle<const T>(problem.inputs, decisions.name);
      if constexpr (std::is_integral_v<T>) arguments.sets = handle<const T>(problem.inputs, "target");
      else if (problem.input("target")->dtype == DType::i32) arguments.labels.narrow = handle<const std::int32_t>(problem.inputs, "target");
      else arguments.labels.wide = handle<const std::int64_t>(problem.inputs, "target");
      arguments.rows = rows(problem);
      arguments.width = by_rows(problem) ? decisions.array.shape[1] : 1;
      arguments.sample_weight = rowwise::real_array<Reals>(problem.inputs, "sample_weight", problem.input("sample_weight"));
      arguments.divisor.zero_if_empty = problem.options.word("empty") == "zero";
      arguments.divisor.from_labels = problem.reduction() == Reduction::mean;
      if (problem.reduction() == Reduction::batch) arguments.divisor.constant = double(decisions.array.shape.front());
      auto& loss = problem.reduction() == Reduction::none ? arguments.row_loss : arguments.reduced_loss;
      loss = rowwise::real_array<RealOutput>(problem.outputs, "loss", problem.output("loss"));
      place_workspace(problem, workspace, arguments);
      return arguments;
    }
  };
};

}  // namespace lossbench::inline SIMT_BUILD
