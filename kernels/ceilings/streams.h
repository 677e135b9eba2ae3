// What memory can do: kernels that only move bytes, in the shapes of the losses' traffic. They compute nothing, so that no loss of the
// same shape can be faster, and are as plain as the fastest kernels here: 16-byte accesses, neighbouring threads side by side.
//
//   Moves    kReads arrays in, one out where kWrites. Four loads of each array in flight a thread: 64 bytes, 128 with two arrays.
//   Needs    arrays that start on 16 bytes, of a multiple of 16 bytes.
//   Order    xor, which has none.
#pragma once

#include <cstdint>

#include "kernels/primitives/grid_loop.h"
#include "simt/simt.h"

namespace lossbench::inline SIMT_BUILD {

inline constexpr int kStreamUnroll = 4;

/// The xor of a thread's share of the words goes to `sink` only where it equals `never`, which the caller makes sure it does not often
/// do: enough for the loads to be needed.
template <int kReads, bool kWrites>
__global__ void __launch_bounds__(kBlockThreads)
stream_kernel(simt::Global<const unsigned> first, simt::Global<const unsigned> second, simt::Global<unsigned> out, std::int64_t vectors,
              unsigned never, simt::Global<unsigned> sink) {
  using Vector = simt::Vec<unsigned, 4>;
  unsigned seen = 0;
  const auto move = [&](std::int64_t vector, Vector words, Vector others) {
#pragma unroll
    for (int w = 0; w < 4; ++w) words[w] = kReads == 2 ? words[w] ^ others[w] : words[w];
    if constexpr (kWrites) simt::store(out, 4 * vector, words);
    else seen ^= words[0] ^ words[1] ^ words[2] ^ words[3];
  };
  const auto second_at = [&](std::int64_t vector) {
    if constexpr (kReads == 2) return simt::load<4>(second, 4 * vector);
    else return Vector{};
  };
  const std::int64_t stride = grid_threads();
  std::int64_t vector = grid_thread();
  for (; vector + (kStreamUnroll - 1) * stride < vectors; vector += kStreamUnroll * stride) {
    Vector words[kStreamUnroll], others[kStreamUnroll];
#pragma unroll
    for (int u = 0; u < kStreamUnroll; ++u) {
      words[u] = simt::load<4>(first, 4 * (vector + u * stride));
      others[u] = second_at(vector + u * stride);
    }
#pragma unroll
    for (int u = 0; u < kStreamUnroll; ++u) move(vector + u * stride, words[u], others[u]);
  }
  for (; vector < vectors; vector += stride) move(vector, simt::load<4>(first, 4 * vector), second_at(vector));
  if constexpr (!kWrites)
    if (seen == never) simt::store(sink, 0, seen);
}

__global__ void empty_kernel() {}

/// Enqueues one pass over arrays of `bytes` bytes each. `second` is read where `reads` is 2, `out` written where `writes`; `sink` has
/// room for one word.
inline void launch_stream(int reads, bool writes, const void* first, const void* second, void* out, std::int64_t bytes, void* sink,
                          void* stream) {
  const std::int64_t words = bytes / 4, vectors = words / 4;
  const auto pass = [&](auto kernel) {
    simt::launch({.kernel = "stream", .grid = grid_blocks(vectors, kStreamUnroll), .block = kBlockThreads, .stream = stream}, kernel,
                 simt::global(static_cast<const unsigned*>(first), words, "first"),
                 simt::global(static_cast<const unsigned*>(second), reads == 2 ? words : 0, "second"),
                 simt::global(static_cast<unsigned*>(out), writes ? words : 0, "out"), vectors, 0x9e3779b9u,
                 simt::global(static_cast<unsigned*>(sink), 1, "sink"));
  };
  if (reads == 1) writes ? pass(stream_kernel<1, true>) : pass(stream_kernel<1, false>);
  else writes ? pass(stream_kernel<2, true>) : pass(stream_kernel<2, false>);
}

inline void launch_empty(void* stream) { simt::launch({.kernel = "empty", .grid = 1, .block = 32, .stream = stream}, empty_kernel); }

}  // namespace lossbench::inline SIMT_BUILD
