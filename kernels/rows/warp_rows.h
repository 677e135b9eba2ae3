// Variant `warp_rows`. Builds on `block_rows`; changes one thing: a warp takes a row, so a block takes eight.
//
//   Why      embeddings have 64 to 1024 components and classifiers 10 to 1000 classes: most threads of a block would find nothing
//            to read, and two barriers a row are what it would wait for. A warp reduces by shuffles alone.
//   Moves    as block_rows.
//   Needs    256 threads a block; any width, any alignment.
//   Order    as block_rows.
//   Error    as block_rows, with width/32 terms a thread.
#pragma once

#include "kernels/rows/row_launch.h"

namespace lossbench::inline SIMT_BUILD {

namespace rows {

template <class Arguments, Pass kPass>
__global__ void __launch_bounds__(kBlockThreads)
warp_rows_kernel(Arguments arguments, simt::Global<RowTotals> partials, simt::Global<unsigned> ticket) {
  row_losses<ReadTwice<1>, kPass, 1>(arguments, WarpTeam<Arguments>(), partials, ticket);
}

}  // namespace rows

struct WarpRows {
  static constexpr const char* kName = "warp_rows";
  static constexpr const char* kSummary = "a warp per row, eight rows a block: no barriers";
  static constexpr Order kOrder = Order::run_to_run;
  static constexpr bool kProduction = true;
  static constexpr int kRowsPerBlock = kBlockThreads / kWarp;

  static double sum_ulps(std::int64_t length, DType element) { return rows::added_ulps(length, kWarp, element); }

  template <class Arguments, Pass kPass>
  static auto main() { return rows::warp_rows_kernel<Arguments, kPass>; }

  template <class Entry, class T, Pass kPass>
  struct Run : rows::RowRun<WarpRows, Entry, T, kPass> {};
};

}  // namespace lossbench::inline SIMT_BUILD
