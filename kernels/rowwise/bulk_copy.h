// Variant `bulk_copy`. Builds on `cluster`; changes one thing: the copy engine fills shared memory, one or two rows ahead.
//
//   Why      a block of `cluster` waits for its part of a row, reduces it, writes the gradient, and only then asks for the next row:
//            the memory idles in between. Here one thread asks for a part of the row in one bulk copy while the rows before it are
//            still being worked on, and the loads cost no registers and no instructions of the other threads.
//   Moves    as cluster. The vectors of a part (whole sectors, so 16-byte aligned) come by bulk copy; head and tail are read by threads.
//            Ignored rows are not asked for.
//   Needs    sm_90 or later; clusters of 1, 2, 4 or 8 blocks, 16 where 8 do not hold two stages; room for two or three parts in a
//            block (three where they leave room for two blocks a multiprocessor). Otherwise as shared_row.
//   Order    as cluster.
//   Error    as cluster.
//   Holds    2 blocks a multiprocessor for up to 108 KB of stages, else 1; the grid is one wave of them.
#pragma once

#include "kernels/rowwise/cluster.h"

namespace lossbench::inline SIMT_BUILD {

namespace rowwise {

constexpr int kMostStages = 3;

/// A part of a row that a bulk copy brings to shared memory, but for its head and tail: a thread has one element of these at most, and
/// keeps it in a register, as KeptSource does.
template <class T>
struct BulkSource : VectorRow<T> {
  T* shared_row;
  simt::Mbarrier* shared_full;
  unsigned parity;
  mutable T own{};

  __device__ BulkSource(const SoftmaxArguments<T>& arguments, T* shared_stage, simt::Mbarrier* shared_barrier, unsigned parity_,
                        std::int64_t index, int rank_, int threads_, int part, int parts)
      : VectorRow<T>(arguments, index, rank_, threads_, part, parts),
        shared_row(shared_stage + kSector<T>), shared_full(shared_barrier), parity(parity_) {}

  template <int kTogether, class Body>
  __device__ __forceinline__ void read(Body body) const {
    vector_pieces<kTogether, T>(this->rank, this->threads, this->span, [&](int) { return own; },
                                [&](int c) { return simt::load_shared<kVector<T>>(shared_row, c - this->span.first); }, body);
  }
  /// The head and the tail are asked for before the wait.
  template <class Body>
  __device__ __forceinline__ void first(Body body) const {
    static_assert(2 * kSector<T> <= kBlockThreads, "a thread has one single element at most");
    if (this->rank < this->span.singles()) own = simt::load<simt::Cache::streaming>(this->row, this->span.single(this->rank));
    if (this->span.vectors > 0) simt::mbarrier_wait(shared_full, parity);
    read<kInFlight>(body);
  }
  template <class Body>
  __device__ __forceinline__ void again(Body body) const { read<kAgainTogether<T>>(body); }
};

/// The stages of a block, filled in turn. A stage is free when every thread has left the row in it: a row later, after a barrier.
template <class T>
struct BulkRows {
  T* shared_stages;
  simt::Mbarrier* shared_full;
  int stage_elements;
  int asked = 0, opened = 0;     ///< rows whose part was copied; `asked` is the leader's
  std::int64_t next = 0;         ///< ordinal of the first row the leader has not looked at
  std::int64_t current = -1;     ///< ordinal of the row that is open

  template <class Team>
  __device__ void begin(const SoftmaxArguments<T>& arguments, Team& team) {
    stage_elements = kept_elements<T>(arguments.slice);
    if (team.leads()) {
      for (int stage = 0; stage < arguments.stages; ++stage) simt::mbarrier_init(shared_full + stage, 1);
      simt::mbarrier_fence_init();
    }
    __syncthreads();
  }

  /// For the leader: asks for the parts of the rows up to `ahead` after the open one, while there are free stages.
  template <class Team>
  __device__ void ask(const SoftmaxArguments<T>& arguments, Team& team, int ahead, int most) {
    for (; next <= current + ahead && asked < most; ++next) {
      const std::int64_t row = team.first_row() + next * team.row_step();
      if (row >= arguments.rows) return;
      if (team.peek(int(next - current)).label == kIgnored && !arguments.describes_rows()) continue;
      const VectorRow<T> part(arguments, row, 0, 1, team.part(), team.parts());
      if (part.span.vectors == 0) continue;
      const int stage = asked % arguments.stages, count = part.span.vectors * kVector<T>;
      simt::mbarrier_arrive_expect_tx(shared_full + stage, unsigned(count) * unsigned(sizeof(T)));
      simt::bulk_load(shared_stages + stage * stage_elements + kSector<T>, part.row, part.span.first, count, shared_full + stage);
      ++asked;
    }
  }

