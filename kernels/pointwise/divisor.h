// What the sum of a pointwise loss is divided by, and the kernel that finds it where it depends on the data.
//
//   Why      a mean over weighted or partly ignored elements divides by a sum that gradients need before they are written.
//   Moves    the one operand that decides (the weight, or the target) once; 8 bytes written.
//   Order    fixed for a fixed grid; the sum is kept in double.
#pragma once

#include "kernels/pointwise/arguments.h"
#include "kernels/pointwise/divisor_rule.h"
#include "kernels/primitives/accumulators.h"
#include "kernels/primitives/grid_reduce.h"
#include "kernels/primitives/workspace.h"

namespace lossbench::inline SIMT_BUILD {

template <class Functor>
concept HasDivisorTerm = requires { Functor::kDivisorOperand; };

template <class Functor, class T>
__global__ void __launch_bounds__(kBlockThreads)
divisor_kernel(PointwiseArguments<Functor, T> arguments, simt::Global<WideSum> partials, simt::Global<unsigned> ticket,
               simt::Global<double> divisor) {
  const Operand<T>& operand = arguments.operands[Functor::kDivisorOperand];
  WideSum sum{};
  grid_elements(arguments.count, [&](std::int64_t i) { sum.add(arguments.loss.divisor_term(read(operand, i))); });
  if (grid_sum(sum, partials, ticket)) simt::store(divisor, 0, sum.result());
}

/// The workspace of the divisor kernel, and its launch. Does nothing where the divisor is a constant.
template <class Entry, class T>
struct DivisorStep {
  using Functor = typename Entry::Functor;
  simt::Global<double> divisor;
  simt::Global<unsigned> ticket;
  simt::Global<WideSum> partials;
  unsigned blocks = 0;

  static bool needed(const Problem& problem) {
    if constexpr (HasDivisorTerm<Functor>) return divisor_rule<Entry>(problem).computed && problem.inputs.front().array.count() > 0;
    else return false;
  }

  DivisorStep(WorkspaceWalk& walk, const Problem& problem) {
    if (!needed(problem)) return;
    blocks = grid_blocks(problem.inputs.front().array.count(), 4);
    divisor = walk.take<double>(1, "workspace");
    ticket = walk.take<unsigned>(1, "workspace");
    partials = walk.take<WideSum>(blocks, "workspace");
  }

  /// Runs the kernel and lets `arguments` divide by its result.
  void run(PointwiseArguments<Functor, T>& arguments, Stream stream) const {
    if constexpr (HasDivisorTerm<Functor>) {
      if (blocks == 0) return;
      simt::launch({.kernel = "divisor", .grid = blocks, .block = kBlockThreads, .stream = stream}, divisor_kernel<Functor, T>,
                   arguments, partials, ticket, divisor);
      arguments.divisor.computed = divisor;
    }
  }

  /// Bytes it moves in the workspace: the partial sums out and in, the ticket's atomics apart, the divisor out and (by every
  /// reader) in.
  static std::int64_t traffic(const Problem& problem) {
    if (!needed(problem)) return 0;
    const std::int64_t blocks = grid_blocks(problem.inputs.front().array.count(), 4);
    return 2 * blocks * std::int64_t(sizeof(WideSum)) + std::int64_t(sizeof(double));
  }
};

}  // namespace lossbench::inline SIMT_BUILD
