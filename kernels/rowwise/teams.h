// Who works on one row: a block, a warp, one thread, or the blocks of a cluster. All deal rows to teams and classes to threads in
// turn, all reduce in a fixed order.
#pragma once

#include <cstdint>

#include "kernels/primitives/accumulators.h"
#include "kernels/primitives/block_reduce.h"
#include "kernels/primitives/grid_loop.h"
#include "kernels/primitives/log_sum_exp.h"
#include "kernels/rowwise/row_math.h"

namespace lossbench::inline SIMT_BUILD::rowwise {

/// Blocks a multiprocessor is to hold: 4 of 256 threads at up to 64 registers each. Double would spill at 64, and has 3 blocks at 80; rows
/// that are rich (row_math.h) have 2 at 128. Asked for because ptxas otherwise trades a few spilled words for one block more.
template <class T, bool kRich>
constexpr int kBlocksHeld = kRich ? 2 : sizeof(T) == 8 ? 3 : 4;

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
  RowTarget<Real> ahead[4];
  Peak<Real> peaks[kBlockThreads / kWarp];
  double sums[kBlockThreads / kWarp];
  Shortfall shortfalls[kBlockThreads / kWarp];
  Best<Real> bests[kBlockThreads / kWarp];
};

/// One block a row. Every thread of the block calls every function, in the same order.
///
/// Barriers: each reduction has one, between its writes and its reads. A buffer is written again after the barrier of a reduction
/// with another buffer, or of skip(); so every row needs reduce(Peak) and reduce(double), or skip(), and two reductions of one kind
/// have another between them. Targets are fetched kAhead rows before they are used: written before a row's first barrier, read
/// after it; there is a place more than rows in between.
template <class Real, int kAhead = 1>
class BlockTeam {
 public:
  static constexpr int kSize = kBlockThreads;

  __device__ explicit BlockTeam(BlockShared<Real>& shared) : shared_(shared) {}

  __device__ int rank() const { return int(threadIdx.x); }
  __device__ bool leads() const { return threadIdx.x == 0; }
  __device__ bool speaks() const { return leads(); }  ///< for the row as a whole
  __device__ int part() const { return 0; }           ///< of the row …
  __device__ int parts() const { return 1; }          ///< … in so many
  __device__ TeamLedger& ledger() const { return shared_.ledger; }
  __device__ std::int64_t first_row() const { return blockIdx.x; }
  __device__ std::int64_t row_step() const { return gridDim.x; }

  /// Targets of the first kAhead rows.
  template <class Fetch>
  __device__ void begin(Fetch fetch) {
    begin_at(fetch, first_row(), row_step());
  }
  /// Target of the current row; fetches that of the row kAhead after it.
  template <class Fetch>
  __device__ RowTarget<Real> target(Fetch fetch, std::int64_t row) {
    return target_at(fetch, row, row_step());
  }
  /// For the leader: target of the row `ahead` after the current one, up to kAhead.
  __device__ const RowTarget<Real>& peek(int ahead) const { return shared_.ahead[(turn_ + ahead - 1) & 3]; }
  __device__ void skip() { __syncthreads(); }
  __device__ void finish() {}

  __device__ Peak<Real> reduce(Peak<Real> peak) {
    return block_reduce_all<kSize>(peak, JoinPeaks{}, Peak<Real>{Real(-INFINITY), Real(0)}, shared_.peaks);
  }
  __device__ double reduce(double sum) { return block_reduce_all<kSize>(sum, Plus{}, 0.0, shared_.sums); }
  __device__ Shortfall reduce(Shortfall shortfall) {
    return block_reduce_all<kSize>(shortfall, Plus{}, Shortfall{0, 0}, shared_.shortfalls);
  }
  __device__ Best<Real> reduce(Best<Real> best) { return block_reduce_all<kSize>(best, JoinBests{}, no_best<Real>(), shared_.bests); }

 protected:
  static_assert(kAhead >= 1 && kAhead <= 3, "one of the four places is being read");

  template <class Fetch>
  __device__ void begin_at(Fetch fetch, std::int64_t first, std::int64_t step) {
    if (leads())
      for (int k = 0; k < kAhead; ++k) shared_.ahead[k] = fetch(first + k * step);
    __syncthreads();
  }
  template <class Fetch>
  __device__ RowTarget<Real> target_at(Fetch fetch, std::int64_t row, std::int64_t step) {
    const RowTarget<Real> current = shared_.ahead[turn_ & 3];
    if (leads()) shared_.ahead[(turn_ + kAhead) & 3] = fetch(row + kAhead * step);
    ++turn_;
    return current;
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
  __device__ bool speaks() const { return leads(); }
  __device__ int part() const { return 0; }
  __device__ int parts() const { return 1; }
  __device__ TeamLedger& ledger() const { return ledger_; }
  __device__ std::int64_t first_row() const { return std::int64_t(blockIdx.x) * kPerBlock + int(threadIdx.x) / kWarp; }
  __device__ std::int64_t row_step() const { return std::int64_t(gridDim.x) * kPerBlock; }

  template <class Fetch>
  __device__ void begin(Fetch fetch) {
    if (leads()) ahead_ = fetch(first_row());
  }
  template <class Fetch>
  __device__ RowTarget<Real> target(Fetch fetch, std::int64_t row) {
    const RowTarget<Real> current{warp_broadcast(ahead_.label, 0), warp_broadcast(ahead_.weight, 0), warp_broadcast(ahead_.scale, 0)};
    if (leads()) ahead_ = fetch(row + row_step());
    return current;
  }
  __device__ void skip() {}
  __device__ void finish() {}

  __device__ Peak<Real> reduce(Peak<Real> peak) { return warp_reduce(peak, JoinPeaks{}); }
  __device__ double reduce(double sum) { return warp_reduce(sum, Plus{}); }
  __device__ Shortfall reduce(Shortfall shortfall) { return warp_reduce(shortfall, Plus{}); }
  __device__ Best<Real> reduce(Best<Real> best) { return warp_reduce(best, JoinBests{}); }

 private:
  TeamLedger& ledger_;
  RowTarget<Real> ahead_{-1, 0, 0};
};

/// One thread a row: neighbouring threads take neighbouring rows, and nothing is reduced.
template <class Real>
class LaneTeam {
 public:
  static constexpr int kSize = 1;

