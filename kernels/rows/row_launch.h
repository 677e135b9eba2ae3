// The launches of a step that gives each row to one team: the sum of sample weights where gradients need it, and the step itself.
#pragma once

#include <cmath>
#include <string>

#include "core/variant.h"
#include "kernels/primitives/workspace.h"
#include "kernels/rows/make_arguments.h"
#include "kernels/rows/row_losses.h"

namespace lossbench::inline SIMT_BUILD::rows {

/// Blocks for `rows` rows, `per_block` at a time: at most eight a multiprocessor, at least one.
inline unsigned row_blocks(std::int64_t rows, int per_block) {
  return grid_blocks((rows + per_block - 1) / per_block * kBlockThreads, 1);
}

/// Error of the sums in u of the terms: everything is added in double, `length` terms by a team of `team` threads, then a tree; and
/// the rows' losses likewise.
inline double added_ulps(std::int64_t length, int team, DType element) {
  const double additions = std::ceil(double(length) / team) + 32;
  return element == DType::f64 ? additions : additions * 0x1p-29;
}

/// Why a step with one team a row does not take a whole array as one row, or "".
template <class Entry>
std::string rejects_whole_array(const Problem& problem, const char* variant) {
  if constexpr (requires { Entry::is_whole_array(problem); })
    if (Entry::is_whole_array(problem))
      return std::string(variant) + " works on rows: option 'dim' takes -1 or the last axis here (all elements together by split_rows)";
  return {};
}

/// Gradients are divided as they are written, so Σ of sample weights is found by a launch before.
struct WeightStep {
  simt::Global<double> weight_sum;
  unsigned blocks = 0;

  template <class Entry>
  static unsigned blocks_for(const Problem& problem) {
    const std::int64_t rows = rows_of<Entry>(problem).rows;
    const bool needed = problem.pass == Pass::gradient && row_divisor<Entry>(problem).weighted && rows > 0;
    return needed ? grid_blocks(rows, 4) : 0;
  }

  template <class Arguments>
  void run(Arguments& arguments, simt::Global<RowTotals> partials, simt::Global<unsigned> ticket, Stream stream) const {
    if (blocks == 0) return;
    simt::launch({.kernel = "weight_sum", .grid = blocks, .block = kBlockThreads, .stream = stream}, weight_sum_kernel<Arguments>,
                 arguments, partials, ticket, weight_sum);
    arguments.weight_sum = weight_sum;
  }

  /// Bytes in the workspace: partial sums out and in, the result out, and in by `readers`.
  static std::int64_t traffic(unsigned blocks, std::int64_t readers) {
    if (blocks == 0) return 0;
    return 2 * blocks * std::int64_t(sizeof(RowTotals)) + (1 + readers) * std::int64_t(sizeof(double));
  }
};

/// `V` names the kernel: kName, kRowsPerBlock and main<Arguments, pass>(), which takes (arguments, partials, ticket).
template <class V, class Entry, class T, Pass kPass>
struct RowRun {
  using Arguments = RowArguments<typename Entry::Functor, T>;

  struct Layout {
    WorkspaceWalk walk;
    unsigned blocks;
    WeightStep weights;
    simt::Global<unsigned> ticket;
    simt::Global<RowTotals> partials;

    Layout(const Problem& problem, Workspace workspace)
        : walk(workspace), blocks(row_blocks(rows_of<Entry>(problem).rows, V::kRowsPerBlock)) {
      if (!problem.reduces()) return;
      weights.blocks = WeightStep::blocks_for<Entry>(problem);
      ticket = walk.take<unsigned>(1, "workspace");
      partials = walk.take<RowTotals>(blocks > weights.blocks ? blocks : weights.blocks, "workspace");
      if (weights.blocks) weights.weight_sum = walk.take<double>(1, "workspace");
    }
  };

  static std::string rejects(const Problem& problem) {
    if constexpr (requires { V::template rejects<Entry, T>(problem); }) return V::template rejects<Entry, T>(problem);
    else return rejects_whole_array<Entry>(problem, V::kName);
  }
  static std::size_t workspace_bytes(const Problem& problem) { return Layout(problem, {}).walk.bytes(); }

  /// Partial sums out and in; the sum of weights by every team's leader and by who divides at the end.
  static std::int64_t workspace_traffic(const Problem& problem) {
    if (!problem.reduces()) return 0;
    const Layout layout(problem, {});
    return WeightStep::traffic(layout.weights.blocks, 1 + std::int64_t(layout.blocks) * V::kRowsPerBlock) +
           2 * layout.blocks * std::int64_t(sizeof(RowTotals));
  }
  static int launches(const Problem& problem) {
    if (!problem.reduces() && rows_of<Entry>(problem).rows == 0) return 0;
    return 1 + (WeightStep::blocks_for<Entry>(problem) > 0);
  }

  static void run(const Problem& problem, Workspace workspace, Stream stream) {
    if (launches(problem) == 0) return;
    const Layout layout(problem, workspace);
    Arguments arguments = make_row_arguments<Entry, T>(problem);
    layout.weights.run(arguments, layout.partials, layout.ticket, stream);
    simt::launch({.kernel = V::kName, .grid = layout.blocks, .block = kBlockThreads, .stream = stream}, V::template main<Arguments, kPass>(),
                 arguments, layout.partials, layout.ticket);
  }
};

}  // namespace lossbench::inline SIMT_BUILD::rows
