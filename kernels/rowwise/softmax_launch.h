// From a problem's named arrays to the launches of a softmax cross-entropy variant. Host code.
#pragma once

#include <cmath>
#include <string>

#include "core/problem.h"
#include "core/variant.h"
#include "kernels/pointwise/make_arguments.h"
#include "kernels/primitives/workspace.h"
#include "kernels/rowwise/softmax_rows.h"

namespace lossbench::inline SIMT_BUILD::rowwise {

/// Rows of [N, C, d1, …]: one a position.
inline std::int64_t row_count(const Array& logits) {
  std::int64_t rows = logits.shape[0];
  for (std::size_t axis = 2; axis < logits.shape.size(); ++axis) rows *= logits.shape[axis];
  return rows;
}

inline bool has_probabilities(const Problem& problem) {
  const Array* target = problem.input("target");
  return target && is_real(target->dtype);
}

/// An option that not every loss of the family has; 0 where it is missing.
inline double number(const Problem& problem, const char* option) { return problem.options.has(option) ? problem.options.real(option) : 0; }

/// The gradient of the first input.
inline std::string gradient_name(const Problem& problem) { return "grad_" + problem.inputs.front().name; }

/// Whether the problem needs what only kRich kernels do: see row_math.h.
inline bool is_rich(const Problem& problem) {
  return has_probabilities(problem) || number(problem, "softcap") > 0 || problem.output("argmax") ||
         (number(problem, "prob_floor") > 0 && number(problem, "label_smoothing") > 0);
}

/// The divisor that options and shapes ask for.
inline RowDivisor row_divisor(const Problem& problem) {
  const Array& logits = problem.inputs.front().array;
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
  if (normalizer == "full" || normalizer == "batch_positions") divisor.constant = double(row_count(logits));
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
  using Companion = CompanionOf<T>;
  SoftmaxArguments<T> arguments;
  arguments.logits = handle<const T>(problem.inputs, problem.inputs.front().name);
  arguments.layout = row_layout(logits);
  arguments.rows = row_count(logits);
  arguments.classes = int(logits.shape[1]);
  const Array& target = *problem.input("target");
  if (has_probabilities(problem)) {
    arguments.probabilities = handle<const Companion>(problem.inputs, "target");
    arguments.probability_layout = row_layout(target);
  } else if (target.dtype == DType::i32) {
    arguments.labels.narrow = handle<const std::int32_t>(problem.inputs, "target");
  } else {
    arguments.labels.wide = handle<const std::int64_t>(problem.inputs, "target");
  }
  arguments.ignore_index = problem.options.integer("ignore_index");
  arguments.weight = handle<const Companion>(problem.inputs, "weight");
  const double smoothing = number(problem, "label_smoothing"), floor = number(problem, "prob_floor");
  arguments.own = 1 - smoothing;
  arguments.share = arguments.classes > 0 ? smoothing / double(arguments.classes) : 0;
  arguments.z_loss = number(problem, "z_loss");
  if (floor > 0) arguments.most = -std::log(floor);
  arguments.softcap = RealOf<T>(number(problem, "softcap"));
  if (simt::kIsFloat8<T>) arguments.scale = RealOf<T>(number(problem, "scale"));
  arguments.divisor = row_divisor(problem);

  using Reduced = typename SoftmaxArguments<T>::Reduced;
  const bool none = problem.reduction() == Reduction::none;
  if (none) arguments.row_loss = handle<Companion>(problem.outputs, "loss");
  else arguments.reduced_loss = handle<Reduced>(problem.outputs, "loss");
  arguments.log_sum_exp = handle<Reduced>(problem.outputs, "log_sum_exp");
  arguments.argmax = handle<std::int64_t>(problem.outputs, "argmax");
  if (problem.pass == Pass::gradient) {
    if (none) arguments.row_upstream = handle<const Companion>(problem.inputs, "grad_output");
    else arguments.upstream = handle<const Reduced>(problem.inputs, "grad_output");
    arguments.gradient = handle<T>(problem.outputs, gradient_name(problem));
    if (arguments.gradient) arguments.gradient_layout = row_layout(*problem.output(gradient_name(problem)));
  }
  return arguments;
}

/// How a variant runs one problem.
struct RowPlan {
  unsigned blocks = 1;
  unsigned readers = 1;          ///< threads that read the divisor and the upstream gradient: the leaders of teams
  std::size_t shared_bytes = 0;
  unsigned cluster = 1;
  int slice = 0, stages = 1;     ///< see SoftmaxArguments
};

/// Where classes and positions may lie: the same for all variants.
inline std::string rejects_layout(const Problem& problem, const char* variant) {
  const std::string first = problem.inputs.front().name;
  for (const std::string& name : {first, gradient_name(problem), std::string("target")}) {
    const Array* array = problem.input(name) ? problem.input(name) : problem.output(name);
    if (array && is_real(array->dtype) && !has_row_layout(*array))
      return std::string(variant) + ": the positions of '" + name + "' must be equally spaced: [N, C], or [N, C, d1, …] with contiguous d1, …";
  }
  if (problem.inputs.front().array.shape[1] > kMaxClasses)
    return std::string(variant) + ": '" + first + "' may have up to " + std::to_string(kMaxClasses) + " classes";
  for (const char* name : {"target", "weight", "grad_output"})
    if (const Array* array = problem.input(name); array && !array->is_contiguous())
      return std::string(variant) + ": '" + name + "' must be contiguous";
  return {};
}

/// For variants that read vectors: the classes of a row are neighbours.
inline std::string rejects_strided_classes(const Problem& problem, const char* variant) {
  for (const char* name : {"logits", "grad_logits"}) {
    const Array* array = problem.input(name) ? problem.input(name) : problem.output(name);
    if (array && array->shape[1] > 1 && array->strides[1] != 1)
      return std::string(variant) + ": the classes of '" + name + "' must be neighbours in memory: [N, C], rows padded or not";
  }
  return {};
}

/// Shared memory that a block may ask for beside its static variables.
inline std::int64_t shared_budget() { return std::int64_t(simt::device().shared_bytes_per_block) - (4 << 10); }

/// What a variant's Run does. `V` has
///   kName
///   kRich                          whether it has the kernels that is_rich() asks for
///   rejects<T>(problem)            what it lacks, beside that
///   plan<T, pass>(problem)         a RowPlan
///   main<T, pass, rich>()          the kernel, which takes SoftmaxArguments<T>
template <class V, class T, Pass kPass>
struct SoftmaxRun {
  static std::string rejects(const Problem& problem) {
    if (std::string reason = rejects_layout(problem, V::kName); !reason.empty()) return reason;
    if (!V::kRich) {
      const std::string who = V::kName;
      if (has_probabilities(problem)) return who + ": option 'target' is probs; accepted here: index";
      if (number(problem, "softcap") > 0) return who + ": option 'softcap' is not computed here; accepted: 0";
      if (problem.output("argmax")) return who + ": option 'outputs' names argmax; accepted here: none, log_sum_exp";
      if (is_rich(problem)) return who + ": option 'prob_floor' is not computed here with label_smoothing; accepted: one of them";
    }
    return V::template rejects<T>(problem);
  }

