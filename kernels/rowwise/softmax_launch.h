// From a problem's named arrays to the launches of a softmax cross-entropy variant. Host code.
#pragma once

#include <string>

#include "core/problem.h"
#include "core/variant.h"
#include "kernels/pointwise/make_arguments.h"
#include "kernels/primitives/workspace.h"
#include "kernels/rowwise/softmax_rows.h"

namespace lossbench::inline SIMT_BUILD::rowwise {

/// The divisor that options and shapes ask for.
inline RowDivisor row_divisor(const Problem& problem) {
  const Array& logits = problem.inputs.front().array;
  const double positions = double(problem.input("target")->count());
  RowDivisor divisor;
  divisor.zero_if_empty = problem.options.word("empty") == "zero";
  switch (problem.reduction()) {
    case Reduction::none: case Reduction::sum: return divisor;
    case Reduction::batch: divisor.constant = double(logits.shape.front()); return divisor;
    case Reduction::mean: break;
  }
  const std::string& normalizer = problem.options.word("normalizer");
  divisor.from_labels = normalizer == "weight_sum" || normalizer == "valid";
  divisor.weighted = normalizer == "weight_sum" && problem.input("weight");
  divisor.at_least_one = normalizer == "valid";
  if (normalizer == "full") divisor.constant = positions;
  if (normalizer == "batch") divisor.constant = double(logits.shape.front());
  return divisor;
}

/// Trailing dimensions must be one run of equally spaced positions.
inline bool has_row_layout(const Array& array) {
  if (array.shape.size() < 2) return false;
  for (std::size_t axis = 2; axis + 1 < array.shape.size(); ++axis)
    if (array.strides[axis] != array.strides[axis + 1] * array.shape[axis + 1]) return false;
  return true;
}

inline RowLayout row_layout(const Array& array) {
  RowLayout layout;
  layout.sample_stride = array.strides[0];
  layout.inner_stride = array.strides.back();
  layout.class_stride = array.strides[1];
  for (std::size_t axis = 2; axis < array.shape.size(); ++axis) layout.inner *= array.shape[axis];
  return layout;
}

/// Blocks for `rows` rows, `per_block` at a time: at most eight a multiprocessor, at least one.
inline unsigned row_blocks(std::int64_t rows, int per_block) {
  return grid_blocks((rows + per_block - 1) / per_block * kBlockThreads, 1);
}

template <class T>
SoftmaxArguments<T> softmax_arguments(const Problem& problem) {
  const Array& logits = problem.inputs.front().array;
  SoftmaxArguments<T> arguments;
  arguments.logits = handle<const T>(problem.inputs, "logits");
  arguments.layout = row_layout(logits);
  arguments.rows = problem.input("target")->count();
  arguments.classes = int(logits.shape[1]);
  if (problem.input("target")->dtype == DType::i32) arguments.labels.narrow = handle<const std::int32_t>(problem.inputs, "target");
  else arguments.labels.wide = handle<const std::int64_t>(problem.inputs, "target");
  arguments.ignore_index = problem.options.integer("ignore_index");
  arguments.weight = handle<const T>(problem.inputs, "weight");
  const double smoothing = problem.options.real("label_smoothing");
  arguments.own = 1 - smoothing;
  arguments.share = arguments.classes > 0 ? smoothing / double(arguments.classes) : 0;
  arguments.divisor = row_divisor(problem);

  using Reduced = typename SoftmaxArguments<T>::Reduced;
  const bool none = problem.reduction() == Reduction::none;
  if (none) arguments.row_loss = handle<T>(problem.outputs, "loss");
  else arguments.reduced_loss = handle<Reduced>(problem.outputs, "loss");
  if (problem.pass == Pass::gradient) {
    if (none) arguments.row_upstream = handle<const T>(problem.inputs, "grad_output");
    else arguments.upstream = handle<const Reduced>(problem.inputs, "grad_output");
    arguments.gradient = handle<T>(problem.outputs, "grad_logits");
    if (arguments.gradient) arguments.gradient_layout = row_layout(*problem.output("grad_logits"));
  }
  return arguments;
}

/// What a variant's Run does. `V` names the kernel: kName, kRowsPerBlock and main<T, pass>(), which takes SoftmaxArguments<T>.
template <class V, class T, Pass kPass>
struct SoftmaxRun {
  static std::string rejects(const Problem& problem) {
    for (const char* name : {"logits", "grad_logits"}) {
      const Array* array = problem.input(name) ? problem.input(name) : problem.output(name);
      if (array && !has_row_layout(*array))
        return std::string(V::kName) + ": the positions of '" + name + "' must be equally spaced: [N, C], or [N, C, d1, …] with contiguous d1, …";
    }
    if (problem.input("logits")->shape[1] > kMaxClasses)
      return std::string(V::kName) + ": 'logits' may have up to " + std::to_string(kMaxClasses) + " classes";
    for (const char* name : {"target", "weight", "grad_output"})
      if (const Array* array = problem.input(name); array && !array->is_contiguous())
        return std::string(V::kName) + ": '" + name + "' must be contiguous";
    return {};
  }

