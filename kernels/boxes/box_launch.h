// The launch of a box loss, and the workspace of its sum.
#pragma once

#include <string>

#include "core/variant.h"
#include "kernels/boxes/box_arguments.h"
#include "kernels/pointwise/divisor_rule.h"
#include "kernels/pointwise/make_arguments.h"
#include "kernels/primitives/workspace.h"

namespace lossbench::inline SIMT_BUILD::boxes {

inline losses::Iou bind_iou(const Problem& problem) {
  using Kind = losses::Iou::Kind;
  const std::string& word = problem.options.word("variant");
  return {.kind = word == "giou" ? Kind::giou : word == "diou" ? Kind::diou : word == "ciou" ? Kind::ciou : Kind::iou,
          .eps = problem.options.real("eps")};
}

template <class T>
BoxArguments<T> box_arguments(const Problem& problem) {
  BoxArguments<T> arguments;
  const Array& pred = *problem.input("pred");
  arguments.loss = bind_iou(problem);
  arguments.count = pred.shape.front();
  arguments.pred = handle<const T>(problem.inputs, "pred");
  arguments.target = handle<const T>(problem.inputs, "target");
  arguments.divisor.constant = problem.reduction() == Reduction::mean || problem.reduction() == Reduction::batch ? double(arguments.count) : 1;
  if (problem.reduces()) arguments.reduced_loss = handle<Reduced<T>>(problem.outputs, "loss");
  else arguments.box_loss = handle<T>(problem.outputs, "loss");
  if (problem.pass == Pass::gradient) {
    if (problem.reduces()) arguments.upstream = handle<const Reduced<T>>(problem.inputs, "grad_output");
    else arguments.box_upstream = handle<const T>(problem.inputs, "grad_output");
    arguments.gradient = handle<T>(problem.outputs, "grad_pred");
  }
  constexpr int kBytes = int(sizeof(T)) * kTogether<T>;
  arguments.aligned = arguments.pred.misalignment(kBytes) == 0 && arguments.target.misalignment(kBytes) == 0 &&
                      (!arguments.gradient || arguments.gradient.misalignment(kBytes) == 0);
  return arguments;
}

/// `V` names the kernel: kName and main<T, pass>(), which takes (arguments, partials, ticket).
template <class V, class T>
struct BoxRun {
  struct Layout {
    WorkspaceWalk walk;
    unsigned blocks;
    simt::Global<unsigned> ticket;
    simt::Global<WideSum> partials;

    Layout(const Problem& problem, Workspace workspace) : walk(workspace), blocks(grid_blocks(problem.input("pred")->shape.front(), 1)) {
      if (!problem.reduces()) return;
      ticket = walk.take<unsigned>(1, "workspace");
      partials = walk.take<WideSum>(blocks, "workspace");
    }
  };

  static std::string rejects(const Problem&) { return {}; }
  static std::size_t workspace_bytes(const Problem& problem) { return Layout(problem, {}).walk.bytes(); }
  static std::int64_t workspace_traffic(const Problem& problem) {
    return problem.reduces() ? 2 * std::int64_t(Layout(problem, {}).blocks) * std::int64_t(sizeof(WideSum)) : 0;
  }
  static int launches(const Problem& problem) { return problem.reduces() || problem.input("pred")->shape.front() > 0; }

  template <Pass kPass>
  static void launch(const Problem& problem, Workspace workspace, Stream stream) {
    if (launches(problem) == 0) return;
    const Layout layout(problem, workspace);
    simt::launch({.kernel = V::kName, .grid = layout.blocks, .block = kBlockThreads, .stream = stream}, V::template main<T, kPass>(),
                 box_arguments<T>(problem), layout.partials, layout.ticket);
  }
};

/// Boxes are added in double.
inline double box_sum_ulps(std::int64_t length, DType element) {
  const double additions = double(length) / (double(grid_blocks(length, 1)) * kBlockThreads) + 33;
  return element == DType::f64 ? additions : additions * 0x1p-29;
}

}  // namespace lossbench::inline SIMT_BUILD::boxes
