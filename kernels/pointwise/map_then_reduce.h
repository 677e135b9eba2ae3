// Variant `map_then_reduce`. What a framework does: a kernel for the elementwise loss, a reduction of it, a kernel for the gradient.
//
//   Why      the baseline of `fused`: three operations that know nothing of each other.
//   Moves    every operand twice, the elementwise loss out and in, the gradient out; one partial sum a block.
//   Needs    n floats of workspace; any n, any alignment.
//   Order    fixed for a fixed grid: results repeat run to run on one device.
//   Error    as vectorized.
#pragma once

#include "kernels/pointwise/gradient.h"
#include "kernels/pointwise/ladder.h"

namespace lossbench::inline SIMT_BUILD {

template <class Functor, class T>
__global__ void __launch_bounds__(kBlockThreads)
map_kernel(PointwiseArguments<Functor, T> arguments, simt::Global<Arithmetic<T>> losses) {
  grid_elements(arguments.count, [&](std::int64_t index) {
    Arithmetic<T> x[Functor::kOperands];
    read_element(arguments, index, x);
    simt::store(losses, index, value_of(arguments.loss, x));
  });
}

template <class Real>
__global__ void __launch_bounds__(kBlockThreads)
reduce_kernel(simt::Global<const Real> losses, std::int64_t count, simt::Global<PlainSum<Real>> partials) {
  SIMT_SHARED(PlainSum<Real>, shared, [kBlockThreads / 32]);
  constexpr int kWidth = kVectorWidth<Real>;
  PlainSum<Real> sum{};
  grid_vectors<kWidth>(
      count, 0, true,
      [&](std::int64_t index) {
        const auto vector = simt::load<kWidth, simt::Cache::streaming>(losses, index);
#pragma unroll
        for (int e = 0; e < kWidth; ++e) sum.add(vector[e]);
      },
      [&](std::int64_t index) { sum.add(simt::load(losses, index)); });
  sum = block_sum(sum, shared);
  if (threadIdx.x == 0) simt::store(partials, blockIdx.x, sum);
}

template <class Functor, class T>
__global__ void __launch_bounds__(kBlockThreads) gradient_kernel(PointwiseArguments<Functor, T> arguments) {
  const auto factor = GradientFactor<Arithmetic<T>>::of(arguments);
  grid_elements(arguments.count, [&](std::int64_t index) {
    Arithmetic<T> x[1][Functor::kOperands];
    read_element(arguments, index, x[0]);
    store_gradients<1>(arguments, index, x, {factor(gradient_of(arguments.loss, x[0]))}, factor);
  });
}

struct MapThenReduce {
  static constexpr const char* kName = "map_then_reduce";
  static constexpr const char* kSummary = "what a framework does: map, reduce, map again";
  static constexpr Order kOrder = Order::run_to_run;
  static constexpr bool kProduction = false;
  static constexpr bool computes(Pass pass) { return pass == Pass::gradient; }

  static double sum_ulps(std::int64_t length, DType) { return two_level_ulps(length, 4) + 8; }

  template <class Entry, class T, Pass kPass>
  struct Run {
    using Functor = typename Entry::Functor;
    using Real = Arithmetic<T>;
    using Sum = PlainSum<Real>;

    struct Layout {
      WorkspaceWalk walk;
      DivisorStep<Entry, T> divisor;
      std::int64_t count;
      unsigned blocks;
      simt::Global<Sum> partials;
      simt::Global<Real> losses;

      Layout(const Problem& problem, Workspace workspace)
          : walk(workspace), divisor(walk, problem), count(problem.inputs.front().array.count()), blocks(grid_blocks(count, 4)),
            partials(walk.take<Sum>(blocks, "workspace")), losses(walk.take<Real>(count, "workspace")) {}
    };

    static std::string rejects(const Problem& problem) { return rejects_unless_sum<Entry>(problem, kName); }
    static std::size_t workspace_bytes(const Problem& problem) { return Layout(problem, {}).walk.bytes(); }

    /// The elementwise losses and the partial sums out and in; the divisor by every thread of the gradient kernel and once more.
    static std::int64_t workspace_traffic(const Problem& problem) {
      const Layout layout(problem, {});
      if (layout.count == 0) return 0;
      const std::int64_t divisor = DivisorStep<Entry, T>::traffic(problem);
      const std::int64_t readers = 1 + std::int64_t(grid_blocks(layout.count, 1)) * kBlockThreads;
      return divisor + (divisor ? readers * std::int64_t(sizeof(double)) : 0) +
             2 * (layout.count * std::int64_t(sizeof(Real)) + std::int64_t(layout.blocks) * std::int64_t(sizeof(Sum)));
    }

    static int launches(const Problem& problem) {
      return problem.inputs.front().array.count() == 0 ? 1 : 4 + DivisorStep<Entry, T>::needed(problem);
    }

    static void run(const Problem& problem, Workspace workspace, Stream stream) {
      const Layout layout(problem, workspace);
      auto arguments = make_arguments<Entry, T>(problem);
      layout.divisor.run(arguments, stream);
      const unsigned blocks = layout.count > 0 ? layout.blocks : 0, map_blocks = grid_blocks(layout.count, 1);
      if (blocks > 0) {
        simt::launch({.kernel = "map", .grid = map_blocks, .block = kBlockThreads, .stream = stream}, map_kernel<Functor, T>,
                     arguments, layout.losses);
        simt::launch({.kernel = "reduce", .grid = blocks, .block = kBlockThreads, .stream = stream}, reduce_kernel<Real>,
                     simt::Global<const Real>(layout.losses), layout.count, layout.partials);
      }
      simt::launch({.kernel = "finish", .grid = 1, .block = kBlockThreads, .stream = stream}, finish_kernel<Sum, T>,
                   simt::Global<const Sum>(layout.partials), std::int64_t(blocks), arguments.divisor, arguments.reduced_loss);
      if (blocks > 0)
        simt::launch({.kernel = "gradient", .grid = map_blocks, .block = kBlockThreads, .stream = stream}, gradient_kernel<Functor, T>,
                     arguments);
    }
  };
};

}  // namespace lossbench::inline SIMT_BUILD
