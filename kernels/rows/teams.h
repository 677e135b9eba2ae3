// Who works on one row: a block, or a warp. Rows are dealt to teams in turn; a team adds up in a fixed order.
#pragma once

#include <cstdint>

#include "kernels/losses/row.h"
#include "kernels/primitives/grid_reduce.h"
#include "kernels/rows/arguments.h"

namespace lossbench::inline SIMT_BUILD::rows {

/// Of two (value, column) pairs the greater value; of equals the lower column.
SIMT_FN void take_better(double& value, double& column, double other_value, double other_column) {
  if (other_value > value || (other_value == value && other_column < column)) value = other_value, column = other_column;
}

/// Joins `other` to `sums`.
template <class Functor, int kWords>
SIMT_FN void join_sums(losses::RowSums<kWords>& sums, const losses::RowSums<kWords>& other) {
  constexpr int kAdded = Functor::kBest ? kWords - 2 : kWords;
  for (int k = 0; k < kAdded; ++k) sums.word[k] += other.word[k];
  if constexpr (Functor::kBest) take_better(sums.word[kWords - 2], sums.word[kWords - 1], other.word[kWords - 2], other.word[kWords - 1]);
}

/// Joins the sums of each group of kLanes neighbouring lanes; all of them get the same bits. All 32 lanes call it.
template <class Functor, int kLanes = kWarp, int kWords>
__device__ __forceinline__ losses::RowSums<kWords> warp_join(losses::RowSums<kWords> sums) {
#pragma unroll
  for (int offset = 1; offset < kLanes; offset *= 2) {
    losses::RowSums<kWords> other;
#pragma unroll
    for (int k = 0; k < kWords; ++k) other.word[k] = warp_exchange(sums.word[k], offset);
    join_sums<Functor>(sums, other);
  }
  return sums;
}

/// One warp a row, eight rows a block: no barrier.
template <class Arguments>
class WarpTeam {
 public:
  using Real = typename Arguments::Real;
  using Sums = typename Arguments::Sums;
  using Functor = typename Arguments::Functor;
  static constexpr int kSize = kWarp, kPerBlock = kBlockThreads / kWarp;

  __device__ int rank() const { return int(threadIdx.x) % kWarp; }
  __device__ bool leads() const { return rank() == 0; }
  __device__ std::int64_t first_row() const { return std::int64_t(blockIdx.x) * kPerBlock + int(threadIdx.x) / kWarp; }
  __device__ std::int64_t row_step() const { return std::int64_t(gridDim.x) * kPerBlock; }

  /// What the leader finds, for all.
  template <Pass kPass, class Find>
  __device__ RowHead<Real> share(Find find) {
    RowHead<Real> head{};
    if (leads()) head = find();
    if constexpr (Functor::kLabels || kPass == Pass::gradient) head.kept = warp_broadcast(int(head.kept), 0) != 0;
    else head.kept = true;
    if constexpr (kPass == Pass::gradient) head.scale = warp_broadcast(head.scale, 0);
    if constexpr (Functor::kLabels) head.side.label = warp_broadcast(head.side.label, 0);
    if constexpr (Functor::kReadsOwn) head.side.own = warp_broadcast(head.side.own, 0);
    head.side.factor = warp_broadcast(head.side.factor, 0);
    return head;
  }

  __device__ Sums join(Sums sums) { return warp_join<Functor>(sums); }
};

template <class Arguments>
struct BlockShared {
  RowHead<typename Arguments::Real> heads[2];
  typename Arguments::Sums sums[kBlockThreads / kWarp];
};

/// One block a row. Every thread calls share() for each row, in the same order, and join() where the row is kept.
///
/// Barriers: share() has one, join() has one between its writes and its reads. A head is written again two rows later and sums
/// one row later, with the barrier of a share() between; what was read before it is in registers.
template <class Arguments>
class BlockTeam {
 public:
  using Real = typename Arguments::Real;
  using Sums = typename Arguments::Sums;
  using Functor = typename Arguments::Functor;
  static constexpr int kSize = kBlockThreads, kPerBlock = 1;

  __device__ explicit BlockTeam(BlockShared<Arguments>& shared) : shared_(shared) {}

  __device__ int rank() const { return int(threadIdx.x); }
  __device__ bool leads() const { return threadIdx.x == 0; }
  __device__ std::int64_t first_row() const { return blockIdx.x; }
  __device__ std::int64_t row_step() const { return gridDim.x; }

  template <Pass, class Find>
  __device__ RowHead<Real> share(Find find) {
    turn_ = 1 - turn_;
    if (leads()) shared_.heads[turn_] = find();
    __syncthreads();
    return shared_.heads[turn_];
  }

  __device__ Sums join(Sums sums) {
    constexpr int kWarps = kBlockThreads / kWarp;
    const int lane = int(threadIdx.x) % kWarp, warp = int(threadIdx.x) / kWarp;
    sums = warp_join<Functor>(sums);
    if (lane == 0) shared_.sums[warp] = sums;
    __syncthreads();
    return warp_join<Functor, kWarps>(shared_.sums[lane % kWarps]);
  }

 private:
  BlockShared<Arguments>& shared_;
  int turn_ = 0;
};

}  // namespace lossbench::inline SIMT_BUILD::rows
