// Variant `unfused`. What a framework does with a composite loss: one launch for each operation, every result through memory.
//
//   Why        the baseline of all_parts, radix_mining and all_stages, so that what fusing saves is seen in launches and bytes.
//   Moves      each intermediate array out and in: log-probabilities, losses and differences of all priors, anchors and stages.
//   Needs      workspace for all of them; any sizes. Scalars stay on the GPU: a real framework may add round trips to the host.
//   Order      fixed: sums run over elements in turn.
//   Error      log-probabilities are rounded once more than fused; sums are added in double.
#pragma once

#include "kernels/detection/unfused_rcnn.h"
#include "kernels/detection/unfused_ssd.h"
#include "kernels/pose/unfused_openpose.h"

namespace lossbench::inline SIMT_BUILD {

struct Unfused {
  static constexpr const char* kName = "unfused";
  static constexpr const char* kSummary = "what a framework does: a launch for each operation, every result through memory";
  static constexpr const char* kLosses[] = {"rpn_cls", "rpn_box", "rpn", "fast_rcnn", "faster_rcnn", "ssd_multibox", "openpose"};
  static constexpr Order kOrder = Order::run_to_run;
  static constexpr bool kProduction = false;

  static double sum_ulps(std::int64_t length, DType element) {
    return 12 + (double(length) / kBlockThreads + 64) * (element == DType::f64 ? 1.0 : 0x1p-29);
  }

  template <class T, Pass kPass>
  struct Run {
    static std::string rejects(const Problem& problem) {
      if (!problem.reduces()) return std::string(kName) + " adds up: option 'reduction' takes sum, mean, batch here (none by all_parts)";
      for (const NamedArray& input : problem.inputs)
        if (!input.array.is_contiguous()) return std::string(kName) + ": '" + input.name + "' must be contiguous";
      return {};
    }

    /// Runs the string, or only counts where there is no workspace to run in.
    static eager::Graph string_of(const Problem& problem, Workspace workspace, Stream stream, bool dry) {
      eager::Graph graph(workspace, stream, dry);
      if (problem.loss == "ssd_multibox") detection::unfused_multibox<T, kPass>(problem, graph);
      else if (problem.loss == "openpose") pose::unfused_openpose<T, kPass>(problem, graph);
      else detection::UnfusedRcnn<T, kPass>(problem, graph).run();
      return graph;
    }
    static std::size_t workspace_bytes(const Problem& problem) { return string_of(problem, {}, nullptr, true).bytes(); }
    static std::int64_t workspace_traffic(const Problem&) { return -1; }  // a baseline claims none, and is held to none
    static int launches(const Problem& problem) { return string_of(problem, {}, nullptr, true).launches(); }
    static void run(const Problem& problem, Workspace workspace, Stream stream) { string_of(problem, workspace, stream, false); }
  };
};

}  // namespace lossbench::inline SIMT_BUILD
