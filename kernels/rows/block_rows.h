// Variant `block_rows`. The first step for losses of whole rows: one block a row, one element at a time.
//
//   Builds on  block_reduce: the sums of a row, whatever they are, meet through shared memory.
//   Why        a framework writes such a loss as a string of elementwise kernels and reductions over rows; here one launch reads
//              the rows, has their sums, and writes value and gradients.
//   Moves      every operand once forward; with gradients twice (the second time from the cache where a row fits) and every
//              gradient once. Labels, factors and weights once a row. One partial sum a block.
//   Needs      256 threads a block; any width, any alignment. Loads of 2 to 8 bytes: too few bytes in flight for the memory.
//   Order      fixed for a fixed device: rows in turn, columns in turn, trees.
//   Error      sums are kept in double: see added_ulps.
#pragma once

#include "kernels/rows/row_launch.h"

namespace lossbench::inline SIMT_BUILD {

namespace rows {

template <class Arguments, Pass kPass>
__global__ void __launch_bounds__(kBlockThreads)
block_rows_kernel(Arguments arguments, simt::Global<RowTotals> partials, simt::Global<unsigned> ticket) {
  using Shared = BlockShared<Arguments>;
  SIMT_SHARED(Shared, shared);
  row_losses<ReadTwice<1>, kPass, 1>(arguments, BlockTeam<Arguments>(shared), partials, ticket);
}

}  // namespace rows

struct BlockRows {
  static constexpr const char* kName = "block_rows";
  static constexpr const char* kSummary = "a block per row; sums, loss and gradients in one launch";
  static constexpr Order kOrder = Order::run_to_run;
  static constexpr bool kProduction = true;
  static constexpr int kRowsPerBlock = 1;

  static double sum_ulps(std::int64_t length, DType element) { return rows::added_ulps(length, kBlockThreads, element); }

  template <class Arguments, Pass kPass>
  static auto main() { return rows::block_rows_kernel<Arguments, kPass>; }

  template <class Entry, class T, Pass kPass>
  struct Run : rows::RowRun<BlockRows, Entry, T, kPass> {};
};

}  // namespace lossbench::inline SIMT_BUILD
