// Variant `all_parts`. All parts of a Faster R-CNN loss, their values and their gradients in one launch.
//
//   Builds on  single_pass: the block that finishes last adds what the others found.
//   Why        a step of training has some 21600 anchors and 128 RoIs: 3 MB, less than a microsecond of memory traffic. Launches are
//              what such a loss costs, and a framework makes dozens of them. Here each part has blocks of its own, side by side.
//   Moves      every input once and every gradient once. A divisor that depends on the data (sampled anchors) is needed before
//              the first gradient can be written: then a launch before counts labels (or weights), which are read once more.
//   Needs      256 threads a block; any sizes, any alignment. Rows of more than 128 classes read their scores three times.
//   Order      fixed for a fixed device: threads, blocks and parts add in an order that depends on sizes only.
//   Error      see sum_ulps.
#pragma once

#include "kernels/detection/rcnn_launch.h"
#include "kernels/detection/rcnn_parts.h"
#include "kernels/primitives/block_reduce.h"
#include "kernels/primitives/last_block.h"
#include "kernels/primitives/workspace.h"

namespace lossbench::inline SIMT_BUILD {

namespace detection {

/// Counts sampled and positive anchors by their labels, or coordinates with an outside and an inside weight.
template <class T>
__global__ void __launch_bounds__(kBlockThreads) rcnn_count_kernel(RcnnArguments<T> arguments) {
  SIMT_SHARED(SumPair, shared, [kBlockThreads / kWarp]);
  SumPair counts{0, 0};
  const bool by_labels = arguments.anchors.count > 0;
  const std::int64_t count = by_labels ? arguments.anchors.count : arguments.boxes.count;
  const bool by_inside = arguments.terms[kBoxes].count == CountOf::positives;
  const auto weights = by_inside ? arguments.boxes.inside : arguments.boxes.outside;
  grid_elements(count, [&](std::int64_t i) {
    if (by_labels) {
      const std::int64_t label = arguments.anchors.labels[i];
      counts.first += label == 0 || label == 1;
      counts.second += label == 1;
    } else {
      const bool counted = widen(simt::load(weights, i)) != 0;
      counts.first += counted;
      counts.second += counted;
    }
  });
  counts = block_reduce<kBlockThreads>(counts, Plus{}, SumPair{0, 0}, shared);
  if (threadIdx.x == 0) simt::store(arguments.counts, 2 * std::int64_t(blockIdx.x), simt::Vec<double, 2>{{counts.first, counts.second}});
}

/// The factor of every gradient of each part. `sampled` and `positives` were counted beforehand where they are needed.
template <class T>
__device__ Scales scales_of(const RcnnArguments<T>& arguments, SumPair counted) {
  const double upstream = arguments.upstream ? double(simt::load(arguments.upstream, 0)) : 1.0;
  Scales scales;
#pragma unroll
  for (int k = 0; k < kRcnnTerms; ++k)
    scales.of[k] = upstream * arguments.terms[k].factor /
                   arguments.terms[k].divisor(counted.first * arguments.count_unit, counted.second * arguments.count_unit);
  return scales;
}

/// The last block adds the partial sums, a warp for each of four sums of each part, and writes the losses.
template <class T>
__device__ void finish_losses(const RcnnArguments<T>& arguments) {
  constexpr int kParts = 3, kSums = 4;
  SIMT_SHARED(double, totals, [kParts * kSums]);
  const unsigned blocks[kParts] = {arguments.anchor_blocks, arguments.box_blocks, arguments.roi_blocks};
  for (int job = int(threadIdx.x) / kWarp; job < kParts * kSums; job += kBlockThreads / kWarp) {
    const int part = job / kSums;
    const unsigned first = part == 0 ? 0 : part == 1 ? blocks[0] : blocks[0] + blocks[1];
    const unsigned count = part == 0 ? blocks[0] : part == 1 ? blocks[1] : blocks[2];
    double sum = 0;
    for (unsigned b = threadIdx.x % kWarp; b < count; b += kWarp)
      sum += simt::load<simt::Cache::l2>(arguments.partials, std::int64_t(first + b) * kSums + job % kSums);
    sum = warp_reduce(sum, Plus{});
    if (threadIdx.x % kWarp == 0) totals[job] = sum;
  }
  __syncthreads();
  if (threadIdx.x != 0) return;
  const double sums[kRcnnTerms] = {totals[0], totals[1], totals[kSums + 1], totals[2 * kSums], totals[2 * kSums + 1]};
  const int counting = arguments.anchor_blocks > 0 ? 0 : kSums;
  const double sampled = totals[counting + 2] * arguments.count_unit, positives = totals[counting + 3] * arguments.count_unit;
  double loss = 0;
#pragma unroll
  for (int k = 0; k < kRcnnTerms; ++k) {
    const TermArguments<T>& term = arguments.terms[k];
    if (!term.present) continue;
    const double value = term.quotient(sums[k], sampled, positives);
    if (term.loss) simt::store(term.loss, 0, Reduced<T>(value));
    loss += term.factor * value;
  }
  simt::store(arguments.loss, 0, Reduced<T>(loss));
}

template <class T, Pass kPass>
__global__ void __launch_bounds__(kBlockThreads) all_parts_kernel(RcnnArguments<T> arguments) {
  SIMT_SHARED(SumPair, shared_counts, [kBlockThreads / kWarp]);
  SIMT_SHARED(SumPair, shared_losses, [kBlockThreads / kWarp]);
  SIMT_SHARED(SumPair, shared_divisors, [kBlockThreads / kWarp]);
  const unsigned boxes_at = arguments.anchor_blocks, rois_at = boxes_at + arguments.box_blocks;
  Scales scales{};
  if constexpr (kPass == Pass::gradient) {
    SumPair counted{0, 0};
    if (arguments.count_blocks > 0 && blockIdx.x < rois_at) {
      for (unsigned b = threadIdx.x; b < arguments.count_blocks; b += kBlockThreads) {
        const auto pair = simt::load<2, simt::Cache::l2>(arguments.counts, 2 * std::int64_t(b));
        counted = counted + SumPair{pair[0], pair[1]};
      }
      counted = block_reduce_all<kBlockThreads>(counted, Plus{}, SumPair{0, 0}, shared_counts);
    }
    scales = scales_of(arguments, counted);
  }

  PartSums sums{0, 0, 0, 0};
  if (blockIdx.x < boxes_at) anchor_part<kPass>(arguments.anchors, scales, {blockIdx.x, arguments.anchor_blocks}, sums);
  else if (blockIdx.x < rois_at) box_part<kPass>(arguments.boxes, scales, {blockIdx.x - boxes_at, arguments.box_blocks}, sums);
  else roi_part<kPass>(arguments.rois, scales, {blockIdx.x - rois_at, arguments.roi_blocks}, sums);
  if (!arguments.loss) return;

  const SumPair losses = block_reduce<kBlockThreads>(SumPair{sums.scores, sums.boxes}, Plus{}, SumPair{0, 0}, shared_losses);
  const SumPair divisors = block_reduce<kBlockThreads>(SumPair{sums.sampled, sums.positives}, Plus{}, SumPair{0, 0}, shared_divisors);
  if (threadIdx.x == 0) {
    simt::store(arguments.partials, 4 * std::int64_t(blockIdx.x), simt::Vec<double, 2>{{losses.first, losses.second}});
    simt::store(arguments.partials, 4 * std::int64_t(blockIdx.x) + 2, simt::Vec<double, 2>{{divisors.first, divisors.second}});
  }
  if (last_block(arguments.ticket)) finish_losses(arguments);
}

}  // namespace detection

struct AllParts {
  static constexpr const char* kName = "all_parts";
  static constexpr const char* kSummary = "every part of the loss and its gradients in one launch, blocks of each part side by side";
  static constexpr const char* kLosses[] = {"rpn_cls", "rpn_box", "rpn", "fast_rcnn", "faster_rcnn"};
  static constexpr Order kOrder = Order::run_to_run;
  static constexpr bool kProduction = true;

