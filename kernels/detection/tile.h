// Rows of scores in tiles: read by full-width loads into shared memory, then reduced there by one or more lanes a row.
#pragma once

#include "kernels/detection/ssd_arguments.h"
#include "kernels/primitives/grid_loop.h"
#include "kernels/primitives/log_sum_exp.h"

namespace lossbench::inline SIMT_BUILD::detection {

/// Shared memory for one tile: five blocks a multiprocessor, and no opt-in.
constexpr int kTileBytes = 44 << 10;

/// The tile for rows of `classes` numbers of `size` bytes each in shared memory.
inline TileShape tile_shape(std::int64_t classes, int size, std::int64_t priors) {
  TileShape tile;
  const std::int64_t pitch = classes | 1;
  const auto fits = [&] { return tile.rows * pitch * size <= kTileBytes; };
  while (!fits() && tile.rows > 8) tile.rows /= 2, tile.lanes *= 2;
  tile.staged = fits();
  tile.pitch = tile.staged ? int(pitch) : 1;
  tile.per_image = (priors + tile.rows - 1) / tile.rows;
  return tile;
}

inline std::size_t tile_bytes(const TileShape& tile, int size) {
  return tile.staged ? std::size_t(tile.rows) * std::size_t(tile.pitch) * std::size_t(size) : 0;
}

/// body(position, value) for `count` elements from `first` on, each once, 16 bytes at a time where they lie on a boundary.
/// Positions are relative to `first`. All threads of the block call it.
template <class T, class Body>
__device__ __forceinline__ void block_elements(simt::Global<const T> array, std::int64_t first, int count, Body body) {
  constexpr int kWidth = kVectorWidth<T>;
  const simt::Global<const T> part = array.offset(first);
  const int phase = part.misalignment(), head = phase < count ? phase : count, vectors = (count - head) / kWidth;
  for (int n = int(threadIdx.x); n < count - vectors * kWidth; n += kBlockThreads) {
    const int at = n < head ? n : n + vectors * kWidth;
    body(at, widen(simt::load<simt::Cache::streaming>(part, at)));
  }
  for (int n = int(threadIdx.x); n < vectors; n += kBlockThreads) {
    const int at = head + n * kWidth;
    const auto vector = simt::load<kWidth, simt::Cache::streaming>(part, at);
#pragma unroll
    for (int e = 0; e < kWidth; ++e) body(at + e, widen(vector[e]));
  }
}

/// Joins values of `lanes` neighbouring lanes (a power of two), as warp_reduce does. All 32 lanes call it.
template <class Value, class Op>
__device__ __forceinline__ Value team_reduce(Value value, int lanes, Op op) {
  for (int offset = 1; offset < lanes; offset *= 2) {
    const Value other = warp_exchange(value, offset);
    value = (threadIdx.x & unsigned(offset)) != 0 ? op(other, value) : op(value, other);
  }
  return value;
}

/// Maximum and exponentials of a row, of which this lane sees c = rank, rank + lanes, …; score(c) gives its scores. Four terms
/// are added in the arithmetic type, then in double. All 32 lanes call it.
template <class Real, class Score>
__device__ __forceinline__ RowSums<Real> team_row_sums(Score score, int classes, int label, int rank, int lanes) {
  RowSums<Real> row{{Real(-INFINITY), 0}, 0, {0, 0}};
  for (int c = rank; c < classes; c += lanes) {
    const Real x = score(c);
    row.peak.maximum = larger(row.peak.maximum, x);
    if (c == label) row.peak.label_logit = x;
  }
  row.peak = team_reduce(row.peak, lanes, JoinPeaks{});
  for (int c = rank; c < classes; c += 4 * lanes) {
    Real sum = 0;
#pragma unroll
    for (int k = 0; k < 4; ++k)
      if (c + k * lanes < classes && c + k * lanes != label) sum += math::exp(score(c + k * lanes) - row.peak.maximum);
    row.others += double(sum);
  }
  row.others = team_reduce(row.others, lanes, Plus{});
  return row;
}

}  // namespace lossbench::inline SIMT_BUILD::detection
