// What a kernel of box losses is given: pairs of boxes of four coordinates.
#pragma once

#include <cstdint>

#include "kernels/losses/iou.h"
#include "kernels/pointwise/arguments.h"
#include "kernels/primitives/accumulators.h"
#include "kernels/primitives/grid_reduce.h"

namespace lossbench::inline SIMT_BUILD::boxes {

template <class T>
struct BoxArguments {
  losses::Iou loss;
  std::int64_t count = 0;
  simt::Global<const T> pred, target;        ///< count x 4
  Divisor divisor;
  simt::Global<Reduced<T>> reduced_loss;     ///< one value; reductions sum, mean, batch
  simt::Global<T> box_loss;                  ///< one value a pair; reduction none
  simt::Global<const Reduced<T>> upstream;   ///< gradient of the reduced loss; absent is 1
  simt::Global<const T> box_upstream;        ///< the same for reduction none
  simt::Global<T> gradient;                  ///< of pred, count x 4, or null
  bool aligned = false;                      ///< all boxes lie on a multiple of their size, or of 16 bytes
};

/// Coordinates that travel together: a box of up to 16 bytes at once, half a box of doubles.
template <class T>
constexpr int kTogether = sizeof(T) == 8 ? 2 : 4;

template <int kCount, class T>
__device__ __forceinline__ void load_box(simt::Global<const T> array, std::int64_t box, Arithmetic<T> (&corner)[4]) {
#pragma unroll
  for (int i = 0; i < 4; i += kCount) {
    const auto part = simt::load<kCount, simt::Cache::streaming>(array, box * 4 + i);
#pragma unroll
    for (int k = 0; k < kCount; ++k) corner[i + k] = widen(part[k]);
  }
}

template <int kCount, class T>
__device__ __forceinline__ void store_box(simt::Global<T> array, std::int64_t box, const Arithmetic<T> (&corner)[4]) {
#pragma unroll
  for (int i = 0; i < 4; i += kCount) {
    simt::Vec<T, kCount> part;
#pragma unroll
    for (int k = 0; k < kCount; ++k) part[k] = narrow<T>(corner[i + k]);
    simt::store<simt::Cache::streaming>(array, box * 4 + i, part);
  }
}

/// One pair: its loss, which is also written where there is no reduction, and its gradient.
template <Pass kPass, int kCount, class T>
__device__ __forceinline__ Arithmetic<T> box_pair(const BoxArguments<T>& arguments, std::int64_t box, double factor) {
  using Real = Arithmetic<T>;
  Real pred[4], target[4];
  load_box<kCount>(arguments.pred, box, pred);
  load_box<kCount>(arguments.target, box, target);
  auto result = arguments.loss.template evaluate<kPass == Pass::gradient>(pred, target);
  if (arguments.box_loss) simt::store(arguments.box_loss, box, narrow<T>(result.loss));
  if constexpr (kPass == Pass::gradient) {
    const Real scale = arguments.box_upstream ? widen(simt::load(arguments.box_upstream, box)) : Real(factor);
#pragma unroll
    for (int i = 0; i < 4; ++i) result.gradient[i] *= scale;
    if (arguments.gradient) store_box<kCount>(arguments.gradient, box, result.gradient);
  }
  return result.loss;
}

/// All pairs of the grid. Order: fixed for a fixed grid; the sum is kept in double.
template <Pass kPass, bool kVectors, class T>
__device__ __forceinline__ void box_losses(const BoxArguments<T>& arguments, simt::Global<WideSum> partials, simt::Global<unsigned> ticket) {
  const double upstream = kPass == Pass::gradient && arguments.upstream ? double(simt::load(arguments.upstream, 0)) : 1.0;
  const double factor = upstream / arguments.divisor.get();  // no box is there to meet a divisor of 0
  WideSum sum{};
  grid_elements(arguments.count, [&](std::int64_t box) {
    if (kVectors && arguments.aligned) sum.add(double(box_pair<kPass, kTogether<T>>(arguments, box, factor)));
    else sum.add(double(box_pair<kPass, 1>(arguments, box, factor)));
  });
  if (arguments.reduced_loss && grid_sum(sum, partials, ticket))
    simt::store(arguments.reduced_loss, 0, Reduced<T>(arguments.divisor.quotient(sum.result())));
}

}  // namespace lossbench::inline SIMT_BUILD::boxes