  /// Exponentials of a row and losses are added in double: a thread's share, then trees, in units of double. Counts are exact.
  static double sum_ulps(std::int64_t length, DType element) {
    return (double(length) / (double(grid_blocks(length, 1)) * kBlockThreads) + 64) * (element == DType::f64 ? 1.0 : 0x1p-29);
  }

  template <class T, Pass kPass>
  struct Run {
    using Arguments = detection::RcnnArguments<T>;

    static std::string rejects(const Problem& problem) {
      for (const NamedArray& input : problem.inputs)
        if (!input.array.is_contiguous()) return std::string(kName) + ": '" + input.name + "' must be contiguous";
      return {};
    }

    static std::size_t place_workspace(const Problem& problem, Workspace workspace, Arguments& arguments) {
      const detection::RcnnGrid grid = detection::rcnn_grid(problem);
      WorkspaceWalk walk(workspace);
      if (problem.reduces()) {
        arguments.ticket = walk.take<unsigned>(1, "workspace");
        arguments.partials = walk.take<double>(4 * std::int64_t(grid.total()), "workspace");
      }
      if (grid.count > 0) arguments.counts = walk.take<double>(2 * std::int64_t(grid.count), "workspace");
      return walk.bytes();
    }
    static std::size_t workspace_bytes(const Problem& problem) {
      Arguments unused;
      return place_workspace(problem, {}, unused);
    }
    /// Four sums a block out and in; the counts out, and in by every block that divides by them.
    static std::int64_t workspace_traffic(const Problem& problem) {
      const detection::RcnnGrid grid = detection::rcnn_grid(problem);
      const std::int64_t readers = std::int64_t(grid.anchors) + grid.boxes, pair = 16;
      const std::int64_t partials = problem.reduces() ? std::int64_t(grid.total()) * 4 * pair : 0;
      return partials + std::int64_t(grid.count) * pair * (1 + readers);
    }
    static int launches(const Problem& problem) {
      const detection::RcnnGrid grid = detection::rcnn_grid(problem);
      if (!problem.reduces() && problem.inputs.front().array.count() == 0) return 0;
      return 1 + (grid.count > 0);
    }

    static void run(const Problem& problem, Workspace workspace, Stream stream) {
      if (launches(problem) == 0) return;
      const detection::RcnnGrid grid = detection::rcnn_grid(problem);
      Arguments arguments = detection::rcnn_arguments<T>(problem);
      arguments.anchor_blocks = grid.anchors, arguments.box_blocks = grid.boxes, arguments.roi_blocks = grid.rois;
      arguments.count_blocks = grid.count;
      place_workspace(problem, workspace, arguments);
      if (grid.count > 0)
        simt::launch({.kernel = "count", .grid = grid.count, .block = kBlockThreads, .stream = stream}, detection::rcnn_count_kernel<T>,
                     arguments);
      simt::launch({.kernel = kName, .grid = grid.total(), .block = kBlockThreads, .stream = stream}, detection::all_parts_kernel<T, kPass>,
                   arguments);
    }
  };
};

}  // namespace lossbench::inline SIMT_BUILD