  /// Gradients are divided as they are written, so a divisor that depends on labels is found by a kernel before.
  static bool needs_divisor(const Problem& problem) {
    return kPass == Pass::gradient && row_divisor(problem).from_labels && row_count(problem.inputs.front().array) > 0;
  }
  static RowPlan plan(const Problem& problem) { return V::template plan<T, kPass>(problem); }
  static unsigned divisor_blocks(const Problem& problem) { return grid_blocks(row_count(problem.inputs.front().array), 4); }

  static std::size_t place_workspace(const Problem& problem, Workspace workspace, SoftmaxArguments<T>& arguments) {
    WorkspaceWalk walk(workspace);
    if (problem.reduction() == Reduction::none) return 0;
    arguments.ticket = walk.take<unsigned>(1, "workspace");
    unsigned partials = plan(problem).blocks;
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
    const RowPlan how = plan(problem);
    const std::int64_t pair = 2 * std::int64_t(sizeof(RowTotals));
    const std::int64_t divisor = needs_divisor(problem) ? divisor_blocks(problem) * pair +
                                     (2 + std::int64_t(how.readers)) * std::int64_t(sizeof(double)) : 0;
    return divisor + (problem.output("loss") ? how.blocks * pair : 0);
  }

  static int launches(const Problem& problem) {
    if (problem.reduction() == Reduction::none && row_count(problem.inputs.front().array) == 0) return 0;
    return 1 + needs_divisor(problem);
  }

  static void run(const Problem& problem, Workspace workspace, Stream stream) {
    if (launches(problem) == 0) return;
    SoftmaxArguments<T> arguments = softmax_arguments<T>(problem);
    place_workspace(problem, workspace, arguments);
    const RowPlan how = plan(problem);
    arguments.slice = how.slice;
    arguments.stages = how.stages;
    if (needs_divisor(problem))
      simt::launch({.kernel = "divisor", .grid = divisor_blocks(problem), .block = kBlockThreads, .stream = stream}, divisor_kernel<T>,
                   arguments);
    simt::launch({.kernel = V::kName, .grid = how.blocks, .block = kBlockThreads, .shared_bytes = how.shared_bytes, .stream = stream,
                  .cluster = how.cluster, .non_portable_cluster = how.cluster > 8},
                 kernel(is_rich(problem)), arguments);
  }

  static auto kernel([[maybe_unused]] bool rich) {
    if constexpr (V::kRich) return rich ? V::template main<T, kPass, true>() : V::template main<T, kPass, false>();
    else return V::template main<T, kPass, false>();
  }
};

/// What most variants say of themselves: one team a block (or `kPerBlock`), no shared memory asked for, nothing rejected.
template <int kPerBlock>
struct PlainPlan {
  template <class T>
  static std::string rejects(const Problem&) { return {}; }
  template <class T, Pass kPass>
  static RowPlan plan(const Problem& problem) {
    const unsigned blocks = row_blocks(row_count(problem.inputs.front().array), kPerBlock);
    return {.blocks = blocks, .readers = blocks * kPerBlock};
  }
};

}  // namespace lossbench::inline SIMT_BUILD::rowwise
