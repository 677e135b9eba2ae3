// Reductions over the lanes of a warp.
#pragma once

#include <cstdint>
#include <type_traits>

#include "simt/simt.h"

namespace lossbench::inline SIMT_BUILD {

constexpr int kWarp = 32;
constexpr unsigned kWholeWarp = 0xffffffffu;

struct Plus {
  template <class T>
  SIMT_FN T operator()(const T& a, const T& b) const { return a + b; }
};

/// For numbers that are not NaN.
struct Maximum {
  template <class T>
  SIMT_FN T operator()(const T& a, const T& b) const { return a < b ? b : a; }
};

namespace detail {

/// A value as words a shuffle can carry: 8 bytes each where the size allows (one call; two instructions on the GPU), else 4.
template <class T>
struct Words {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) % 4 == 0 && sizeof(T) <= 16, "warp operations carry 4, 8, 12 or 16 bytes");
  using Word = std::conditional_t<sizeof(T) % 8 == 0, unsigned long long, unsigned>;
  static constexpr int kCount = int(sizeof(T) / sizeof(Word));
  Word word[kCount];
};

}  // namespace detail

/// `value` of the lane whose number differs in the bits of `lane_mask`. All 32 lanes call it.
template <class T>
__device__ __forceinline__ T warp_exchange(T value, int lane_mask) {
  detail::Words<T> words;
  __builtin_memcpy(&words, &value, sizeof value);
#pragma unroll
  for (int k = 0; k < detail::Words<T>::kCount; ++k) words.word[k] = __shfl_xor_sync(kWholeWarp, words.word[k], lane_mask);
  __builtin_memcpy(&value, &words, sizeof value);
  return value;
}

/// `value` of lane `source`, in all lanes. All 32 lanes call it.
template <class T>
__device__ __forceinline__ T warp_broadcast(T value, int source) {
  detail::Words<T> words;
  __builtin_memcpy(&words, &value, sizeof value);
#pragma unroll
  for (int k = 0; k < detail::Words<T>::kCount; ++k) words.word[k] = __shfl_sync(kWholeWarp, words.word[k], source);
  __builtin_memcpy(&value, &words, sizeof value);
  return value;
}

/// Joins the values of each group of kLanes neighbouring lanes (a power of two) by `T op(T lower, T upper)`. Every lane holds
/// the result of its group, the same to the last bit: the order is a fixed binary tree with the lower lane on the left, so
/// `op` need not commute. log2(kLanes) exchanges. Needs all 32 lanes of the warp; a lane without data brings the identity.
template <int kLanes = kWarp, class T, class Op>
__device__ __forceinline__ T warp_reduce(T value, Op op) {
  static_assert(kLanes >= 1 && kLanes <= kWarp && (kLanes & (kLanes - 1)) == 0);
#pragma unroll
  for (int offset = 1; offset < kLanes; offset *= 2) {
    const T other = warp_exchange(value, offset);
    value = (threadIdx.x & unsigned(offset)) != 0 ? op(other, value) : op(value, other);
  }
  return value;
}

}  // namespace lossbench::inline SIMT_BUILD
