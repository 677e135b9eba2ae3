// Variant `split_rows`. Builds on `vector_rows`; changes one thing: a row is divided over many blocks, so that few long rows, or one,
// fill the device.
//
//   Why      a norm of 10^8 elements is one row, a segmentation map has a few rows of 10^5 to 10^7: a block each would leave 130
//            multiprocessors idle.
//   Moves    every operand once forward; with gradients twice and every gradient once. The sums of each slice out and in; the gradient
//            launch reads those of its row in every block.
//   Needs    256 threads a block; up to kMostRows rows of any width, any alignment.
//   Order    fixed for a fixed device and alignment: slices depend on rows and width, and meet in the order of their numbers, whichever
//            block finishes last.
//   Error    as vector_rows, with fewer terms a thread.
#pragma once

#include "kernels/rows/row_launch.h"

namespace lossbench::inline SIMT_BUILD {

namespace rows {

/// Rows that one block can finish when all slices are done.
constexpr std::int64_t kMostRows = 256;

/// How rows are cut: `slices` a row, of `columns` columns each but the last, which ends with the row.
struct Slices {
  std::int64_t slices = 1, columns = 0;

  __device__ std::int64_t begin(std::int64_t slice, std::int64_t width) const { return slice * columns < width ? slice * columns : width; }
};

inline Slices slices_of(RowShape shape, int width_of_vector) {
  const std::int64_t wanted = std::int64_t(grid_blocks(shape.rows * shape.width, width_of_vector));
  const std::int64_t slices = shape.rows > 0 ? (wanted + shape.rows - 1) / shape.rows : 1;
  std::int64_t columns = (shape.width + slices - 1) / slices;
  columns = (columns + 63) / 64 * 64;  // a multiple of every vector, so that all slices of a row are equally aligned
  return {columns > 0 ? (shape.width + columns - 1) / columns : 1, columns};
}

/// Sums of all slices: word k of slice s of row r is at (r·slices + s)·kWords + k.
using SliceSums = simt::Global<double>;

/// Joins the slices of a row, team thread t taking slices t, t + size, …
template <class Team, class Arguments>
__device__ __forceinline__ typename Arguments::Sums join_slices(Team& team, const SliceSums& slice_sums, std::int64_t row, std::int64_t slices) {
  using Functor = typename Arguments::Functor;
  auto sums = Functor::template identity<typename Arguments::Real>();
  for (std::int64_t s = team.rank(); s < slices; s += Team::kSize) {
    typename Arguments::Sums other;
#pragma unroll
    for (int k = 0; k < Arguments::kWords; ++k)
      other.word[k] = simt::load<simt::Cache::l2>(slice_sums, (row * slices + s) * Arguments::kWords + k);
    join_sums<Functor>(sums, other);
  }
  return team.join(sums);
}

/// One block a slice; the block that finishes last joins the slices of each row, a warp a row, and writes the loss.
template <class Arguments, Pass kPass>
__global__ void __launch_bounds__(kBlockThreads)
slice_sums_kernel(Arguments arguments, Slices slices, SliceSums slice_sums, simt::Global<unsigned> ticket) {
  using Functor = typename Arguments::Functor;
  constexpr int kWidth = kVectorWidth<typename Arguments::T>;
  using Shared = BlockShared<Arguments>;
  SIMT_SHARED(Shared, shared);
  SIMT_SHARED(RowTotals, shared_totals, [kBlockThreads / kWarp]);
  SIMT_SHARED(bool, is_last);
  BlockTeam<Arguments> team(shared);
  const std::int64_t row = blockIdx.x / slices.slices, slice = blockIdx.x % slices.slices;
  if (row < arguments.rows) {
    const auto head = team.template share<kPass>([&] { return row_head<Pass::forward>(arguments, row, 1, 1); });
    auto sums = Functor::template identity<typename Arguments::Real>();
    if (head.kept && reads_row(arguments.loss))
      add_range<kWidth>(team, arguments, row, slices.begin(slice, arguments.width), slices.begin(slice + 1, arguments.width), head.side, sums);
    sums = team.join(sums);
    if (team.leads())
#pragma unroll
      for (int k = 0; k < Arguments::kWords; ++k)
        simt::store(slice_sums, std::int64_t(blockIdx.x) * Arguments::kWords + k, sums.word[k]);
  }
  if (threadIdx.x == 0) {
    __threadfence();  // the slice's sums are visible before the ticket says so
    is_last = simt::atomic_inc(ticket, 0, gridDim.x - 1) == gridDim.x - 1;
  }
  __syncthreads();
  if (!is_last) return;
  __threadfence();

  WarpTeam<Arguments> warp;
  RowTotals totals{0, 0};
  for (std::int64_t r = int(threadIdx.x) / kWarp; r < arguments.rows; r += kBlockThreads / kWarp) {
    const auto head = warp.template share<kPass>([&] { return row_head<Pass::forward>(arguments, r, 1, 1); });
    const auto sums = join_slices<WarpTeam<Arguments>, Arguments>(warp, slice_sums, r, slices.slices);
    const auto result = arguments.loss.finish(sums, head.side, arguments.width);
    if (warp.leads()) enter_row(arguments, r, head, result, totals);
  }
  totals = block_sum(totals, &shared_totals[0]);
  if (threadIdx.x != 0 || !arguments.reduced_loss) return;
  const double divisor = kPass == Pass::gradient ? known_divisor(arguments) : arguments.divisor.of(totals.weight);
  simt::store(arguments.reduced_loss, 0, Reduced<typename Arguments::T>(arguments.divisor.quotient(totals.loss, divisor)));
}

/// The gradients of a slice, once all sums are known.
template <class Arguments>
__global__ void __launch_bounds__(kBlockThreads) slice_gradients_kernel(Arguments arguments, Slices slices, SliceSums slice_sums) {
  constexpr int kWidth = kVectorWidth<typename Arguments::T>;
  using Shared = BlockShared<Arguments>;
  SIMT_SHARED(Shared, shared);
  BlockTeam<Arguments> team(shared);
  const std::int64_t row = blockIdx.x / slices.slices, slice = blockIdx.x % slices.slices;
  const std::int64_t begin = slices.begin(slice, arguments.width), end = slices.begin(slice + 1, arguments.width);
  const auto head = team.template share<Pass::gradient>([&] {
    return row_head<Pass::gradient>(arguments, row, known_divisor(arguments), upstream_of(arguments));
  });
  if (!head.kept) return write_zeros<kWidth>(team, arguments, row, begin, end);
  const auto sums = join_slices<BlockTeam<Arguments>, Arguments>(team, slice_sums, row, slices.slices);
  write_range<kWidth>(team, arguments, row, begin, end, head, arguments.loss.finish(sums, head.side, arguments.width));
}

}  // namespace rows

struct SplitRows {
  static constexpr const char* kName = "split_rows";
  static constexpr const char* kSummary = "a row divided over many blocks: for few long rows, or one";
  static constexpr Order kOrder = Order::run_to_run;
  static constexpr bool kProduction = true;

