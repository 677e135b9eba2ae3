// Variant `vector_rows`. Builds on `block_rows`; changes one thing: 16-byte loads and stores.
//
//   Why      a block of block_rows has 1 to 3 KiB in flight; with 16 bytes a load it is four to eight times as much.
//   Moves    as block_rows: long rows are read a second time for their gradients, from the cache or from memory.
//   Needs    256 threads a block; any width, any alignment: columns before a row's first 16-byte boundary and after its last are
//            accessed singly. Arrays out of phase with each other are accessed singly throughout.
//   Order    as block_rows, for a fixed alignment.
//   Error    as block_rows.
#pragma once

#include "kernels/rows/row_launch.h"

namespace lossbench::inline SIMT_BUILD {

namespace rows {

template <class Arguments, Pass kPass>
__global__ void __launch_bounds__(kBlockThreads)
vector_rows_kernel(Arguments arguments, simt::Global<RowTotals> partials, simt::Global<unsigned> ticket) {
  constexpr int kWidth = kVectorWidth<typename Arguments::T>;
  using Shared = BlockShared<Arguments>;
  SIMT_SHARED(Shared, shared);
  row_losses<ReadTwice<kWidth>, kPass, kWidth>(arguments, BlockTeam<Arguments>(shared), partials, ticket);
}

}  // namespace rows

struct VectorRows {
  static constexpr const char* kName = "vector_rows";
  static constexpr const char* kSummary = "a block per row, 16-byte accesses: for long rows";
  static constexpr Order kOrder = Order::run_to_run;
  static constexpr bool kProduction = true;
  static constexpr int kRowsPerBlock = 1;

  /// A vector's elements are added one after another.
  static double sum_ulps(std::int64_t length, DType element) { return rows::added_ulps(length, kBlockThreads, element) + 16; }

  template <class Arguments, Pass kPass>
  static auto main() { return rows::vector_rows_kernel<Arguments, kPass>; }

  template <class Entry, class T, Pass kPass>
  struct Run : rows::RowRun<VectorRows, Entry, T, kPass> {};
};

}  // namespace lossbench::inline SIMT_BUILD
