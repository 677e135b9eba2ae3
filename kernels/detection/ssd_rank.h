// The first kernel of ssd_multibox: the loss of every prior that is not left out, and the rank of every negative.
#pragma once

#include "core/problem.h"
#include "kernels/detection/rcnn_arguments.h"
#include "kernels/detection/tile.h"
#include "kernels/detection/radix_select.h"
#include "kernels/detection/warp_row.h"
#include "kernels/primitives/block_reduce.h"

namespace lossbench::inline SIMT_BUILD::detection {

/// Adds what one prior gives: a positive its losses, a negative its key. Done by the first lane of its team.
template <class T>
__device__ __forceinline__ typename MultiboxArguments<T>::Key rank_prior(const MultiboxArguments<T>& arguments, std::int64_t prior, int label,
                                                                         double loss, SumPair& losses, SumPair& counts) {
  using Real = Arithmetic<T>;
  if (label < 0) return 0;
  const Real floored = arguments.floored(loss);
  if (label == 0) {
    const auto key = RankKey<Real>::of(floored);
    counts.second += arguments.form.by_batch ? key > 1 : key > 0;  // over the batch only losses above 0 are candidates
    return key;
  }
  Real box[4], target[4];
  load_quad(arguments.boxes, 4 * prior, arguments.boxes_aligned, box);
  load_quad(arguments.targets, 4 * prior, arguments.boxes_aligned, target);
#pragma unroll
  for (int k = 0; k < 4; ++k) losses.second += double(arguments.smooth.value(box[k], target[k]));
  losses.first += double(floored);
  counts.first += 1;
  return 0;
}

/// One tile of one image a block. Moves: scores and labels once, boxes of positives once, a key out.
template <class T>
__global__ void __launch_bounds__(kBlockThreads) rank_kernel(MultiboxArguments<T> arguments) {
  using Real = Arithmetic<T>;
  SIMT_SHARED(SumPair, shared_losses, [kBlockThreads / kWarp]);
  SIMT_SHARED(SumPair, shared_counts, [kBlockThreads / kWarp]);
  SIMT_SHARED(unsigned, shared_bins, [kBins]);
  Real* const shared_tile = simt::dynamic_shared<Real>();
  const TileShape& tile = arguments.tile;
  const std::int64_t image = blockIdx.x / tile.per_image, first_row = blockIdx.x % tile.per_image * tile.rows;
  const std::int64_t left = arguments.priors - first_row, first = image * arguments.priors + first_row;
  const int rows = left < tile.rows ? int(left) : tile.rows, classes = arguments.classes;
  const int row = int(threadIdx.x) / tile.lanes, rank = int(threadIdx.x) % tile.lanes;
  const bool present = row < rows;

  if (tile.staged)
    block_elements(arguments.scores, first * classes, rows * classes, [&](int at, Real score) {
      const unsigned r = unsigned(at) / unsigned(classes), c = unsigned(at) % unsigned(classes);
      shared_tile[r * unsigned(tile.pitch) + c] = score;
    });
  if (arguments.form.by_batch)
    for (int b = int(threadIdx.x); b < kBins; b += kBlockThreads) shared_bins[b] = 0;
  __syncthreads();

  const int own_label = present && rank == 0 ? arguments.label(first + row) : -1;
  const int label = warp_broadcast(own_label, int(threadIdx.x) % kWarp - rank);
  const int width = present ? classes : 0;
  const auto scores = arguments.scores.offset((first + row) * classes);
  const RowSums<Real> sums = tile.staged
      ? team_row_sums<Real>([&](int c) { return shared_tile[row * tile.pitch + c]; }, width, label, rank, tile.lanes)
      : team_row_sums<Real>([&](int c) { return Real(widen(simt::load(scores, c))); }, width, label, rank, tile.lanes);

  SumPair losses{0, 0}, counts{0, 0};
  if (present && rank == 0) {
    const auto key = rank_prior(arguments, first + row, label, label < 0 ? 0.0 : cross_entropy(sums), losses, counts);
    simt::store(arguments.keys, first + row, key);
    if (arguments.form.by_batch && key > 0) atomicAdd(&shared_bins[key >> (RankKey<Real>::kBits - kDigitBits)], 1u);
  }
  losses = block_reduce<kBlockThreads>(losses, Plus{}, SumPair{0, 0}, shared_losses);
  counts = block_reduce<kBlockThreads>(counts, Plus{}, SumPair{0, 0}, shared_counts);
  if (threadIdx.x == 0) {
    simt::store(arguments.tile_sums, 4 * std::int64_t(blockIdx.x), simt::Vec<double, 2>{{losses.first, losses.second}});
    simt::store(arguments.tile_sums, 4 * std::int64_t(blockIdx.x) + 2, simt::Vec<double, 2>{{counts.first, counts.second}});
  }
  if (!arguments.form.by_batch) return;
  __syncthreads();
  for (int b = int(threadIdx.x); b < kBins; b += kBlockThreads)
    if (shared_bins[b] > 0) simt::atomic_add(arguments.histogram, b, shared_bins[b]);
}

}  // namespace lossbench::inline SIMT_BUILD::detection
