// The k-th greatest of many candidates by one block, digit by digit from the top, ties by lower index. No sort, nothing is moved.
#pragma once

#include "kernels/detection/ssd_arguments.h"
#include "kernels/primitives/warp_reduce.h"

namespace lossbench::inline SIMT_BUILD::detection {

constexpr int kSelectThreads = 1024;
constexpr int kDigitBits = 11, kBins = 1 << kDigitBits;

/// Shared memory of a selection.
struct SelectShared {
  unsigned bins[kBins];
  unsigned warps[kSelectThreads / kWarp];
  unsigned digit, above, inside;
};

/// The digit that the `wanted`-th greatest candidate has (wanted >= 1, at most all), with how many candidates have a greater one
/// and how many have it: from counts of each digit in shared.bins, to all threads through `shared`. Barriers before and after
/// are in here.
__device__ inline void find_digit(SelectShared& shared, unsigned wanted) {
  constexpr int kPerThread = kBins / kSelectThreads;
  const int lane = int(threadIdx.x) % kWarp, warp = int(threadIdx.x) / kWarp;
  __syncthreads();
  unsigned own = 0;  // greatest digits first: thread 0 has the last bins
#pragma unroll
  for (int k = 0; k < kPerThread; ++k) own += shared.bins[kBins - 1 - (int(threadIdx.x) * kPerThread + k)];
  unsigned running = own;
#pragma unroll
  for (int offset = 1; offset < kWarp; offset *= 2) {
    const unsigned other = __shfl_up_sync(kWholeWarp, running, unsigned(offset));
    if (lane >= offset) running += other;
  }
  if (lane == kWarp - 1) shared.warps[warp] = running;
  __syncthreads();
  for (int w = 0; w < warp; ++w) running += shared.warps[w];
  unsigned above = running - own;
  if (above < wanted && wanted <= running) {
#pragma unroll
    for (int k = 0; k < kPerThread; ++k) {
      const int digit = kBins - 1 - (int(threadIdx.x) * kPerThread + k);
      const unsigned inside = shared.bins[digit];
      if (above < wanted && wanted <= above + inside) shared.digit = unsigned(digit), shared.above = above, shared.inside = inside;
      above += inside;
    }
  }
  __syncthreads();
}

__device__ inline void clear_bins(SelectShared& shared) {
  for (int b = int(threadIdx.x); b < kBins; b += kSelectThreads) shared.bins[b] = 0;
  __syncthreads();
}

/// What is known of the bound while its digits are found: those above `low` are.
struct KnownDigits {
  unsigned long long value;
  int low;
  __device__ bool match(unsigned long long other) const { return low >= 64 || (other >> low) == (value >> low); }
};

/// One digit more. each(body) calls body(number) for this thread's candidates. Returns true where every candidate with the
/// digits known so far is wanted.
template <class Each>
__device__ bool next_digit(SelectShared& shared, KnownDigits& known, unsigned& wanted, Each each) {
  const int low = known.low > kDigitBits ? known.low - kDigitBits : 0;
  clear_bins(shared);
  each([&](unsigned long long number) {
    if (known.match(number)) atomicAdd(&shared.bins[(number >> low) & (kBins - 1) & ((1ull << (known.low - low)) - 1)], 1u);
  });
  find_digit(shared, wanted);
  known.value |= static_cast<unsigned long long>(shared.digit) << low;
  known.low = low;
  wanted -= shared.above;
  const bool whole = wanted == shared.inside;
  __syncthreads();  // before the bins are cleared again
  return whole;
}

/// Bound of the `wanted` greatest candidates out of more. each(body) calls body(key, index) for this thread's candidates, always
/// the same ones; `known` holds digits that all of them share. Indices are below `indices`.
template <class Each>
__device__ RankBound radix_select(SelectShared& shared, KnownDigits known, unsigned wanted, std::int64_t indices, Each each) {
  while (known.low > 0)
    if (next_digit(shared, known, wanted, [&](auto body) { each([&](unsigned long long key, std::int64_t) { body(key); }); }))
      return known.value > 0 ? RankBound{known.value - 1, -1} : RankBound::everything();
  // Of equal keys the lower indices: the greater complements.
  const auto complement = [&](std::int64_t index) { return static_cast<unsigned long long>(indices - 1 - index); };
  KnownDigits place{0, 64 - __clzll(static_cast<long long>(indices))};
  while (place.low > 0) {
    const bool whole = next_digit(shared, place, wanted, [&](auto body) {
      each([&](unsigned long long key, std::int64_t index) {
        if (key == known.value) body(complement(index));
      });
    });
    if (whole) break;
  }
  return {known.value, indices - 1 - static_cast<std::int64_t>(place.value)};
}

}  // namespace lossbench::inline SIMT_BUILD::detection
