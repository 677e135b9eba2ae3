// Variant `radix_mining`. SSD's loss with its hard negatives chosen on the GPU: rank, select, and write the gradients.
//
//   Builds on  all_parts; and on a radix selection in place of a sort.
//   Why        the originals copy the losses to the host and sort them there, frameworks sort them twice on the GPU (sort, and sort
//              the order). Which negatives are kept needs no order among them: only the bound, found a digit of 11 bits at a time.
//   Moves      scores: 1 read forward, with the gradient those of kept priors once more (some 12 in 100) and 1 write. Boxes of positives
//              only. Labels once, with the gradient twice. A key of 4 bytes (8 of f64) a prior out, and in for every digit of the
//              bound that is needed; in each image they fit in the L1.
//   Needs      no host round trip: two launches forward, three with the gradient, for mining in each image and over the batch. Any
//              sizes and alignments. Up to 2^31 priors in a batch.
//   Order      fixed: the bound is that of a total order (greater loss, then lower index), and sums run over priors in turn.
//   Error      see sum_ulps.
#pragma once

#include <cmath>

#include "kernels/detection/rcnn_launch.h"
#include "kernels/detection/ssd_gradient.h"
#include "kernels/detection/ssd_rank.h"
#include "kernels/detection/ssd_select.h"
#include "kernels/primitives/workspace.h"

namespace lossbench::inline SIMT_BUILD {

namespace detection {

/// Keys that one block of the selection over the batch looks at.
constexpr std::int64_t kSelectChunk = 8 * kSelectThreads;

template <class T>
MultiboxArguments<T> multibox_arguments(const Problem& problem) {
  MultiboxArguments<T> arguments;
  const Shape& shape = problem.input("conf_logits")->shape;
  arguments.images = shape[0], arguments.priors = shape[1], arguments.classes = int(shape[2]);
  arguments.scores = handle<const T>(problem.inputs, "conf_logits");
  arguments.boxes = handle<const T>(problem.inputs, "loc_pred");
  arguments.targets = handle<const T>(problem.inputs, "loc_targets");
  arguments.labels = labels_of(problem, "labels");
  arguments.form = multibox_form(problem);
  if (arguments.form.prob_floor > 0) arguments.most_loss = Arithmetic<T>(-std::log(arguments.form.prob_floor));
  arguments.tile = tile_shape(shape[2], int(sizeof(Arithmetic<T>)), arguments.priors);
  arguments.score_gradient = gradient_of<T>(problem, "conf_logits");
  arguments.box_gradient = gradient_of<T>(problem, "loc_pred");
  arguments.boxes_aligned = holds_quads(arguments.boxes) && holds_quads(arguments.targets) && holds_quads(arguments.box_gradient);
  arguments.mask = handle<std::int32_t>(problem.outputs, "negatives_kept");
  arguments.loss = handle<Reduced<T>>(problem.outputs, "loss");
  arguments.loss_conf = handle<Reduced<T>>(problem.outputs, "loss_conf");
  arguments.loss_loc = handle<Reduced<T>>(problem.outputs, "loss_loc");
  arguments.upstream = handle<const Reduced<T>>(problem.inputs, "grad_output");
  const std::int64_t count = arguments.images * arguments.priors;
  arguments.chunk = kSelectChunk;
  arguments.select_blocks = unsigned(count == 0 ? 0 : arguments.form.by_batch ? (count + kSelectChunk - 1) / kSelectChunk : arguments.images);
  return arguments;
}

}  // namespace detection

struct RadixMining {
  static constexpr const char* kName = "radix_mining";
  static constexpr const char* kSummary = "rank, radix selection of hard negatives, gradients: three launches, no sort";
  static constexpr const char* kLosses[] = {"ssd_multibox"};
  static constexpr Order kOrder = Order::run_to_run;
  static constexpr bool kProduction = true;

  /// Four exponentials of a row are added in the arithmetic type, all else in double.
  static double sum_ulps(std::int64_t length, DType element) {
    return 3 + (double(length) / kBlockThreads + 64) * (element == DType::f64 ? 1.0 : 0x1p-29);
  }

  template <class T, Pass kPass>
  struct Run {
    using Arguments = detection::MultiboxArguments<T>;