  template <class Team>
  __device__ BulkSource<T> open(const SoftmaxArguments<T>& arguments, Team& team, std::int64_t row) {
    current = (row - team.first_row()) / team.row_step();
    if (next < current) next = current;  // rows before it were ignored: their targets are no longer kept
    const bool copies = VectorRow<T>(arguments, row, 0, 1, team.part(), team.parts()).span.vectors > 0;
    // The row before may still be read, those before it are done with.
    if (team.leads()) ask(arguments, team, 0, opened - 1 + arguments.stages);
    const int stage = opened % arguments.stages;
    const unsigned parity = unsigned(opened / arguments.stages) & 1;
    opened += copies;
    return BulkSource<T>(arguments, shared_stages + stage * stage_elements, shared_full + stage, parity, row, team.rank(), Team::kSize,
                         team.part(), team.parts());
  }

  /// The stage of the row before is free now.
  template <class Team>
  __device__ void reduced(const SoftmaxArguments<T>& arguments, Team& team) {
    if (team.leads()) ask(arguments, team, arguments.stages - 1, opened - 1 + arguments.stages);
  }
};

template <class T, Pass kPass, bool kRich>
__global__ void __launch_bounds__(kBlockThreads, 2) bulk_copy_kernel(SoftmaxArguments<T> arguments) {
  if constexpr (simt::kHasClusters) {
    using Shared = BlockShared<RealOf<T>>;
    using Slots = ClusterSlots<RealOf<T>>;
    SIMT_SHARED(Shared, shared);
    SIMT_SHARED(Slots, slots);
    SIMT_SHARED(simt::Mbarrier, full, [kMostStages]);
    softmax_rows<SumsInOnePass<kRich, true>, kPass>(arguments, ClusterTeam<RealOf<T>, kMostStages>(shared, slots),
                                                    BulkRows<T>{simt::dynamic_shared<T>(), full, 0});
  }
}

/// Stages of at most this many bytes together leave room for two blocks on a multiprocessor.
constexpr std::int64_t kStagesWanted = 108 << 10;

}  // namespace rowwise

struct BulkCopy {
  static constexpr const char* kName = "bulk_copy";
  static constexpr const char* kSummary = "parts of rows by bulk asynchronous copies, one or two rows ahead";
  static constexpr const char* kLoss = "softmax_cross_entropy";
  static constexpr Order kOrder = Order::run_to_run;
  static constexpr bool kProduction = true;
  static constexpr bool kRich = true;

  static double sum_ulps(std::int64_t length, DType element) { return rowwise::vector_ulps(length, kBlockThreads, element) + 5; }

  struct Stages {
    unsigned cluster = 0;  ///< 0: nothing holds two parts
    int count = 0;
    std::int64_t bytes = 0;
  };

  template <class T>
  static std::int64_t part_bytes(const Problem& problem, unsigned size) { return Cluster::part_bytes<T>(problem, size); }

  /// The smallest cluster whose three stages leave room for two blocks a multiprocessor; else the first that holds two stages.
  template <class T>
  static Stages stages(const Problem& problem) {
    for (unsigned size = 1; size <= 8; size *= 2)
      if (const std::int64_t bytes = 3 * part_bytes<T>(problem, size); bytes <= rowwise::kStagesWanted) return {size, 3, bytes};
    for (const unsigned size : {8u, 16u}) {
      if (size == 16 && (simt::device().max_cluster < 16 || Cluster::largest<T>(problem) < 16)) break;
      for (const int count : {3, 2})
        if (const std::int64_t bytes = count * part_bytes<T>(problem, size); bytes <= rowwise::shared_budget()) return {size, count, bytes};
    }
    return {};
  }

  template <class T>
  static std::string rejects(const Problem& problem) {
    if (std::string reason = rowwise::rejects_strided_classes(problem, kName); !reason.empty()) return reason;
    if (std::string reason = rowwise::rejects_without_clusters(kName); !reason.empty()) return reason;
    if (stages<T>(problem).cluster > 0) return {};
    return std::string(kName) + ": two stages of a row of 'logits' take " + std::to_string(2 * part_bytes<T>(problem, 16)) +
           " bytes of shared memory in each of 16 blocks; a block has " + std::to_string(rowwise::shared_budget()) + " here";
  }

  template <class T, Pass kPass>
  static rowwise::RowPlan plan(const Problem& problem) {
    const Array& logits = problem.inputs.front().array;
    const Stages how = stages<T>(problem);
    rowwise::RowPlan plan;
    plan.cluster = how.cluster;
    plan.stages = how.count;
    plan.slice = rowwise::slice_of<T>(logits.shape[1], int(how.cluster));
    plan.shared_bytes = std::size_t(how.bytes);
    plan.blocks = plan.readers = rowwise::cluster_blocks(rowwise::row_count(logits), how.cluster, how.bytes <= rowwise::kStagesWanted ? 2 : 1);
    return plan;
  }

  template <class T, Pass kPass, bool kWantsRich>
  static auto main() { return rowwise::bulk_copy_kernel<T, kPass, kWantsRich>; }

  template <class T, Pass kPass>
  struct Run : rowwise::SoftmaxRun<BulkCopy, T, kPass> {};
};

}  // namespace lossbench::inline SIMT_BUILD
