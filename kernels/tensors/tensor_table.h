// Many tensors in one launch: where each lies, and how their elements are dealt to blocks.
#pragma once

#include <cstdint>

#include "kernels/losses/math.h"
#include "kernels/pointwise/arguments.h"
#include "kernels/primitives/accumulators.h"
#include "kernels/primitives/grid_reduce.h"

namespace lossbench::inline SIMT_BUILD::tensors {

/// Tensors of one launch: as many as fit the parameters of a kernel with room to spare (32 bytes each of 32 KiB).
constexpr int kMostTensors = 256;

/// Elements that a block takes at a time, from one tensor. A multiple of every vector, so that all chunks of a tensor are equally
/// aligned; 16 bytes a thread four times over in f32.
constexpr std::int64_t kChunk = 4096;

template <class T>
struct TensorEntry {
  simt::Global<const T> values;
  simt::Global<T> gradient;       ///< or null
  std::int64_t count;
  std::int64_t first_chunk;       ///< chunks of the tensors before it
};

template <class T>
struct TensorTable {
  TensorEntry<T> tensors[kMostTensors];
  int count = 0;
  std::int64_t chunks = 0;

  /// The tensor that a chunk belongs to. Empty tensors have none.
  __device__ int find(std::int64_t chunk) const {
    int low = 0, high = count - 1;
    while (low < high) {
      const int middle = (low + high + 1) / 2;
      if (tensors[middle].first_chunk <= chunk) low = middle;
      else high = middle - 1;
    }
    return low;
  }
};

/// l2: scale·Σ w² with derivative slope·w; l1: scale·Σ|w| with derivative slope·sign(w).
struct Penalty {
  bool l1 = false;
  double scale = 0.5, slope = 1;
};

/// Where the results go. With an empirical loss the sum of both is the loss, and the penalty is told apart.
template <class T>
struct RiskOutputs {
  simt::Global<Reduced<T>> loss;
  simt::Global<Reduced<T>> regularizer;          ///< or null
  simt::Global<const Reduced<T>> empirical;      ///< or null
};

/// Partial sums of all launches of a call: block b of this one writes number first + b; the launch that finishes adds up all.
struct PartialSums {
  simt::Global<WideSum> sums;
  simt::Global<unsigned> ticket;
  std::int64_t first = 0, all = 0;
  bool finishes = true;
};

template <int kCount, Pass kPass, class T>
__device__ __forceinline__ void penalize(const TensorEntry<T>& tensor, const Penalty& penalty, std::int64_t index, Arithmetic<T> slope,
                                         WideSum& sum) {
  const auto vector = simt::load<kCount, simt::Cache::streaming>(tensor.values, index);
  simt::Vec<T, kCount> gradient;
#pragma unroll
  for (int e = 0; e < kCount; ++e) {
    const Arithmetic<T> w = widen(vector[e]);
    sum.add(penalty.l1 ? double(math::abs(w)) : double(w) * double(w));  // squares of floats fit a double
    if constexpr (kPass == Pass::gradient) gradient[e] = narrow<T>(slope * (penalty.l1 ? math::sign(w) : w));
  }
  if constexpr (kPass == Pass::gradient)
    if (tensor.gradient) simt::store<simt::Cache::streaming>(tensor.gradient, index, gradient);
}

/// Order: chunks go to blocks in turn, partial sums are added in the order of their numbers, whichever block finishes last.
template <class T, Pass kPass>
__global__ void __launch_bounds__(kBlockThreads)
penalty_kernel(TensorTable<T> table, Penalty penalty, simt::Global<const Reduced<T>> upstream, PartialSums partials, RiskOutputs<T> outputs) {
  constexpr int kWidth = kVectorWidth<T>;
  SIMT_SHARED(WideSum, shared, [kBlockThreads / 32]);
  SIMT_SHARED(bool, is_last);
  WideSum sum{};
  const Arithmetic<T> slope = Arithmetic<T>(penalty.slope * (kPass == Pass::gradient && upstream ? double(simt::load(upstream, 0)) : 1.0));
  for (std::int64_t chunk = blockIdx.x; chunk < table.chunks; chunk += gridDim.x) {
    const TensorEntry<T>& tensor = table.tensors[table.find(chunk)];
    const std::int64_t begin = (chunk - tensor.first_chunk) * kChunk;
    const std::int64_t count = tensor.count - begin < kChunk ? tensor.count - begin : kChunk;
    std::int64_t head = tensor.values.misalignment();
    const bool in_phase = !tensor.gradient || tensor.gradient.misalignment() == head;
    head = head < count ? head : count;
    const std::int64_t vectors = in_phase ? (count - head) / kWidth : 0, rest = count - vectors * kWidth;
    for (std::int64_t i = threadIdx.x; i < rest; i += kBlockThreads)
      penalize<1, kPass>(tensor, penalty, begin + (i < head ? i : i + vectors * kWidth), slope, sum);
    for (std::int64_t v = threadIdx.x; v < vectors; v += kBlockThreads)
      penalize<kWidth, kPass>(tensor, penalty, begin + head + v * kWidth, slope, sum);
  }

  sum = block_sum(sum, shared);
  if (threadIdx.x == 0) {
    simt::store(partials.sums, partials.first + blockIdx.x, sum);
    __threadfence();  // the partial sum is visible before the ticket says so
    is_last = simt::atomic_inc(partials.ticket, 0, gridDim.x - 1) == gridDim.x - 1;
  }
  __syncthreads();
  if (!is_last || !partials.finishes) return;
  __threadfence();
  sum = block_sum_of<WideSum>(partials.sums, partials.all, shared);
  if (threadIdx.x != 0) return;
  const double regularizer = penalty.scale * sum.result();
  const double empirical = outputs.empirical ? double(simt::load<simt::Cache::l2>(outputs.empirical, 0)) : 0.0;
  if (outputs.regularizer) simt::store(outputs.regularizer, 0, Reduced<T>(regularizer));
  if (outputs.loss) simt::store(outputs.loss, 0, Reduced<T>(empirical + regularizer));
}

}  // namespace lossbench::inline SIMT_BUILD::tensors
