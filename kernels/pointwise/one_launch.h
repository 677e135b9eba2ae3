// A sum in one launch: the layout and launch that single_pass, compensated and fused share.
#pragma once

#include "kernels/pointwise/ladder.h"

namespace lossbench::inline SIMT_BUILD {

/// `Step` names the kernel: kName and main<Functor, T, Sum>(), which takes (arguments, partials, ticket).
template <class Step, class Entry, class T, class Own>
struct OneLaunchSum {
  using Functor = typename Entry::Functor;
  using Sum = typename SumOf<Functor, Own>::Type;
  static constexpr int kPerThread = kVectorWidth<T>;

  struct Layout {
    WorkspaceWalk walk;
    DivisorStep<Entry, T> divisor;
    unsigned blocks;
    simt::Global<unsigned> ticket;
    simt::Global<Sum> partials;

    Layout(const Problem& problem, Workspace workspace)
        : walk(workspace), divisor(walk, problem), blocks(grid_blocks(problem.inputs.front().array.count(), kPerThread)),
          ticket(walk.take<unsigned>(1, "workspace")), partials(walk.take<Sum>(blocks, "workspace")) {}
  };

  static std::string rejects(const Problem& problem) { return rejects_unless_sum<Entry>(problem, Step::kName); }
  static std::size_t workspace_bytes(const Problem& problem) { return Layout(problem, {}).walk.bytes(); }

  /// Partial sums written and read once each, and the divisor by whoever divides: one thread, or all where there are gradients.
  static std::int64_t workspace_traffic(const Problem& problem) {
    const std::int64_t blocks = grid_blocks(problem.inputs.front().array.count(), kPerThread);
    const std::int64_t divisor = DivisorStep<Entry, T>::traffic(problem);
    const std::int64_t readers = problem.pass == Pass::gradient ? 1 + blocks * kBlockThreads : 1;
    return divisor + (divisor ? readers * std::int64_t(sizeof(double)) : 0) + 2 * blocks * std::int64_t(sizeof(Sum));
  }

  static int launches(const Problem& problem) { return 1 + DivisorStep<Entry, T>::needed(problem); }

  static void run(const Problem& problem, Workspace workspace, Stream stream) {
    const Layout layout(problem, workspace);
    auto arguments = make_arguments<Entry, T>(problem);
    layout.divisor.run(arguments, stream);
    simt::launch({.kernel = Step::kName, .grid = layout.blocks, .block = kBlockThreads, .stream = stream},
                 Step::template main<Functor, T, Sum>(), arguments, layout.partials, layout.ticket);
  }
};

/// Error of a sum that keeps `in_vector` terms in float and everything above in double: the additions within a vector, and
/// nothing that grows with length in float's units.
inline double wide_sum_ulps(std::int64_t length, DType element) {
  if (element == DType::f64) return terms_per_thread(length, 2) + 32;
  return double(16 / size_of(element)) + (terms_per_thread(length, 4) + 32) * 0x1p-29;
}

}  // namespace lossbench::inline SIMT_BUILD
