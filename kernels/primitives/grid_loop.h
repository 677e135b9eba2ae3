// Dealing elements to the threads of a grid.
#pragma once

#include <cstdint>

#include "simt/simt.h"

namespace lossbench::inline SIMT_BUILD {

constexpr int kBlockThreads = 256;

/// Blocks of a grid-stride kernel of kBlockThreads threads, each with `per_thread` elements at a time: enough for `count`
/// elements, at most eight a multiprocessor (2048 threads, a full one), at least one.
inline unsigned grid_blocks(std::int64_t count, int per_thread) {
  const std::int64_t full = std::int64_t(simt::device().sm_count) * 8;
  const std::int64_t needed = (count + std::int64_t(kBlockThreads) * per_thread - 1) / (std::int64_t(kBlockThreads) * per_thread);
  return unsigned(needed < 1 ? 1 : needed < full ? needed : full);
}

__device__ __forceinline__ std::int64_t grid_thread() { return std::int64_t(blockIdx.x) * blockDim.x + threadIdx.x; }
__device__ __forceinline__ std::int64_t grid_threads() { return std::int64_t(gridDim.x) * blockDim.x; }

/// Calls body(index) once for every index below `count`, neighbouring threads on neighbouring elements.
template <class Body>
__device__ __forceinline__ void grid_elements(std::int64_t count, Body body) {
  for (std::int64_t index = grid_thread(); index < count; index += grid_threads()) body(index);
}

/// The same with vectors: vector_body(index) for each run of kWidth elements that starts on a 16-byte boundary, and
/// element_body(index) for the `head` elements before the first boundary and the tail after the last run. With `vectors_fit`
/// false every element is a matter for element_body.
template <int kWidth, class VectorBody, class ElementBody>
__device__ __forceinline__ void grid_vectors(std::int64_t count, std::int64_t head, bool vectors_fit, VectorBody vector_body,
                                             ElementBody element_body) {
  if (head > count) head = count;
  const std::int64_t vectors = vectors_fit ? (count - head) / kWidth : 0;
  const std::int64_t rest = count - vectors * kWidth;
  for (std::int64_t i = grid_thread(); i < rest; i += grid_threads()) element_body(i < head ? i : i + vectors * kWidth);
#pragma unroll(kWidth == 4 ? 2 : 1)  // 64 bytes in flight a thread, for two operands of f32; more, or two doubles twice, only costs registers
  for (std::int64_t vector = grid_thread(); vector < vectors; vector += grid_threads()) vector_body(head + vector * kWidth);
}

}  // namespace lossbench::inline SIMT_BUILD