  /// `shared_ledgers` has kBlockThreads entries.
  __device__ explicit LaneTeam(TeamLedger* shared_ledgers) : ledger_(shared_ledgers[threadIdx.x]) {}

  __device__ int rank() const { return 0; }
  __device__ bool leads() const { return true; }
  __device__ bool speaks() const { return true; }
  __device__ int part() const { return 0; }
  __device__ int parts() const { return 1; }
  __device__ TeamLedger& ledger() const { return ledger_; }
  __device__ std::int64_t first_row() const { return grid_thread(); }
  __device__ std::int64_t row_step() const { return grid_threads(); }

  template <class Fetch>
  __device__ void begin(Fetch) {}
  template <class Fetch>
  __device__ RowTarget<Real> target(Fetch fetch, std::int64_t row) { return fetch(row); }
  __device__ void skip() {}
  __device__ void finish() {}

  template <class Value>
  __device__ Value reduce(Value value) { return value; }

 private:
  TeamLedger& ledger_;
};

/// What the blocks of a cluster show each other.
template <class Real>
struct ClusterSlots {
  Peak<Real> peak;
  double sum;
  Shortfall shortfall;
  Best<Real> best;
};

/// The blocks of a cluster, one row at a time: each works on a part of it. A block reduces its part, then every warp joins the
/// blocks' results through distributed shared memory, in the order of their ranks.
///
/// Barriers: as BlockTeam, and one of the cluster in each reduction. A slot is written again after the cluster barrier of a
/// reduction with another slot, when all have read it. finish() keeps every block until the last one has read.
template <class Real, int kAhead = 1>
class ClusterTeam : public BlockTeam<Real, kAhead> {
  using Base = BlockTeam<Real, kAhead>;

 public:
  __device__ ClusterTeam(BlockShared<Real>& shared, ClusterSlots<Real>& slots)
      : Base(shared), slots_(slots), part_(simt::cluster_rank()), parts_(simt::cluster_size()) {}

  __device__ int part() const { return int(part_); }
  __device__ int parts() const { return int(parts_); }
  __device__ bool speaks() const { return part_ == 0 && this->leads(); }  ///< for the row as a whole
  __device__ std::int64_t first_row() const { return blockIdx.x / parts_; }
  __device__ std::int64_t row_step() const { return gridDim.x / parts_; }

  template <class Fetch>
  __device__ void begin(Fetch fetch) { this->begin_at(fetch, first_row(), row_step()); }
  template <class Fetch>
  __device__ RowTarget<Real> target(Fetch fetch, std::int64_t row) { return this->target_at(fetch, row, row_step()); }
  __device__ void finish() { if (parts_ > 1) simt::cluster_sync(); }

  __device__ Peak<Real> reduce(Peak<Real> peak) {
    return join(Base::reduce(peak), JoinPeaks{}, Peak<Real>{Real(-INFINITY), Real(0)}, &slots_.peak);
  }
  __device__ double reduce(double sum) { return join(Base::reduce(sum), Plus{}, 0.0, &slots_.sum); }
  __device__ Shortfall reduce(Shortfall shortfall) { return join(Base::reduce(shortfall), Plus{}, Shortfall{0, 0}, &slots_.shortfall); }
  __device__ Best<Real> reduce(Best<Real> best) { return join(Base::reduce(best), JoinBests{}, no_best<Real>(), &slots_.best); }

 private:
  static constexpr int kMostParts = 16;

  template <class Value, class Op>
  __device__ Value join(Value mine, Op op, Value identity, Value* shared_slot) {
    if (parts_ == 1) return mine;
    if (threadIdx.x == 0) *shared_slot = mine;
    simt::cluster_sync();
    const unsigned lane = threadIdx.x % kMostParts;
    const Value theirs = lane < parts_ ? simt::cluster_map(shared_slot, lane).load() : identity;
    return warp_reduce<kMostParts>(theirs, op);
  }

  ClusterSlots<Real>& slots_;
  unsigned part_, parts_;
};

}  // namespace lossbench::inline SIMT_BUILD::rowwise