  static double sum_ulps(std::int64_t length, DType element) { return rows::added_ulps(length, kBlockThreads, element) + 48; }

  template <class Entry, class T, Pass kPass>
  struct Run {
    using Arguments = rows::RowArguments<typename Entry::Functor, T>;

    struct Layout {
      WorkspaceWalk walk;
      rows::RowShape shape;
      rows::Slices slices;
      rows::WeightStep weights;
      simt::Global<unsigned> ticket;
      simt::Global<rows::RowTotals> partials;
      rows::SliceSums slice_sums;

      Layout(const Problem& problem, Workspace workspace)
          : walk(workspace), shape(rows::rows_of<Entry>(problem)), slices(rows::slices_of(shape, kVectorWidth<T>)) {
        weights.blocks = rows::WeightStep::blocks_for<Entry>(problem);
        ticket = walk.take<unsigned>(1, "workspace");
        if (weights.blocks) {
          partials = walk.take<rows::RowTotals>(weights.blocks, "workspace");
          weights.weight_sum = walk.take<double>(1, "workspace");
        }
        slice_sums = walk.take<double>(shape.rows * slices.slices * Arguments::kWords, "workspace");
      }
      unsigned blocks() const { return unsigned(shape.rows > 0 ? shape.rows * slices.slices : 1); }
      bool writes_gradients() const { return kPass == Pass::gradient && shape.rows * shape.width > 0; }
    };

    static std::string rejects(const Problem& problem) {
      const std::int64_t rows = rows::rows_of<Entry>(problem).rows;
      if (rows <= rows::kMostRows) return {};
      return std::string(kName) + " divides up to " + std::to_string(rows::kMostRows) + " rows; these are " + std::to_string(rows) +
             " (accepted by vector_rows)";
    }
    static std::size_t workspace_bytes(const Problem& problem) { return Layout(problem, {}).walk.bytes(); }

    /// Every slice's sums out, in by the block that joins them, and in by every gradient block of the row; the sum of weights by
    /// every gradient block and by who divides.
    static std::int64_t workspace_traffic(const Problem& problem) {
      const Layout layout(problem, {});
      const std::int64_t row_words = layout.slices.slices * Arguments::kWords, words = layout.shape.rows * row_words;
      const std::int64_t gradient_blocks = layout.writes_gradients() ? layout.blocks() : 0;
      return 8 * (2 * words + gradient_blocks * row_words) + rows::WeightStep::traffic(layout.weights.blocks, gradient_blocks + 1);
    }
    static int launches(const Problem& problem) {
      const Layout layout(problem, {});
      if (!problem.reduces() && layout.shape.rows == 0) return 0;
      return 1 + (layout.weights.blocks > 0) + layout.writes_gradients();
    }

    static void run(const Problem& problem, Workspace workspace, Stream stream) {
      if (launches(problem) == 0) return;
      const Layout layout(problem, workspace);
      Arguments arguments = rows::make_row_arguments<Entry, T>(problem);
      layout.weights.run(arguments, layout.partials, layout.ticket, stream);
      simt::launch({.kernel = kName, .grid = layout.blocks(), .block = kBlockThreads, .stream = stream},
                   rows::slice_sums_kernel<Arguments, kPass>, arguments, layout.slices, layout.slice_sums, layout.ticket);
      if (layout.writes_gradients())
        simt::launch({.kernel = "split_rows_gradient", .grid = layout.blocks(), .block = kBlockThreads, .stream = stream},
                     rows::slice_gradients_kernel<Arguments>, arguments, layout.slices, layout.slice_sums);
    }
  };
};

}  // namespace lossbench::inline SIMT_BUILD
