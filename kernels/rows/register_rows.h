// Variant `register_rows`. Builds on `warp_rows` and `vector_rows`; changes one thing: the row stays in registers from the sums to the
// gradients, so value and gradients cost one read.
//
//   Why      with the row at hand nothing is read twice: a triplet's forward and gradients move 6 elements a component, not 9.
//   Moves    every operand once, every gradient once. Arrays out of phase with each other are read twice, singly.
//   Needs    256 threads a block, eight rows; rows of up to kHeld vectors a lane: 512 elements of f32, 1024 in 16 bits, 256 of f64.
//   Order    as block_rows, for a fixed alignment.
//   Error    as warp_rows.
#pragma once

#include "kernels/rows/row_launch.h"

namespace lossbench::inline SIMT_BUILD {

namespace rows {

/// Vectors of an operand that a lane keeps. Three operands of four take 48 registers.
constexpr int kHeld = 4;

/// A row as a warp holds it: vector h of lane r is vector h·32 + r of the row, and one of the columns before the first boundary and
/// after the last, of which there are at most 14.
template <class Arguments>
struct HeldRow {
  using T = typename Arguments::T;
  using Real = typename Arguments::Real;
  static constexpr int kOperands = Arguments::Functor::kOperands, kWidth = kVectorWidth<T>;

  simt::Vec<T, kWidth> vectors[kHeld][kOperands];
  T single[kOperands];
  std::int64_t head = 0, count = 0;

  __device__ std::int64_t column_of(int h, int rank) const { return head + (std::int64_t(h) * kWarp + rank) * kWidth; }
  __device__ bool has(int h, int rank) const { return std::int64_t(h) * kWarp + rank < count; }
  __device__ bool has_single(int rank, std::int64_t width) const { return rank < width - count * kWidth; }
  __device__ std::int64_t single_column(int rank) const { return rank < head ? rank : rank + count * kWidth; }

  template <class Team>
  __device__ void add(const Team& team, const Arguments& arguments, std::int64_t row, const typename Arguments::Side& side,
                      typename Arguments::Sums& sums) {
    if (!arguments.in_phase) return add_range<1>(team, arguments, row, 0, arguments.width, side, sums);
    const std::int64_t first = row * arguments.width;
    head = arguments.operands[0].offset(first).misalignment();
    if (head > arguments.width) head = arguments.width;
    count = (arguments.width - head) / kWidth;
    const int rank = team.rank();
    const bool any = has_single(rank, arguments.width);
#pragma unroll
    for (int h = 0; h < kHeld; ++h)
      if (has(h, rank))
#pragma unroll
        for (int k = 0; k < kOperands; ++k)
          vectors[h][k] = simt::load<kWidth, simt::Cache::streaming>(arguments.operands[k], first + column_of(h, rank));
    if (any) {
#pragma unroll
      for (int k = 0; k < kOperands; ++k) single[k] = simt::load(arguments.operands[k], first + single_column(rank));
      Real x[1][kOperands];
      widen_single(x);
      add_columns<1>(arguments, x, single_column(rank), side, sums);
    }
#pragma unroll
    for (int h = 0; h < kHeld; ++h)
      if (has(h, rank)) {
        Real x[kWidth][kOperands];
        widen_vector(h, x);
        add_columns<kWidth>(arguments, x, column_of(h, rank), side, sums);
      }
  }

  template <class Team, class Result>
  __device__ void write(const Team& team, const Arguments& arguments, std::int64_t row, const RowHead<Real>& row_head, const Result& result) {
    if (!arguments.in_phase || !reads_row(arguments.loss))
      return write_range<kWidth>(team, arguments, row, 0, arguments.width, row_head, result);
    const int rank = team.rank();
    if (has_single(rank, arguments.width)) {
      Real x[1][kOperands];
      widen_single(x);
      store_columns<1>(arguments, x, row, single_column(rank), row_head, result);
    }
#pragma unroll
    for (int h = 0; h < kHeld; ++h)
      if (has(h, rank)) {
        Real x[kWidth][kOperands];
        widen_vector(h, x);
        store_columns<kWidth>(arguments, x, row, column_of(h, rank), row_head, result);
      }
  }

 private:
  __device__ void widen_single(Real (&x)[1][kOperands]) const {
#pragma unroll
    for (int k = 0; k < kOperands; ++k) x[0][k] = widen(single[k]);
  }
  __device__ void widen_vector(int h, Real (&x)[kWidth][kOperands]) const {
#pragma unroll
    for (int k = 0; k < kOperands; ++k)
#pragma unroll
      for (int e = 0; e < kWidth; ++e) x[e][k] = widen(vectors[h][k][e]);
  }
};

template <class Arguments, Pass kPass>
__global__ void __launch_bounds__(kBlockThreads)
register_rows_kernel(Arguments arguments, simt::Global<RowTotals> partials, simt::Global<unsigned> ticket) {
  row_losses<HeldRow<Arguments>, kPass, kVectorWidth<typename Arguments::T>>(arguments, WarpTeam<Arguments>(), partials, ticket);
}

}  // namespace rows

struct RegisterRows {
  static constexpr const char* kName = "register_rows";
  static constexpr const char* kSummary = "a warp per row that stays in registers: one read for value and gradients";
  static constexpr Order kOrder = Order::run_to_run;
  static constexpr bool kProduction = true;
  static constexpr int kRowsPerBlock = kBlockThreads / kWarp;

  static double sum_ulps(std::int64_t length, DType element) { return rows::added_ulps(length, kWarp, element) + 16; }

  /// The columns before the first boundary are beside those that vectors hold.
  template <class Entry, class T>
  static std::string rejects(const Problem& problem) {
    constexpr std::int64_t kLongest = std::int64_t(rows::kHeld) * kWarp * kVectorWidth<T>;
    if (std::string reason = rows::rejects_whole_array<Entry>(problem, kName); !reason.empty()) return reason;
    const std::int64_t width = rows::rows_of<Entry>(problem).width;
    if (width <= kLongest) return {};
    return std::string(kName) + " holds rows of up to " + std::to_string(kLongest) + " elements; these have " + std::to_string(width) +
           " (accepted by vector_rows)";
  }

  template <class Arguments, Pass kPass>
  static auto main() { return rows::register_rows_kernel<Arguments, kPass>; }

  template <class Entry, class T, Pass kPass>
  struct Run : rows::RowRun<RegisterRows, Entry, T, kPass> {};
};

}  // namespace lossbench::inline SIMT_BUILD
