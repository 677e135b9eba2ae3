// Variant `shared_row`. Builds on `vectorized_online`; changes one thing: the row stays in shared memory, and the gradient is made
// from there.
//
//   Why      value and gradient together need a row twice, and a row of a large vocabulary does not wait in the caches: at 128256
//            classes of bf16 the rows in flight are twice the L2. What was read once is kept by the thread that read it, so the
//            second look costs neither memory traffic nor a barrier.
//   Moves    logits: 1 read; with the gradient 1 read + 1 write, where every step before has 2 reads + 1 write.
//   Needs    256 threads a block; shared memory for a row and 64 bytes: up to 223 KB of it (114000 classes of bf16, 57000 of f32);
//            neighbouring classes, any alignment, padded rows. Every option, and a floor under every class costs no read.
//   Order    as three_pass.
//   Error    as vectorized_online.
//   Holds    as vectorized_online for rows of up to 54 KB (where that holds 3 blocks: 72 KB), 1 block beyond 110 KB.
#pragma once

#include "kernels/rowwise/vectorized_online.h"

namespace lossbench::inline SIMT_BUILD {

namespace rowwise {

template <class T>
struct KeptRows {
  T* shared_row;

  template <class Team>
  __device__ void begin(const SoftmaxArguments<T>&, Team&) {}
  template <class Team>
  __device__ KeptSource<T> open(const SoftmaxArguments<T>& arguments, Team& team, std::int64_t row) {
    return KeptSource<T>(arguments, shared_row, row, team.rank(), Team::kSize, team.part(), team.parts());
  }
  template <class Team>
  __device__ void reduced(const SoftmaxArguments<T>&, Team&) {}
};

template <class T, Pass kPass, bool kRich>
__global__ void __launch_bounds__(kBlockThreads, (kVectorBlocks<T, kPass, kRich>)) shared_row_kernel(SoftmaxArguments<T> arguments) {
  using Shared = BlockShared<RealOf<T>>;
  SIMT_SHARED(Shared, shared);
  softmax_rows<SumsInOnePass<kRich, true>, kPass>(arguments, BlockTeam<RealOf<T>>(shared), KeptRows<T>{simt::dynamic_shared<T>()});
}

/// Bytes of one slice in shared memory, a multiple of 16.
template <class T>
std::int64_t kept_bytes(std::int64_t slice) { return (slice + kSector<T>) * std::int64_t(sizeof(T)); }

}  // namespace rowwise

struct SharedRow {
  static constexpr const char* kName = "shared_row";
  static constexpr const char* kSummary = "the row stays in shared memory: value and gradient for one read and one write";
  static constexpr const char* kLoss = "softmax_cross_entropy";
  static constexpr Order kOrder = Order::run_to_run;
  static constexpr bool kProduction = true;
  static constexpr bool kRich = true;

  static double sum_ulps(std::int64_t length, DType element) { return rowwise::vector_ulps(length, kBlockThreads, element); }

  template <class T>
  static std::int64_t row_bytes(const Problem& problem) {
    return rowwise::kept_bytes<T>(rowwise::slice_of<T>(problem.inputs.front().array.shape[1], 1));
  }

  template <class T>
  static std::string rejects(const Problem& problem) {
    if (std::string reason = rowwise::rejects_strided_classes(problem, kName); !reason.empty()) return reason;
    const std::int64_t bytes = row_bytes<T>(problem), most = rowwise::shared_budget();
    if (bytes <= most) return {};
    return std::string(kName) + ": a row of 'logits' takes " + std::to_string(bytes) + " bytes of shared memory; a block has " +
           std::to_string(most) + " here";
  }

  template <class T, Pass kPass>
  static rowwise::RowPlan plan(const Problem& problem) {
    rowwise::RowPlan plan = rowwise::PlainPlan<1>::plan<T, kPass>(problem);
    plan.shared_bytes = std::size_t(row_bytes<T>(problem));
    return plan;
  }

  template <class T, Pass kPass, bool kWantsRich>
  static auto main() { return rowwise::shared_row_kernel<T, kPass, kWantsRich>; }

  template <class T, Pass kPass>
  struct Run : rowwise::SoftmaxRun<SharedRow, T, kPass> {};
};

}  // namespace lossbench::inline SIMT_BUILD
