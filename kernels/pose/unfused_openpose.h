// The OpenPose loss as a string of framework operations: each stage of each branch is a loss of its own.
#pragma once

#include "kernels/detection/eager.h"
#include "kernels/pose/all_stages.h"

namespace lossbench::inline SIMT_BUILD::pose {

/// W of one element of a branch: 1, mask or mask².
template <class T>
struct WeightOf {
  simt::Global<const T> mask;
  MaskMode mode;
  std::int64_t strides[4];
  std::int64_t channels, height, width;
  __device__ Arithmetic<T> operator()(std::int64_t i) const {
    if (mode == MaskMode::none) return 1;
    const std::int64_t x = i % width, y = i / width % height, c = i / (width * height) % channels, b = i / (width * height * channels);
    const Arithmetic<T> m = widen(simt::load(mask, b * strides[0] + c * strides[1] + y * strides[2] + x * strides[3]));
    return mode == MaskMode::both ? m * m : m;
  }
};

template <class T>
struct MaskedDifference {
  simt::Global<const T> prediction, target;
  WeightOf<T> weight;
  simt::Global<Arithmetic<T>> difference;
  __device__ void operator()(std::int64_t i) const {
    using Real = Arithmetic<T>;
    simt::store(difference, i, weight(i) == 0 ? Real(0) : Real(widen(simt::load(prediction, i))) - Real(widen(simt::load(target, i))));
  }
};

template <class T>
struct WeightedSquare {
  WeightOf<T> weight;
  simt::Global<Arithmetic<T>> difference, square;
  __device__ void operator()(std::int64_t i) const {
    const Arithmetic<T> d = simt::load(difference, i);
    simt::store(square, i, weight(i) * d * d);
  }
};

template <class T>
struct ScaleDifference {
  WeightOf<T> weight;
  simt::Global<Arithmetic<T>> difference;
  double factor;
  simt::Global<const Reduced<T>> upstream;
  simt::Global<T> gradient;
  __device__ void operator()(std::int64_t i) const {
    const double scale = 2 * factor * (upstream ? double(simt::load(upstream, 0)) : 1.0);
    simt::store(gradient, i, narrow<T>(Arithmetic<T>(scale) * (weight(i) * simt::load(difference, i))));
  }
};

template <class T>
struct StageLoss {
  simt::Global<const double> sum;
  double factor;
  simt::Global<double> total;
  simt::Global<Reduced<T>> entry, loss;  ///< of the table; of the whole, after the last stage
  bool first;
  __device__ void operator()(std::int64_t) const {
    const double value = factor * simt::load(sum, 0), so_far = (first ? 0.0 : simt::load(total, 0)) + value;
    if (entry) simt::store(entry, 0, Reduced<T>(value));
    if (loss) simt::store(loss, 0, Reduced<T>(so_far));
    simt::store(total, 0, so_far);
  }
};

template <class T, Pass kPass>
void unfused_openpose(const Problem& problem, eager::Graph& graph) {
  using Real = Arithmetic<T>;
  const OpenposeForm form = openpose_form(problem);
  const auto total = graph.array<double>(1);
  const auto table = handle<Reduced<T>>(problem.outputs, "per_stage_branch"), loss = handle<Reduced<T>>(problem.outputs, "loss");
  for (std::int64_t stage = 0; stage < form.stages; ++stage)
    for (int b = 0; b < 2; ++b) {
      const std::int64_t count = form.elements(b);
      WeightOf<T> weight{{}, form.mode, {}, form.channels[b], form.height, form.width};
      if (form.mode != MaskMode::none) weight.mask = handle<const T>(problem.inputs, "mask");
      std::copy_n(form.mask_strides, 4, weight.strides);
      const double factor = form.factor[b][std::size_t(stage)];
      const auto difference = graph.array<Real>(count), square = graph.array<Real>(count);
      graph.run("difference", count, MaskedDifference<T>{handle<const T>(problem.inputs, kPredictions[b]).offset(stage * count),
                                                         handle<const T>(problem.inputs, kTargets[b]), weight, difference});
      graph.run("square", count, WeightedSquare<T>{weight, difference, square});
      const auto sum = graph.sum(square, count);
      const bool last = stage + 1 == form.stages && b == 1;
      graph.run("scale", 1, StageLoss<T>{sum, factor, total, table ? table.offset(2 * stage + b) : table, last ? loss : simt::Global<Reduced<T>>(),
                                         stage == 0 && b == 0});
      const auto gradient = kPass == Pass::gradient ? handle<T>(problem.outputs, "grad_" + std::string(kPredictions[b])) : simt::Global<T>();
      if (eager::wants_gradient(problem, kPredictions[b]))
        graph.run("scale_difference", count,
                  ScaleDifference<T>{weight, difference, factor, handle<const Reduced<T>>(problem.inputs, "grad_output"), gradient.offset(stage * count)});
    }
}

}  // namespace lossbench::inline SIMT_BUILD::pose
