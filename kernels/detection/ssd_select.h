// The second kernel of ssd_multibox: chooses the hard negatives and adds up the losses of all that is kept.
//
// Mining in each image: a block an image. Mining over the batch: the leading digit of the bound is known from the histogram; the
// blocks share the keys, keep those above that digit, and leave those that have it to the block that finishes last.
#pragma once

#include "kernels/detection/radix_select.h"
#include "kernels/detection/rcnn_arguments.h"
#include "kernels/primitives/block_reduce.h"
#include "kernels/primitives/last_block.h"

namespace lossbench::inline SIMT_BUILD::detection {

/// Sums over a block's part of the batch.
struct KeptSums {
  double scores, boxes, positives;
};

struct SelectScratch {
  SelectShared select;
  SumPair losses[kSelectThreads / kWarp];
  SumPair counts[kSelectThreads / kWarp];
  double kept[kSelectThreads / kWarp];
  SumPair finals[kSelectThreads / kWarp];
  double positives[kSelectThreads / kWarp];
  RankBound bound;
};

/// Losses and counts of the tiles first … first+count-1, in all threads.
template <class T>
__device__ void add_tiles(const MultiboxArguments<T>& arguments, SelectScratch& shared, std::int64_t first, std::int64_t count, SumPair& losses,
                          SumPair& counts) {
  losses = counts = {0, 0};
  for (std::int64_t tile = first + threadIdx.x; tile < first + count; tile += kSelectThreads) {
    const auto loss = simt::load<2, simt::Cache::l2>(arguments.tile_sums, 4 * tile);
    const auto number = simt::load<2, simt::Cache::l2>(arguments.tile_sums, 4 * tile + 2);
    losses = losses + SumPair{loss[0], loss[1]};
    counts = counts + SumPair{number[0], number[1]};
  }
  losses = block_reduce_all<kSelectThreads>(losses, Plus{}, SumPair{0, 0}, shared.losses);
  counts = block_reduce_all<kSelectThreads>(counts, Plus{}, SumPair{0, 0}, shared.counts);
}

/// Marks the prior, and returns the loss that it adds.
template <class T>
__device__ __forceinline__ double keep(const MultiboxArguments<T>& arguments, std::int64_t prior, typename MultiboxArguments<T>::Key key, bool kept) {
  if (arguments.mask) simt::store(arguments.mask, prior, kept ? 1 : 0);
  return kept ? double(RankKey<Arithmetic<T>>::loss(key)) : 0.0;
}

template <class T>
__device__ void store_bound(const MultiboxArguments<T>& arguments, std::int64_t at, RankBound bound) {
  if (arguments.bounds)
    simt::store(arguments.bounds, 2 * at, simt::Vec<unsigned long long, 2>{{bound.key, static_cast<unsigned long long>(bound.index)}});
}

/// The last block: sums of all blocks, in order, then the losses and the divisor that gradients need.
template <class T>
__device__ void finish_multibox(const MultiboxArguments<T>& arguments, SelectScratch& shared, KeptSums more) {
  SumPair losses{0, 0};
  double positives = 0;
  for (unsigned b = threadIdx.x; b < arguments.select_blocks; b += kSelectThreads) {
    losses = losses + SumPair{simt::load<simt::Cache::l2>(arguments.sums, 3 * std::int64_t(b)),
                              simt::load<simt::Cache::l2>(arguments.sums, 3 * std::int64_t(b) + 1)};
    positives += simt::load<simt::Cache::l2>(arguments.sums, 3 * std::int64_t(b) + 2);
  }
  losses = block_reduce<kSelectThreads>(losses, Plus{}, SumPair{0, 0}, shared.finals);
  positives = block_reduce<kSelectThreads>(positives, Plus{}, 0.0, shared.positives);
  if (threadIdx.x != 0) return;
  losses = losses + SumPair{more.scores, more.boxes};
  positives += more.positives;
  const double divisor = arguments.form.divisor(positives), nothing = arguments.form.zero_if_empty ? 0.0 : double(NAN);
  const double conf = divisor == 0 ? nothing : losses.first / divisor, loc = divisor == 0 ? nothing : losses.second / divisor;
  if (arguments.loss) simt::store(arguments.loss, 0, Reduced<T>(conf + arguments.form.alpha * loc));
  if (arguments.loss_conf) simt::store(arguments.loss_conf, 0, Reduced<T>(conf));
  if (arguments.loss_loc) simt::store(arguments.loss_loc, 0, Reduced<T>(loc));
  if (arguments.divisor) simt::store(arguments.divisor, 0, divisor);
}

template <class T>
__device__ void store_sums(const MultiboxArguments<T>& arguments, KeptSums sums) {
  simt::store(arguments.sums, 3 * std::int64_t(blockIdx.x), sums.scores);
  simt::store(arguments.sums, 3 * std::int64_t(blockIdx.x) + 1, sums.boxes);
  simt::store(arguments.sums, 3 * std::int64_t(blockIdx.x) + 2, sums.positives);
}

/// Ends a block that has found the bound of its image: what is kept, its sums, and the bound.
template <class T>
__device__ void keep_in_image(const MultiboxArguments<T>& arguments, SelectScratch& shared, std::int64_t image, const RankBound& bound,
                              const SumPair& losses, const SumPair& counts) {
  const std::int64_t first = image * arguments.priors;
  double kept = 0;
  for (std::int64_t p = threadIdx.x; p < arguments.priors; p += kSelectThreads) {
    const auto key = simt::load(arguments.keys, first + p);
    kept += keep(arguments, first + p, key, key > 0 && bound.keeps(key, p));
  }
  kept = block_reduce<kSelectThreads>(kept, Plus{}, 0.0, shared.kept);
  if (threadIdx.x == 0) {
    store_bound(arguments, image, bound);
    store_sums(arguments, {losses.first + kept, losses.second, counts.first});
  }
}

/// A block an image. Moves: the keys once for each digit that is needed, three of f32 as a rule, and once to mark what is kept; they
/// fit in the L1.
template <class T>
__global__ void __launch_bounds__(kSelectThreads) select_in_image_kernel(MultiboxArguments<T> arguments) {
  using Key = typename MultiboxArguments<T>::Key;
  SIMT_SHARED(SelectScratch, shared);
  if (arguments.images > 0) {
    const std::int64_t image = blockIdx.x, first = image * arguments.priors;
    SumPair losses, counts;
    add_tiles(arguments, shared, image * arguments.tile.per_image, arguments.tile.per_image, losses, counts);
    const std::int64_t wanted = arguments.form.wanted(counts.first, counts.second);
    const auto each = [&](auto body) {
      for (std::int64_t p = threadIdx.x; p < arguments.priors; p += kSelectThreads)
        if (const Key key = simt::load(arguments.keys, first + p); key > 0) body(key, p);
    };
    RankBound bound = RankBound::nothing();
    if (double(wanted) == counts.second) bound = wanted > 0 ? RankBound::everything() : bound;
    else if (wanted > 0) bound = radix_select(shared.select, {0, RankKey<Arithmetic<T>>::kBits}, unsigned(wanted), arguments.priors, each);
    keep_in_image(arguments, shared, image, bound, losses, counts);
  }
  if (last_block(arguments.ticket)) finish_multibox(arguments, shared, {0, 0, 0});
}

/// Positions of flagged threads among themselves, block-wide: how many flagged ones come before this thread, and how many there are.
__device__ inline int flagged_before(SelectScratch& shared, bool flag, int& total) {
  const int lane = int(threadIdx.x) % kWarp, warp = int(threadIdx.x) / kWarp;
  const unsigned votes = __ballot_sync(kWholeWarp, flag);
  __syncthreads();  // the counts of the call before have been read
  if (lane == 0) shared.select.warps[warp] = unsigned(__popc(votes));
  __syncthreads();
  int before = __popc(votes & ((1u << lane) - 1));
  total = 0;
  for (int w = 0; w < kSelectThreads / kWarp; ++w) {
    if (w < warp) before += int(shared.select.warps[w]);
    total += int(shared.select.warps[w]);
  }
  return before;
}

/// Blocks share the keys of the batch. Moves: the keys once; those with the leading digit of the bound once more for each digit.
template <class T>
__global__ void __launch_bounds__(kSelectThreads) select_in_batch_kernel(MultiboxArguments<T> arguments) {
  using Key = typename MultiboxArguments<T>::Key;
  constexpr int kLow = RankKey<Arithmetic<T>>::kBits - kDigitBits;
  SIMT_SHARED(SelectScratch, shared);
  const std::int64_t count = arguments.images * arguments.priors, first = std::int64_t(blockIdx.x) * arguments.chunk;
  const std::int64_t end = first + arguments.chunk < count ? first + arguments.chunk : count;
  SumPair losses, counts;
  add_tiles(arguments, shared, 0, arguments.images * arguments.tile.per_image, losses, counts);
  const std::int64_t wanted = arguments.form.wanted(counts.first, counts.second);
  for (int b = int(threadIdx.x); b < kBins; b += kSelectThreads) shared.select.bins[b] = simt::load<simt::Cache::l2>(arguments.histogram, b);
  find_digit(shared.select, unsigned(wanted > 0 ? wanted : 1));
  const bool any = wanted > 0;
  const unsigned digit = shared.select.digit, above = shared.select.above;
  const bool whole = any && unsigned(wanted) - above == shared.select.inside;

  double kept = 0;
  int waiting = 0;
  for (std::int64_t start = first; start < end; start += kSelectThreads) {
    const std::int64_t p = start + threadIdx.x;
    const Key key = p < end ? simt::load(arguments.keys, p) : Key(0);
    const unsigned own = unsigned(key >> kLow);
    const bool candidate = any && !whole && key > 0 && own == digit;
    if (p < end && !candidate) kept += keep(arguments, p, key, any && key > 0 && (own > digit || (whole && own == digit)));
    int total = 0;
    const int before = flagged_before(shared, candidate, total);
    if (candidate) simt::store(arguments.candidates, first + waiting + before, int(p - first));
    waiting += total;
  }
  kept = block_reduce<kSelectThreads>(kept, Plus{}, 0.0, shared.kept);
  __syncthreads();
  // The last block reads what every thread here stored; each makes its own part visible.
  __threadfence();
  if (threadIdx.x == 0) {
    simt::store(arguments.candidate_counts, blockIdx.x, waiting);
    store_sums(arguments, {kept, 0, 0});
  }
  __syncthreads();
  if (!last_block(arguments.ticket)) return;

  for (int b = int(threadIdx.x); b < kBins; b += kSelectThreads) simt::store(arguments.histogram, b, 0u);  // ready for the next call
  const int lane = int(threadIdx.x) % kWarp, warp = int(threadIdx.x) / kWarp;
  const auto each = [&](auto body) {
    for (unsigned b = unsigned(warp); b < arguments.select_blocks; b += kSelectThreads / kWarp) {
      const int many = simt::load<simt::Cache::l2>(arguments.candidate_counts, b);
      for (int j = lane; j < many; j += kWarp) {
        const std::int64_t p = b * arguments.chunk + simt::load<simt::Cache::l2>(arguments.candidates, b * arguments.chunk + j);
        body(simt::load(arguments.keys, p), p);
      }
    }
  };
  RankBound bound = RankBound::nothing();
  const unsigned long long leading = static_cast<unsigned long long>(digit) << kLow;
  if (whole) bound = leading > 0 ? RankBound{leading - 1, -1} : RankBound::everything();
  else if (any) bound = radix_select(shared.select, {leading, kLow}, unsigned(wanted) - above, count, each);
  double more = 0;
  each([&](Key key, std::int64_t p) { more += keep(arguments, p, key, bound.keeps(key, p)); });
  more = block_reduce<kSelectThreads>(more, Plus{}, 0.0, shared.kept);
  if (threadIdx.x == 0) store_bound(arguments, 0, bound);
  finish_multibox(arguments, shared, {losses.first + more, losses.second, counts.first});
}

}  // namespace lossbench::inline SIMT_BUILD::detection
