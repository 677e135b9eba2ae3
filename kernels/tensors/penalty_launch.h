// The launches of a penalty on many tensors, `kPerLaunch` of them at a time.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "core/variant.h"
#include "kernels/pointwise/make_arguments.h"
#include "kernels/primitives/workspace.h"
#include "kernels/tensors/tensor_table.h"

namespace lossbench::inline SIMT_BUILD::tensors {

inline Penalty bind_penalty(const Problem& problem) {
  const double lambda = problem.options.real("lambda");
  if (problem.options.word("kind") == "l1") return {.l1 = true, .scale = lambda, .slope = lambda};
  const bool half = problem.options.flag("half");
  return {.l1 = false, .scale = half ? lambda / 2 : lambda, .slope = half ? lambda : 2 * lambda};
}

/// The tensors of a problem: every input but the upstream gradient, and with an empirical loss those named `param.…`.
inline std::vector<const NamedArray*> parameters_of(const Problem& problem) {
  const bool risk = problem.options.has("empirical");
  std::vector<const NamedArray*> tensors;
  for (const NamedArray& input : problem.inputs)
    if (risk ? input.name.starts_with("param.") : input.name != "grad_output") tensors.push_back(&input);
  return tensors;
}

inline std::int64_t chunks_of(const Array& array) { return (array.count() + kChunk - 1) / kChunk; }

/// `V` names the kernel (kName) and says how many tensors a launch takes (kPerLaunch).
template <class V, class T, Pass kPass>
struct PenaltyRun {
  /// One launch: tensors [first, last), and its blocks.
  struct Part {
    std::size_t first, last;
    std::int64_t chunks;
    unsigned blocks;
  };

  static std::vector<Part> parts_of(const Problem& problem) {
    const std::vector<const NamedArray*> parameters = parameters_of(problem);
    std::vector<Part> parts;
    for (std::size_t first = 0; first < parameters.size() || parts.empty(); first += V::kPerLaunch) {
      Part part{first, std::min(parameters.size(), first + V::kPerLaunch), 0, 1};
      for (std::size_t k = part.first; k < part.last; ++k) part.chunks += chunks_of(parameters[k]->array);
      part.blocks = grid_blocks(part.chunks * kBlockThreads, 1);
      parts.push_back(part);
    }
    return parts;
  }
  static std::int64_t all_blocks(const std::vector<Part>& parts) {
    std::int64_t blocks = 0;
    for (const Part& part : parts) blocks += part.blocks;
    return blocks;
  }

  struct Layout {
    WorkspaceWalk walk;
    std::vector<Part> parts;
    PartialSums partials;

    Layout(const Problem& problem, Workspace workspace) : walk(workspace), parts(parts_of(problem)) {
      partials.all = all_blocks(parts);
      partials.ticket = walk.take<unsigned>(1, "workspace");
      partials.sums = walk.take<WideSum>(partials.all, "workspace");
    }
  };

  static std::string rejects(const Problem&) { return {}; }
  static std::size_t workspace_bytes(const Problem& problem) { return Layout(problem, {}).walk.bytes(); }
  static std::int64_t workspace_traffic(const Problem& problem) { return 2 * all_blocks(parts_of(problem)) * std::int64_t(sizeof(WideSum)); }
  static int launches(const Problem& problem) { return int(parts_of(problem).size()); }

  static void run(const Problem& problem, Workspace workspace, Stream stream) {
    Layout layout(problem, workspace);
    const std::vector<const NamedArray*> parameters = parameters_of(problem);
    const RiskOutputs<T> outputs{.loss = handle<Reduced<T>>(problem.outputs, "loss"),
                                 .regularizer = handle<Reduced<T>>(problem.outputs, "regularizer"),
                                 .empirical = handle<const Reduced<T>>(problem.outputs, "empirical")};
    const auto upstream = handle<const Reduced<T>>(problem.inputs, "grad_output");
    for (const Part& part : layout.parts) {
      TensorTable<T> table{};
      for (std::size_t k = part.first; k < part.last; ++k) {
        const NamedArray& entry = *parameters[k];
        if (entry.array.count() == 0) continue;
        table.tensors[table.count++] = {handle<const T>(&entry.array, entry.name), handle<T>(problem.outputs, "grad_" + entry.name),
                                        entry.array.count(), table.chunks};
        table.chunks += chunks_of(entry.array);
      }
      layout.partials.finishes = &part == &layout.parts.back();
      simt::launch({.kernel = V::kName, .grid = part.blocks, .block = kBlockThreads, .stream = stream}, penalty_kernel<T, kPass>, table,
                   bind_penalty(problem), upstream, layout.partials, outputs);
      layout.partials.first += part.blocks;
    }
  }
};

/// Everything is added in double: a thread's elements, a block's threads, the blocks' partial sums.
inline double penalty_sum_ulps(std::int64_t length, DType element) {
  const double additions = double(length) / (double(grid_blocks(length, 16)) * kBlockThreads) + 64;
  return element == DType::f64 ? additions : additions * 0x1p-29;
}

}  // namespace lossbench::inline SIMT_BUILD::tensors
