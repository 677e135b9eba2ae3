// The third kernel of ssd_multibox: gradients. What was not kept gets zeros, which need no reading.
#pragma once

#include "kernels/detection/rcnn_arguments.h"
#include "kernels/detection/ssd_arguments.h"
#include "kernels/detection/warp_row.h"
#include "kernels/primitives/grid_loop.h"

namespace lossbench::inline SIMT_BUILD::detection {

/// Zeros for `count` elements from `first` on, but for those of rows of `width` elements that are kept.
template <class T>
__device__ void block_zeros(simt::Global<T> array, std::int64_t first, int count, int width, const bool* shared_kept) {
  constexpr int kWidth = kVectorWidth<T>;
  const simt::Global<T> part = array.offset(first);
  const int phase = part.misalignment(), head = phase < count ? phase : count, vectors = (count - head) / kWidth;
  const T zero = narrow<T>(Arithmetic<T>(0));
  for (int n = int(threadIdx.x); n < count - vectors * kWidth; n += kBlockThreads) {
    const int at = n < head ? n : n + vectors * kWidth;
    if (!shared_kept[at / width]) simt::store<simt::Cache::streaming>(part, at, zero);
  }
  simt::Vec<T, kWidth> zeros;
#pragma unroll
  for (int e = 0; e < kWidth; ++e) zeros[e] = zero;
  for (int n = int(threadIdx.x); n < vectors; n += kBlockThreads) {
    const int at = head + n * kWidth, from = at / width, to = (at + kWidth - 1) / width;
    bool all = true, none = true;
    for (int row = from; row <= to; ++row) shared_kept[row] ? all = false : none = false;
    if (all) simt::store<simt::Cache::streaming>(part, at, zeros);
    if (all || none) continue;
#pragma unroll
    for (int e = 0; e < kWidth; ++e)
      if (!shared_kept[(at + e) / width]) simt::store<simt::Cache::streaming>(part, at + e, zero);
  }
}

/// 256 priors of one image a block. Moves: labels and keys once, scores and boxes of what is kept once, gradients out once.
template <class T>
__global__ void __launch_bounds__(kBlockThreads) multibox_gradient_kernel(MultiboxArguments<T> arguments) {
  using Real = Arithmetic<T>;
  SIMT_SHARED(bool, shared_kept, [kBlockThreads]);
  SIMT_SHARED(int, shared_labels, [kBlockThreads]);
  const std::int64_t tiles = (arguments.priors + kBlockThreads - 1) / kBlockThreads;
  const std::int64_t image = blockIdx.x / tiles, first_row = blockIdx.x % tiles * kBlockThreads, first = image * arguments.priors + first_row;
  const std::int64_t left = arguments.priors - first_row;
  const int rows = left < kBlockThreads ? int(left) : kBlockThreads, own = int(threadIdx.x);
  const auto divisor = simt::load<simt::Cache::l2>(arguments.divisor, 0);
  const double upstream = arguments.upstream ? double(simt::load(arguments.upstream, 0)) : 1.0;
  const double scale = divisor == 0 ? 0 : upstream / divisor;

  if (own < rows) {
    const std::int64_t prior = first + own;
    const int label = arguments.label(prior);
    bool kept = label > 0;
    if (label == 0) {
      const std::int64_t at = arguments.form.by_batch ? 0 : image;
      const auto bound = simt::load<2, simt::Cache::l2>(arguments.bounds, 2 * at);
      kept = RankBound{bound[0], static_cast<std::int64_t>(bound[1])}.keeps(simt::load(arguments.keys, prior),
                                                                           arguments.form.by_batch ? prior : first_row + own);
    }
    shared_kept[own] = kept && divisor != 0;
    shared_labels[own] = label;
    if (arguments.box_gradient) {
      Real slope[4] = {0, 0, 0, 0};
      if (label > 0 && divisor != 0) {
        Real box[4], target[4];
        load_quad(arguments.boxes, 4 * prior, arguments.boxes_aligned, box);
        load_quad(arguments.targets, 4 * prior, arguments.boxes_aligned, target);
#pragma unroll
        for (int k = 0; k < 4; ++k) slope[k] = Real(scale * arguments.form.alpha) * arguments.smooth.gradient(box[k], target[k]);
      }
      store_quad(arguments.box_gradient, 4 * prior, arguments.boxes_aligned, slope);
    }
  }
  if (!arguments.score_gradient) return;
  __syncthreads();
  block_zeros(arguments.score_gradient, first * arguments.classes, rows * arguments.classes, arguments.classes, shared_kept);
  for (int row = own / kWarp; row < rows; row += kBlockThreads / kWarp) {
    if (!shared_kept[row]) continue;
    const std::int64_t at = (first + row) * arguments.classes;
    const WarpRow<T> scores(arguments.scores.offset(at), arguments.classes);
    const CrossEntropySlope<Real> slope(scores.sums(shared_labels[row]), shared_labels[row], scale);
    scores.each([&](int c, Real x) { simt::store<simt::Cache::streaming>(arguments.score_gradient, at + c, narrow<T>(slope(c, x))); });
  }
}

}  // namespace lossbench::inline SIMT_BUILD::detection
