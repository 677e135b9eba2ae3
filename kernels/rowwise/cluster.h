// Variant `cluster`. Builds on `shared_row`; changes one thing: a row is spread over the blocks of a cluster.
//
//   Why      a block holds 227 KB at most, and a block alone on its multiprocessor has too few loads in flight. Eight blocks hold
//            929,000 classes of bf16 or 464,000 of f32; sixteen, where the device has such clusters, twice that. Each reduces its
//            part, and the parts meet in distributed shared memory, not in global memory.
//   Moves    as shared_row. Labels once a block, not once a row: 8 bytes beside the block's part of the row.
//   Needs    sm_90 or later; clusters of 2, 4 or 8 blocks, 16 where 8 would not hold the row (asked of the device first); otherwise
//            as shared_row. The smallest cluster is taken whose parts are at most 54 KB, so that several blocks share a multiprocessor.
//   Order    fixed for a fixed device: as three_pass within a block, then the blocks by rank.
//   Error    as vectorized_online, with a share of classes/(256·blocks) terms a thread.
//   Holds    3 blocks a multiprocessor for parts of up to 54 KB: at 64 registers, which a fourth would ask for, it spills.
#pragma once

#include "kernels/rowwise/shared_row.h"

namespace lossbench::inline SIMT_BUILD {

namespace rowwise {

template <class T, Pass kPass, bool kRich>
__global__ void __launch_bounds__(kBlockThreads, kRich ? 2 : 3) cluster_kernel(SoftmaxArguments<T> arguments) {
  if constexpr (simt::kHasClusters) {
    using Shared = BlockShared<RealOf<T>>;
    using Slots = ClusterSlots<RealOf<T>>;
    SIMT_SHARED(Shared, shared);
    SIMT_SHARED(Slots, slots);
    softmax_rows<SumsInOnePass<kRich, true>, kPass>(arguments, ClusterTeam<RealOf<T>>(shared, slots),
                                                    KeptRows<T>{simt::dynamic_shared<T>()});
  }
}

/// Parts of at most this many bytes leave room for the blocks that a multiprocessor's registers hold.
constexpr std::int64_t kPartWanted = 54 << 10;

/// Why the device cannot run clusters at all; empty if it can.
inline std::string rejects_without_clusters(const char* variant) {
  const simt::DeviceProfile& device = simt::device();
  if (device.compute_capability >= 90) return {};
  return std::string(variant) + ": clusters need compute capability 9.0 or later; this device has " +
         std::to_string(device.compute_capability / 10) + "." + std::to_string(device.compute_capability % 10);
}

/// Blocks of the grid for clusters of `size`: eight a multiprocessor, in whole clusters, not more than there are rows.
inline unsigned cluster_blocks(std::int64_t rows, unsigned size, unsigned per_multiprocessor) {
  const std::int64_t most = std::int64_t(simt::device().sm_count) * per_multiprocessor / size;
  const std::int64_t clusters = rows < most ? rows : most;
  return unsigned(clusters < 1 ? 1 : clusters) * size;
}

}  // namespace rowwise

struct Cluster {
  static constexpr const char* kName = "cluster";
  static constexpr const char* kSummary = "the row spread over the shared memory of 2 to 16 blocks";
  static constexpr const char* kLoss = "softmax_cross_entropy";
  static constexpr Order kOrder = Order::run_to_run;
  static constexpr bool kProduction = true;
  static constexpr bool kRich = true;

  static double sum_ulps(std::int64_t length, DType element) { return rowwise::vector_ulps(length, 2 * kBlockThreads, element) + 5; }

  template <class T>
  static std::int64_t part_bytes(const Problem& problem, unsigned size) {
    return rowwise::kept_bytes<T>(rowwise::slice_of<T>(problem.inputs.front().array.shape[1], int(size)));
  }

  /// The smallest cluster with parts as wanted; else the largest portable one; else 16 blocks. 0 where none holds the row.
  template <class T>
  static unsigned size(const Problem& problem) {
    for (unsigned size = 2; size <= 8; size *= 2)
      if (part_bytes<T>(problem, size) <= rowwise::kPartWanted) return size;
    if (part_bytes<T>(problem, 8) <= 2 * rowwise::kPartWanted) return 8;
    const bool asks = simt::device().max_cluster >= 16;
    if (asks && part_bytes<T>(problem, 16) <= rowwise::shared_budget() && largest<T>(problem) >= 16) return 16;
    return part_bytes<T>(problem, 8) <= rowwise::shared_budget() ? 8 : 0;
  }

  /// What the device answers for clusters with parts of a sixteenth.
  template <class T>
  static unsigned largest(const Problem& problem) {
    return simt::largest_cluster({.kernel = kName, .grid = 16, .block = kBlockThreads, .shared_bytes = std::size_t(part_bytes<T>(problem, 16))},
                                 rowwise::cluster_kernel<T, Pass::gradient, false>);
  }

  template <class T>
  static std::string rejects(const Problem& problem) {
    if (std::string reason = rowwise::rejects_strided_classes(problem, kName); !reason.empty()) return reason;
    if (std::string reason = rowwise::rejects_without_clusters(kName); !reason.empty()) return reason;
    if (size<T>(problem) > 0) return {};
    return std::string(kName) + ": a row of 'logits' takes " + std::to_string(part_bytes<T>(problem, 16)) +
           " bytes of shared memory in each of 16 blocks; a block has " + std::to_string(rowwise::shared_budget()) + " here";
  }

  template <class T, Pass kPass>
  static rowwise::RowPlan plan(const Problem& problem) {
    const Array& logits = problem.inputs.front().array;
    rowwise::RowPlan plan;
    plan.cluster = size<T>(problem);
    plan.blocks = plan.readers = rowwise::cluster_blocks(rowwise::row_count(logits), plan.cluster, 8);
    plan.slice = rowwise::slice_of<T>(logits.shape[1], int(plan.cluster));
    plan.shared_bytes = std::size_t(part_bytes<T>(problem, plan.cluster));
    return plan;
  }

  template <class T, Pass kPass, bool kWantsRich>
  static auto main() { return rowwise::cluster_kernel<T, kPass, kWantsRich>; }

  template <class T, Pass kPass>
  struct Run : rowwise::SoftmaxRun<Cluster, T, kPass> {};
};

}  // namespace lossbench::inline SIMT_BUILD
