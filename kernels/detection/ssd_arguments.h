// What the kernels of ssd_multibox are given, and how priors are ranked.
#pragma once

#include <type_traits>

#include "kernels/detection/quad.h"
#include "kernels/detection/ssd_form.h"
#include "kernels/losses/smooth_l1.h"
#include "kernels/primitives/labels.h"

namespace lossbench::inline SIMT_BUILD::detection {

/// The background loss of a negative as an unsigned number that orders alike: its bits (no loss is negative), plus one, so that 0
/// is left for priors that are no candidates. NaN ranks highest.
template <class Real>
struct RankKey {
  using Type = std::conditional_t<sizeof(Real) == 8, unsigned long long, unsigned>;
  static constexpr int kBits = int(8 * sizeof(Type));
  static constexpr Type kNan = ~Type(0);

  __device__ static Type of(Real loss) { return loss != loss ? kNan : Type(bits(loss) + 1); }
  __device__ static Real loss(Type key) { return key == kNan ? Real(NAN) : from_bits(key - 1); }

 private:
  __device__ static unsigned bits(float x) { return __float_as_uint(x); }
  __device__ static unsigned long long bits(double x) { return static_cast<unsigned long long>(__double_as_longlong(x)); }
  __device__ static float from_bits(unsigned x) { return __uint_as_float(x); }
  __device__ static double from_bits(unsigned long long x) { return __longlong_as_double(static_cast<long long>(x)); }
};

/// The last candidate that is kept, in the order of the ranking: greater keys first, lower indices first among equals.
struct RankBound {
  unsigned long long key;
  std::int64_t index;

  __device__ static RankBound nothing() { return {~0ull, -1}; }
  __device__ static RankBound everything() { return {0, -1}; }
  __device__ bool keeps(unsigned long long candidate, std::int64_t at) const { return candidate > key || (candidate == key && at <= index); }
};

/// Rows of scores that a block works on at once, and how: with few classes a thread takes a row out of shared memory, where the
/// block has put the tile by full-width loads; with many, more lanes share a row; with very many a warp reads it from memory.
struct TileShape {
  int rows = 256, lanes = 1;  ///< rows·lanes = kBlockThreads
  int pitch = 1;              ///< elements between rows in shared memory: odd, so that lanes meet no bank twice
  bool staged = true;
  std::int64_t per_image = 0; ///< tiles of one image
};

template <class T>
struct MultiboxArguments {
  using Real = Arithmetic<T>;
  using Key = typename RankKey<Real>::Type;

  simt::Global<const T> scores, boxes, targets;
  Labels labels;
  std::int64_t images = 0, priors = 0;
  int classes = 0;
  bool boxes_aligned = false;
  MultiboxForm form;
  Real most_loss = INFINITY;  ///< -log prob_floor
  TileShape tile;
  losses::SmoothL1 smooth;

  simt::Global<T> score_gradient, box_gradient;
  simt::Global<std::int32_t> mask;
  simt::Global<Reduced<T>> loss, loss_conf, loss_loc;
  simt::Global<const Reduced<T>> upstream;

  simt::Global<Key> keys;               ///< one a prior
  simt::Global<double> tile_sums;       ///< of each tile: loss of positives, their box loss, positives, candidates
  simt::Global<unsigned> histogram;     ///< candidates of the batch by the leading digit of their key; zero between calls
  simt::Global<int> candidates;         ///< mining over the batch: who shares the leading digit of the bound, block by block
  simt::Global<int> candidate_counts;
  simt::Global<double> sums;            ///< of each selecting block: loss, box loss, positives
  simt::Global<unsigned long long> bounds;  ///< key and index of each image's bound, or of the batch's
  simt::Global<double> divisor;
  simt::Global<unsigned> ticket;
  unsigned select_blocks = 0;
  std::int64_t chunk = 0;               ///< keys of one selecting block, for the batch

  /// The label of a prior as a class, or -1 where it is neither positive nor negative.
  __device__ int label(std::int64_t prior) const {
    const std::int64_t given = labels[prior];
    return given >= 0 && given < classes ? int(given) : -1;
  }
  /// min(loss, -log floor), NaN for NaN.
  __device__ Real floored(double loss) const { return Real(loss) > most_loss ? most_loss : Real(loss); }
};

}  // namespace lossbench::inline SIMT_BUILD::detection