    static std::string rejects(const Problem& problem) {
      for (const NamedArray& input : problem.inputs)
        if (!input.array.is_contiguous()) return std::string(kName) + ": '" + input.name + "' must be contiguous";
      const Shape& shape = problem.input("conf_logits")->shape;
      if (shape[2] > (1 << 20)) return std::string(kName) + ": 'conf_logits' may have up to 2^20 classes";
      if (count_of(problem.input("labels")->shape) >= std::int64_t(1) << 31) return std::string(kName) + ": 'labels' may have up to 2^31 - 1 priors";
      return {};
    }

    static bool empty(const Problem& problem) { return problem.input("labels")->count() == 0; }
    static bool writes_gradients(const Problem& problem) { return kPass == Pass::gradient && !empty(problem); }

    /// "selection" holds what is read as often as the data ask for; the traffic of "workspace" is known beforehand.
    static std::size_t place_workspace(Workspace workspace, Arguments& arguments) {
      WorkspaceWalk walk(workspace);
      const std::int64_t count = arguments.images * arguments.priors;
      arguments.ticket = walk.take<unsigned>(1, "workspace");
      arguments.tile_sums = walk.take<double>(4 * arguments.images * arguments.tile.per_image, "workspace");
      arguments.sums = walk.take<double>(3 * std::int64_t(arguments.select_blocks), "workspace");
      if (kPass == Pass::gradient) {
        arguments.divisor = walk.take<double>(1, "workspace");
        arguments.bounds = walk.take<unsigned long long>(2 * (arguments.form.by_batch ? 1 : arguments.images), "selection");
      }
      arguments.keys = walk.take<typename Arguments::Key>(count, "selection");
      if (arguments.form.by_batch) {
        arguments.histogram = walk.take<unsigned>(detection::kBins, "selection");
        arguments.candidates = walk.take<int>(count, "selection");
        arguments.candidate_counts = walk.take<int>(arguments.select_blocks, "selection");
      }
      return walk.bytes();
    }
    static std::size_t workspace_bytes(const Problem& problem) {
      Arguments arguments = detection::multibox_arguments<T>(problem);
      return place_workspace({}, arguments);
    }
    /// Sums of the tiles out, and in by who selects; sums of the selecting blocks out and in; the divisor out, and in by every thread
    /// that writes gradients.
    static std::int64_t workspace_traffic(const Problem& problem) {
      const Arguments arguments = detection::multibox_arguments<T>(problem);
      const std::int64_t tiles = arguments.images * arguments.tile.per_image;
      const std::int64_t readers = arguments.form.by_batch ? std::int64_t(arguments.select_blocks) : 1;
      std::int64_t bytes = tiles * 32 * (1 + readers) + std::int64_t(arguments.select_blocks) * 24 * 2;
      if (kPass == Pass::gradient) bytes += 8 + (empty(problem) ? 0 : gradient_blocks(arguments) * kBlockThreads * 8);
      return bytes;
    }
    static std::int64_t gradient_blocks(const Arguments& arguments) {
      return arguments.images * ((arguments.priors + kBlockThreads - 1) / kBlockThreads);
    }
    static int launches(const Problem& problem) { return empty(problem) ? 1 : kPass == Pass::gradient ? 3 : 2; }

    static void run(const Problem& problem, Workspace workspace, Stream stream) {
      Arguments arguments = detection::multibox_arguments<T>(problem);
      place_workspace(workspace, arguments);
      const bool nothing = empty(problem);
      if (nothing) arguments.images = 0;
      if (!nothing)
        simt::launch({.kernel = "rank", .grid = unsigned(arguments.images * arguments.tile.per_image), .block = kBlockThreads,
                      .shared_bytes = detection::tile_bytes(arguments.tile, int(sizeof(Arithmetic<T>))), .stream = stream},
                     detection::rank_kernel<T>, arguments);
      if (arguments.form.by_batch && !nothing)
        simt::launch({.kernel = "select", .grid = arguments.select_blocks, .block = detection::kSelectThreads, .stream = stream},
                     detection::select_in_batch_kernel<T>, arguments);
      else
        simt::launch({.kernel = "select", .grid = nothing ? 1u : arguments.select_blocks, .block = detection::kSelectThreads, .stream = stream},
                     detection::select_in_image_kernel<T>, arguments);
      if (writes_gradients(problem))
        simt::launch({.kernel = "gradients", .grid = unsigned(gradient_blocks(arguments)), .block = kBlockThreads, .stream = stream},
                     detection::multibox_gradient_kernel<T>, arguments);
    }
  };
};

}  // namespace lossbench::inline SIMT_BUILD