  /// Gradients are divided as they are written, so a divisor that depends on labels is found by a kernel before.
  static bool needs_divisor(const Problem& problem) {
    return kPass == Pass::gradient && row_divisor(problem).from_labels && problem.input("target")->count() > 0;
  }
  static unsigned blocks(const Problem& problem) { return row_blocks(problem.input("target")->count(), V::kRowsPerBlock); }
  static unsigned divisor_blocks(const Problem& problem) { return grid_blocks(problem.input("target")->count(), 4); }

  static std::size_t place_workspace(const Problem& problem, Workspace workspace, SoftmaxArguments<T>& arguments) {
    WorkspaceWalk walk(workspace);
    if (problem.reduction() == Reduction::none) return 0;
    arguments.ticket = walk.take<unsigned>(1, "workspace");
    unsigned partials = blocks(problem);
    if (needs_divisor(problem)) {
      partials = partials < divisor_blocks(problem) ? divisor_blocks(problem) : partials;
      arguments.label_sum = walk.take<double>(1, "workspace");
    }
    arguments.partials = walk.take<RowTotals>(partials, "workspace");
    return walk.bytes();
  }

  static std::size_t workspace_bytes(const Problem& problem) {
    SoftmaxArguments<T> unused;
    return place_workspace(problem, {}, unused);
  }

  /// Partial sums written and read once; the divisor written once, read by the leader of each team and by who divides at the end.
  static std::int64_t workspace_traffic(const Problem& problem) {
    if (problem.reduction() == Reduction::none) return 0;
    const std::int64_t pair = 2 * std::int64_t(sizeof(RowTotals));
    const std::int64_t divisor = needs_divisor(problem) ? divisor_blocks(problem) * pair +
                                     (2 + std::int64_t(blocks(problem)) * V::kRowsPerBlock) * std::int64_t(sizeof(double)) : 0;
    return divisor + (problem.output("loss") ? blocks(problem) * pair : 0);
  }

  static int launches(const Problem& problem) {
    if (problem.reduction() == Reduction::none && problem.input("target")->count() == 0) return 0;
    return 1 + needs_divisor(problem);
  }

  static void run(const Problem& problem, Workspace workspace, Stream stream) {
    if (launches(problem) == 0) return;
    SoftmaxArguments<T> arguments = softmax_arguments<T>(problem);
    place_workspace(problem, workspace, arguments);
    if (needs_divisor(problem))
      simt::launch({.kernel = "divisor", .grid = divisor_blocks(problem), .block = kBlockThreads, .stream = stream}, divisor_kernel<T>,
                   arguments);
    simt::launch({.kernel = V::kName, .grid = blocks(problem), .block = kBlockThreads, .stream = stream},
                 V::template main<T, kPass>(), arguments);
  }
};

}  // namespace lossbench::inline SIMT_BUILD::rowwise
