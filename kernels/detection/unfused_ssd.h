// ssd_multibox as a string of framework operations. The selection itself is the one of radix_mining, where a framework sorts twice.
#pragma once

#include "kernels/detection/radix_mining.h"
#include "kernels/detection/unfused_rcnn.h"

namespace lossbench::inline SIMT_BUILD::detection {

/// -log max(p, floor) of the label of every prior, 0 for those left out.
template <class T>
struct PriorLoss {
  MultiboxArguments<T> arguments;
  simt::Global<const Arithmetic<T>> log_probability;
  simt::Global<Arithmetic<T>> losses;
  __device__ void operator()(std::int64_t prior) const {
    const int label = arguments.label(prior);
    simt::store(losses, prior, label < 0 ? Arithmetic<T>(0) : arguments.floored(-simt::load(log_probability, prior * arguments.classes + label)));
  }
};

/// Keys of negatives, 0 for all others.
template <class T>
struct PriorKey {
  MultiboxArguments<T> arguments;
  simt::Global<const Arithmetic<T>> losses;
  __device__ void operator()(std::int64_t prior) const {
    // A log p of exactly 0 has its sign turned: -0 would rank above everything.
    const Arithmetic<T> loss = simt::load(losses, prior);
    simt::store(arguments.keys, prior, arguments.label(prior) == 0 ? RankKey<Arithmetic<T>>::of(loss == 0 ? Arithmetic<T>(0) : loss) : 0);
  }
};

/// Sums of one tile of 256 priors: losses of positives, their box losses, positives, candidates.
template <class T>
struct TileSums {
  MultiboxArguments<T> arguments;
  simt::Global<const Arithmetic<T>> losses, box_losses;
  __device__ void operator()(std::int64_t tile) const {
    const std::int64_t image = tile / arguments.tile.per_image, first = tile % arguments.tile.per_image * arguments.tile.rows;
    double sums[4] = {0, 0, 0, 0};
    for (std::int64_t p = first; p < first + arguments.tile.rows && p < arguments.priors; ++p) {
      const std::int64_t prior = image * arguments.priors + p;
      const int label = arguments.label(prior);
      const auto key = simt::load(arguments.keys, prior);
      sums[3] += arguments.form.by_batch ? key > 1 : key > 0;
      if (arguments.form.by_batch && key > 0) simt::atomic_add(arguments.histogram, std::int64_t(key >> (RankKey<Arithmetic<T>>::kBits - kDigitBits)), 1u);
      if (label <= 0) continue;
      sums[0] += double(simt::load(losses, prior));
      sums[2] += 1;
      for (int k = 0; k < 4; ++k) sums[1] += double(simt::load(box_losses, 4 * prior + k));
    }
    for (int k = 0; k < 4; ++k) simt::store(arguments.tile_sums, 4 * tile + k, sums[k]);
  }
};

template <class T>
__device__ double multibox_scale(const MultiboxArguments<T>& arguments) {
  const double divisor = simt::load(arguments.divisor, 0);
  return divisor == 0 ? 0 : (arguments.upstream ? double(simt::load(arguments.upstream, 0)) : 1.0) / divisor;
}

template <class T>
struct PriorNllBackward {
  MultiboxArguments<T> arguments;
  simt::Global<Arithmetic<T>> gradient;
  __device__ void operator()(std::int64_t i) const {
    const std::int64_t prior = i / arguments.classes, image = prior / arguments.priors;
    const int label = arguments.label(prior);
    bool kept = label > 0;
    if (label == 0) {
      const std::int64_t at = arguments.form.by_batch ? 0 : image;
      const RankBound bound{simt::load(arguments.bounds, 2 * at), std::int64_t(simt::load(arguments.bounds, 2 * at + 1))};
      kept = bound.keeps(simt::load(arguments.keys, prior), arguments.form.by_batch ? prior : prior - image * arguments.priors);
    }
    simt::store(gradient, i, kept && i % arguments.classes == label ? Arithmetic<T>(-multibox_scale(arguments)) : Arithmetic<T>(0));
  }
};

template <class T>
struct PriorBoxBackward {
  MultiboxArguments<T> arguments;
  simt::Global<const Arithmetic<T>> difference;
  __device__ void operator()(std::int64_t i) const {
    const double scale = multibox_scale(arguments) * arguments.form.alpha;
    const bool positive = arguments.label(i / 4) > 0 && scale != 0;
    simt::store(arguments.box_gradient, i, narrow<T>(positive ? Arithmetic<T>(scale) * arguments.smooth.slope(simt::load(difference, i)) : Arithmetic<T>(0)));
  }
};

template <class T, Pass kPass>
void unfused_multibox(const Problem& problem, eager::Graph& graph) {
  using Real = Arithmetic<T>;
  using Key = typename MultiboxArguments<T>::Key;
  MultiboxArguments<T> arguments = multibox_arguments<T>(problem);
  const std::int64_t count = arguments.images * arguments.priors, scores = count * arguments.classes;
  arguments.tile = {.rows = kBlockThreads, .lanes = 1, .pitch = 1, .staged = false, .per_image = (arguments.priors + kBlockThreads - 1) / kBlockThreads};
  arguments.ticket = graph.array<unsigned>(1);
  arguments.histogram = graph.array<unsigned>(arguments.form.by_batch ? kBins : 0);
  arguments.tile_sums = graph.array<double>(4 * arguments.images * arguments.tile.per_image);
  arguments.sums = graph.array<double>(3 * std::int64_t(arguments.select_blocks));
  arguments.divisor = graph.array<double>(1);
  arguments.bounds = graph.array<unsigned long long>(2 * (arguments.form.by_batch ? 1 : arguments.images));
  arguments.keys = graph.array<Key>(count);
  if (arguments.form.by_batch) {
    arguments.candidates = graph.array<int>(count);
    arguments.candidate_counts = graph.array<int>(arguments.select_blocks);
  }
  const auto log_probability = graph.array<Real>(scores), losses = graph.array<Real>(count);
  const auto difference = graph.array<Real>(4 * count), box_losses = graph.array<Real>(4 * count);
  const BoxList<T> list{arguments.boxes, arguments.targets, {}, {}, arguments.labels, true, false, 1, arguments.classes};
  graph.run("log_softmax", count, eager::LogSoftmax<T, eager::RowPlace>{arguments.scores, log_probability, {arguments.classes}, arguments.classes});
  graph.run("nll", count, PriorLoss<T>{arguments, log_probability, losses});
  graph.run("key", count, PriorKey<T>{arguments, losses});
  graph.run("difference", 4 * count, BoxDifference<T>{list, difference});
  graph.run("smooth_l1", 4 * count, Smooth<Real>{arguments.smooth, difference, box_losses});
  graph.run("sums", arguments.images * arguments.tile.per_image, TileSums<T>{arguments, losses, box_losses});
  graph.launch([&](Stream stream) {
    MultiboxArguments<T> selecting = arguments;
    const bool nothing = count == 0;
    if (nothing) selecting.images = 0;
    const auto kernel = arguments.form.by_batch && !nothing ? select_in_batch_kernel<T> : select_in_image_kernel<T>;
    simt::launch({.kernel = "select", .grid = nothing ? 1u : arguments.select_blocks, .block = kSelectThreads, .stream = stream}, kernel, selecting);
  });
  if (eager::wants_gradient(problem, "conf_logits")) {
    const auto slope = graph.array<Real>(scores);
    graph.run("nll_backward", scores, PriorNllBackward<T>{arguments, slope});
    graph.run("log_softmax_backward", count,
              eager::LogSoftmaxBackward<T, eager::RowPlace>{log_probability, slope, arguments.score_gradient, {arguments.classes}, arguments.classes});
  }
  if (eager::wants_gradient(problem, "loc_pred"))
    graph.run("smooth_l1_backward", 4 * count, PriorBoxBackward<T>{arguments, difference});
}

}  // namespace lossbench::inline SIMT_BUILD::detection
