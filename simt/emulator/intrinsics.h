// Barriers, fences and warp operations, in CUDA's own names.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "simt/emulator/execution.h"
#include "simt/emulator/numbers.h"

namespace simt::inline SIMT_BUILD {

inline void __syncthreads(SIMT_SITE) { block_barrier(Vote::none, false, site); }
inline int __syncthreads_count(int predicate, SIMT_SITE) { return block_barrier(Vote::count, predicate != 0, site); }
inline int __syncthreads_and(int predicate, SIMT_SITE) { return block_barrier(Vote::all, predicate != 0, site); }
inline int __syncthreads_or(int predicate, SIMT_SITE) { return block_barrier(Vote::any, predicate != 0, site); }
inline void __syncwarp(unsigned mask = 0xffffffffu, SIMT_SITE) { warp_op({.op = WarpOp::sync, .mask = mask}, site); }
inline void __threadfence(SIMT_SITE) { note_fence(site); }
inline void __threadfence_block(SIMT_SITE) { note_fence(site); }
inline void __nanosleep(unsigned, SIMT_SITE) { yield(site); }
inline void __trap(SIMT_SITE) { fail("__trap()", site); }

/// Any trivially copyable value of up to 8 bytes as one word.
template <class T>
inline std::uint64_t to_word(T value) {
  static_assert(sizeof(T) <= 8 && std::is_trivially_copyable_v<T>, "warp operations move up to 8 bytes");
  std::uint64_t word = 0;
  std::memcpy(&word, &value, sizeof value);
  return word;
}

/// CUDA shuffles and compares numbers; structs go member by member.
template <class T>
inline constexpr bool kIsNumber = std::is_arithmetic_v<T> || std::is_same_v<T, half> || std::is_same_v<T, bfloat16>;

template <class T>
inline T shuffle(WarpOp op, unsigned mask, T value, int argument, int width, Site site) {
  static_assert(kIsNumber<T>, "CUDA shuffles numbers only");
  const std::uint64_t word = warp_op({op, sizeof(T), mask, to_word(value), argument, width}, site);
  T result;
  std::memcpy(&result, &word, sizeof result);
  return result;
}

template <class T>
inline T __shfl_sync(unsigned mask, T value, int source, int width = 32, SIMT_SITE) {
  return shuffle(WarpOp::shuffle, mask, value, source, width, site);
}
template <class T>
inline T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32, SIMT_SITE) {
  return shuffle(WarpOp::shuffle_up, mask, value, static_cast<int>(delta), width, site);
}
template <class T>
inline T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32, SIMT_SITE) {
  return shuffle(WarpOp::shuffle_down, mask, value, static_cast<int>(delta), width, site);
}
template <class T>
inline T __shfl_xor_sync(unsigned mask, T value, int lane_mask, int width = 32, SIMT_SITE) {
  return shuffle(WarpOp::shuffle_xor, mask, value, lane_mask, width, site);
}

inline unsigned __ballot_sync(unsigned mask, int predicate, SIMT_SITE) {
  return static_cast<unsigned>(warp_op({.op = WarpOp::ballot, .mask = mask, .value = predicate != 0}, site));
}
inline int __any_sync(unsigned mask, int predicate, SIMT_SITE) {
  return static_cast<int>(warp_op({.op = WarpOp::any, .mask = mask, .value = predicate != 0}, site));
}
inline int __all_sync(unsigned mask, int predicate, SIMT_SITE) {
  return static_cast<int>(warp_op({.op = WarpOp::all, .mask = mask, .value = predicate != 0}, site));
}
template <class T>
inline unsigned __match_any_sync(unsigned mask, T value, SIMT_SITE) {
  return static_cast<unsigned>(warp_op({.op = WarpOp::match, .size = sizeof(T), .mask = mask, .value = to_word(value)}, site));
}

#define SIMT_REDUCE(name, T, operation)                                                                          \
  inline T name(unsigned mask, T value, SIMT_SITE) {                                                             \
    return static_cast<T>(warp_op({.op = WarpOp::operation, .size = 4, .mask = mask, .value = to_word(value)}, site)); \
  }
SIMT_REDUCE(__reduce_add_sync, unsigned, add)
SIMT_REDUCE(__reduce_add_sync, int, add)
SIMT_REDUCE(__reduce_min_sync, unsigned, min_unsigned)
SIMT_REDUCE(__reduce_min_sync, int, min_signed)
SIMT_REDUCE(__reduce_max_sync, unsigned, max_unsigned)
SIMT_REDUCE(__reduce_max_sync, int, max_signed)
SIMT_REDUCE(__reduce_and_sync, unsigned, bit_and)
SIMT_REDUCE(__reduce_or_sync, unsigned, bit_or)
SIMT_REDUCE(__reduce_xor_sync, unsigned, bit_xor)
#undef SIMT_REDUCE

}  // namespace simt::inline SIMT_BUILD

using simt::__all_sync;
using simt::__any_sync;
using simt::__ballot_sync;
using simt::__match_any_sync;
using simt::__nanosleep;
using simt::__reduce_add_sync;
using simt::__reduce_and_sync;
using simt::__reduce_max_sync;
using simt::__reduce_min_sync;
using simt::__reduce_or_sync;
using simt::__reduce_xor_sync;
using simt::__shfl_down_sync;
using simt::__shfl_sync;
using simt::__shfl_up_sync;
using simt::__shfl_xor_sync;
using simt::__syncthreads;
using simt::__syncthreads_and;
using simt::__syncthreads_count;
using simt::__syncthreads_or;
using simt::__syncwarp;
using simt::__threadfence;
using simt::__threadfence_block;
using simt::__trap;
