// What the steps of the pointwise ladder share: which problems they take, and the layout of a two-launch sum.
#pragma once

#include <cmath>
#include <string>

#include "kernels/pointwise/divisor.h"
#include "kernels/pointwise/make_arguments.h"
#include "kernels/primitives/grid_reduce.h"

namespace lossbench::inline SIMT_BUILD {

/// Accumulator a step uses: its own, except that counts are kept in double by all.
template <class Functor, class Own>
struct SumOf { using Type = Own; };
template <class Functor, class Own> requires(Functor::kCounts)
struct SumOf<Functor, Own> { using Type = WideSum; };

/// Why a step that only adds cannot serve a problem, or "". An entry may have reasons of its own.
template <class Entry>
std::string rejects_unless_sum(const Problem& problem, const char* variant) {
  if constexpr (requires { Entry::rejects(problem); })
    if (std::string reason = Entry::rejects(problem); !reason.empty()) return std::string(variant) + " " + reason;
  if (problem.reduction() != Reduction::none) return {};
  return std::string(variant) + " adds up: option 'reduction' takes sum, mean, batch here (none is computed by elementwise)";
}

/// Terms a thread adds one after another when `length` terms are dealt to a full grid, `per_thread` at a time.
inline double terms_per_thread(std::int64_t length, int per_thread) {
  const double threads = double(grid_blocks(length, per_thread)) * kBlockThreads;
  return std::ceil(double(length) / threads);
}

/// Worst error of a sum in the step's own precision: thread by thread, a tree in the block, partial sums dealt to one block,
/// a tree again. Each addition costs u of the running total, which is at most Σ|term|.
inline double two_level_ulps(std::int64_t length, int per_thread) {
  const double partials = std::ceil(double(grid_blocks(length, per_thread)) / kBlockThreads);
  return terms_per_thread(length, per_thread) + 8 + partials + 8;
}

/// Divides a total that something else added up, and writes the loss. One thread.
template <class T, class Total>
__global__ void divide_kernel(simt::Global<const Total> total, Divisor divisor, simt::Global<Reduced<T>> loss) {
  simt::store(loss, 0, Reduced<T>(divisor.quotient(double(simt::load<simt::Cache::l2>(total, 0)))));
}

// ---- a sum in two launches: partial sums of the blocks, then `finish` -----------------------------------------------------

/// Adds the partial sums of a first kernel, divides, and writes the loss. One block.
template <class Sum, class T>
__global__ void __launch_bounds__(kBlockThreads)
finish_kernel(simt::Global<const Sum> partials, std::int64_t count, Divisor divisor, simt::Global<Reduced<T>> loss) {
  SIMT_SHARED(Sum, shared, [kBlockThreads / 32]);
  const Sum sum = block_sum_of<Sum>(partials, count, shared);
  if (threadIdx.x == 0 && loss) simt::store(loss, 0, Reduced<T>(divisor.quotient(sum.result())));
}

/// Workspace and launches of such a sum. `Step` names the kernel: kName, kPerThread, and main<Functor, T, Sum>().
template <class Step, class Entry, class T, class Own>
struct TwoLaunchSum {
  using Functor = typename Entry::Functor;
  using Sum = typename SumOf<Functor, Own>::Type;

  struct Layout {
    WorkspaceWalk walk;
    DivisorStep<Entry, T> divisor;
    unsigned blocks;
    simt::Global<Sum> partials;

    Layout(const Problem& problem, Workspace workspace)
        : walk(workspace), divisor(walk, problem), blocks(grid_blocks(problem.inputs.front().array.count(), Step::kPerThread)),
          partials(walk.take<Sum>(blocks, "workspace")) {}
  };

  static std::string rejects(const Problem& problem) { return rejects_unless_sum<Entry>(problem, Step::kName); }
  static std::size_t workspace_bytes(const Problem& problem) { return Layout(problem, {}).walk.bytes(); }

  /// Partial sums written and read once each; the divisor is read by one thread of `finish`.
  static std::int64_t workspace_traffic(const Problem& problem) {
    if (problem.inputs.front().array.count() == 0) return 0;
    const std::int64_t divisor = DivisorStep<Entry, T>::traffic(problem);
    return divisor + (divisor ? std::int64_t(sizeof(double)) : 0) +
           2 * std::int64_t(grid_blocks(problem.inputs.front().array.count(), Step::kPerThread)) * std::int64_t(sizeof(Sum));
  }

  static int launches(const Problem& problem) {
    return (problem.inputs.front().array.count() > 0) + 1 + DivisorStep<Entry, T>::needed(problem);
  }

  static void run(const Problem& problem, Workspace workspace, Stream stream) {
    const Layout layout(problem, workspace);
    auto arguments = make_arguments<Entry, T>(problem);
    layout.divisor.run(arguments, stream);
    const unsigned blocks = arguments.count > 0 ? layout.blocks : 0;
    if (blocks > 0)
      simt::launch({.kernel = Step::kName, .grid = blocks, .block = kBlockThreads, .stream = stream},
                   Step::template main<Functor, T, Sum>(), arguments, layout.partials);
    simt::launch({.kernel = "finish", .grid = 1, .block = kBlockThreads, .stream = stream}, finish_kernel<Sum, T>,
                 simt::Global<const Sum>(layout.partials), std::int64_t(blocks), arguments.divisor, arguments.reduced_loss);
  }
};

}  // namespace lossbench::inline SIMT_BUILD
