// Variant `shared_tree`. Builds on `naive_atomic`; changes one thing: a block adds up in shared memory before anything leaves it.
//
//   Why      one partial sum a block instead of one atomic an element; what is left to add fits in one block of a second kernel.
//   Moves    every operand once; one partial sum a block, written and read once.
//   Needs    blocks of 256 threads; any n, any alignment.
//   Order    fixed for a fixed grid: results repeat run to run on one device.
//   Error    (n/T + 16 + ⌈T/65536⌉)·u of Σ|l| for the T <= 270336 threads of a full H200 grid: within 1e-5 up to n = 4·10^7.
#pragma once

#include "kernels/pointwise/ladder.h"

namespace lossbench::inline SIMT_BUILD {

template <class Functor, class T, class Sum>
__global__ void __launch_bounds__(kBlockThreads)
shared_tree_kernel(PointwiseArguments<Functor, T> arguments, simt::Global<Sum> partials) {
  SIMT_SHARED(Sum, shared, [kBlockThreads]);
  Sum sum{};
  grid_elements(arguments.count, [&](std::int64_t index) {
    Arithmetic<T> x[Functor::kOperands];
    read_element(arguments, index, x);
    sum.add(value_of(arguments.loss, x));
  });
  shared[threadIdx.x] = sum;
  __syncthreads();
  for (unsigned width = kBlockThreads / 2; width > 0; width /= 2) {
    if (threadIdx.x < width) shared[threadIdx.x].join(shared[threadIdx.x + width]);
    __syncthreads();
  }
  if (threadIdx.x == 0) simt::store(partials, blockIdx.x, shared[0]);
}

struct SharedTree {
  static constexpr const char* kName = "shared_tree";
  static constexpr const char* kSummary = "a tree in shared memory: one partial sum a block, no atomics";
  static constexpr Order kOrder = Order::run_to_run;
  static constexpr bool kProduction = false;
  static constexpr bool computes(Pass pass) { return pass == Pass::forward; }
  static constexpr int kPerThread = 1;

  static double sum_ulps(std::int64_t length, DType) { return two_level_ulps(length, kPerThread); }

  template <class Functor, class T, class Sum>
  static auto main() { return shared_tree_kernel<Functor, T, Sum>; }

  template <class Entry, class T, Pass kPass>
  struct Run : TwoLaunchSum<SharedTree, Entry, T, PlainSum<Arithmetic<T>>> {};
};

}  // namespace lossbench::inline SIMT_BUILD
