// Who works on one row: a block, or a warp. Both deal rows to teams and classes to threads in turn, both reduce in a fixed order.
#pragma once

#include <cstdint>

#include "kernels/primitives/accumulators.h"
#include "kernels/primitives/block_reduce.h"
#include "kernels/primitives/grid_loop.h"
#include "kernels/primitives/log_sum_exp.h"

namespace lossbench::inline SIMT_BUILD::rowwise {

/// Blocks a multiprocessor is to hold: 1024 threads of up to 64 registers, which is what these kernels use (62 to 64 on sm_80,
/// sm_90a and sm_100). Asked for because ptxas otherwise trades a few spilled words for a fifth or an eighth block.
constexpr int kBlocksWanted = 4;

/// What a team must know about its row, read by one thread for all.
template <class Real>
struct RowTarget {
  int label;     ///< -1: the row is ignored
  Real weight;   ///< of the label's class
  double scale;  ///< factor of the row's gradient
};

/// What the leader of a team remembers from row to row, in shared memory: it is used once a row, and registers are short while a
/// row is read. No other thread looks at it.
struct TeamLedger {
  TwoFloatSum<double> losses;
  TwoFloatSum<double> weights;  ///< what the rows count in the divisor
  double divisor;
  double scale;  ///< factor of every gradient
};

template <class Real>
struct BlockShared {
  TeamLedger ledger;
  RowTarget<Real> ahead[2];
  Peak<Real> peaks[kBlockThreads / kWarp];
  double sums[kBlockThreads / kWarp];
  Shortfall shortfalls[kBlockThreads / kWarp];
};

/// One block a row. Every thread of the block calls every function, in the same order.
///
/// Barriers: each reduction has one, between its writes and its reads. Its buffer is written again a row later, after the
/// barrier of the next reduction of this row or, where that is missing, of skip(); so every row needs reduce(Peak) and
/// reduce(double), or skip(). The target of the row after is fetched while this one is worked on: written before this row's
/// first barrier, read after it; its two places alternate.
template <class Real>
class BlockTeam {
 public:
  static constexpr int kSize = kBlockThreads;

  __device__ explicit BlockTeam(BlockShared<Real>& shared) : shared_(shared) {}

  __device__ int rank() const { return int(threadIdx.x); }
  __device__ bool leads() const { return threadIdx.x == 0; }
  __device__ TeamLedger& ledger() const { return shared_.ledger; }
  __device__ std::int64_t first_row() const { return blockIdx.x; }
  __device__ std::int64_t row_step() const { return gridDim.x; }

  /// Target of first_row().
  template <class Fetch>
  __device__ void begin(Fetch fetch) {
    if (leads()) shared_.ahead[0] = fetch(first_row());
    __syncthreads();
  }
  /// Target of the current row; fetches that of the row after.
  template <class Fetch>
  __device__ RowTarget<Real> target(Fetch fetch, std::int64_t row_after) {
    const RowTarget<Real> current = shared_.ahead[turn_];
    turn_ = 1 - turn_;
    if (leads()) shared_.ahead[turn_] = fetch(row_after);
    return current;
  }
  __device__ void skip() { __syncthreads(); }

  __device__ Peak<Real> reduce(Peak<Real> peak) {
    return block_reduce_all<kSize>(peak, JoinPeaks{}, Peak<Real>{Real(-INFINITY), Real(0)}, shared_.peaks);
  }
  __device__ double reduce(double sum) { return block_reduce_all<kSize>(sum, Plus{}, 0.0, shared_.sums); }
  __device__ Shortfall reduce(Shortfall shortfall) {
    return block_reduce_all<kSize>(shortfall, Plus{}, Shortfall{0, 0}, shared_.shortfalls);
  }

 private:
  BlockShared<Real>& shared_;
  int turn_ = 0;
};

/// One warp a row, kBlockThreads/32 rows a block: no barrier, so warps go at their own pace.
template <class Real>
class WarpTeam {
 public:
  static constexpr int kSize = kWarp;
  static constexpr int kPerBlock = kBlockThreads / kWarp;

  /// `shared_ledgers` has kPerBlock entries.
  __device__ explicit WarpTeam(TeamLedger* shared_ledgers) : ledger_(shared_ledgers[int(threadIdx.x) / kWarp]) {}

  __device__ int rank() const { return int(threadIdx.x) % kWarp; }
  __device__ bool leads() const { return rank() == 0; }
  __device__ TeamLedger& ledger() const { return ledger_; }
  __device__ std::int64_t first_row() const { return std::int64_t(blockIdx.x) * kPerBlock + int(threadIdx.x) / kWarp; }
  __device__ std::int64_t row_step() const { return std::int64_t(gridDim.x) * kPerBlock; }

  template <class Fetch>
  __device__ void begin(Fetch fetch) {
    if (leads()) ahead_ = fetch(first_row());
  }
  template <class Fetch>
  __device__ RowTarget<Real> target(Fetch fetch, std::int64_t row_after) {
    const RowTarget<Real> current{warp_broadcast(ahead_.label, 0), warp_broadcast(ahead_.weight, 0), warp_broadcast(ahead_.scale, 0)};
    if (leads()) ahead_ = fetch(row_after);
    return current;
  }
  __device__ void skip() {}

  __device__ Peak<Real> reduce(Peak<Real> peak) { return warp_reduce(peak, JoinPeaks{}); }
  __device__ double reduce(double sum) { return warp_reduce(sum, Plus{}); }
  __device__ Shortfall reduce(Shortfall shortfall) { return warp_reduce(shortfall, Plus{}); }

 private:
  TeamLedger& ledger_;
  RowTarget<Real> ahead_{-1, 0, 0};
};

}  // namespace lossbench::inline SIMT_BUILD::rowwise
