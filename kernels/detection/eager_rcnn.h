// Framework operations that the Faster R-CNN losses are strung together from: each reads its operands from memory and writes its result.
#pragma once

#include "kernels/detection/eager.h"
#include "kernels/detection/rcnn_launch.h"
#include "kernels/losses/bce.h"

namespace lossbench::inline SIMT_BUILD::detection {

/// Sums that divisors ask for, in memory; absent ones are not needed.
struct Counts {
  simt::Global<const double> sampled, positives;
  double unit = 1;
  __device__ double of(simt::Global<const double> count) const { return count ? unit * simt::load(count, 0) : 1.0; }
};

/// upstream·factor/divisor of a part.
template <class T>
struct PartScale {
  TermArguments<T> term;
  Counts counts;
  simt::Global<const Reduced<T>> upstream;
  __device__ double get() const {
    const double by = term.divisor(counts.of(counts.sampled), counts.of(counts.positives));
    return by == 0 ? 0 : (upstream ? double(simt::load(upstream, 0)) : 1.0) * term.factor / by;
  }
};

struct AnchorScorePlace {
  std::int64_t anchors, cells;
  bool channels;
  int width;
  __device__ std::int64_t operator()(std::int64_t row, int score) const {
    if (!channels) return row * width + score;
    const std::int64_t anchor = row % anchors, cell = row / anchors % cells, image = row / (anchors * cells);
    return ((image * width + score) * anchors + anchor) * cells + cell;
  }
};

/// 1 where a label (or a weight) counts.
template <class Real, class T>
struct CountMask {
  Labels labels;
  simt::Global<const T> weights;
  std::int64_t least;
  simt::Global<Real> mask;
  __device__ void operator()(std::int64_t i) const {
    if (weights) return simt::store(mask, i, Real(widen(simt::load(weights, i)) != 0));
    const std::int64_t label = labels[i];
    simt::store(mask, i, Real(label >= least && label <= 1));
  }
};

/// -log p of the label of a row; 0 for labels that are left out.
template <class Real>
struct Nll {
  simt::Global<const Real> log_probability;
  Labels labels;
  int classes;
  simt::Global<Real> losses;
  __device__ void operator()(std::int64_t row) const {
    const std::int64_t label = labels[row];
    simt::store(losses, row, label >= 0 && label < classes ? -simt::load(log_probability, row * classes + label) : Real(0));
  }
};

template <class T>
struct NllBackward {
  Labels labels;
  int classes;
  PartScale<T> scale;
  simt::Global<Arithmetic<T>> gradient;
  __device__ void operator()(std::int64_t i) const {
    simt::store(gradient, i, labels[i / classes] == i % classes ? Arithmetic<T>(-scale.get()) : Arithmetic<T>(0));
  }
};

/// Binary cross-entropy of single logits, or its gradient.
template <class T>
struct BceOfAnchors {
  simt::Global<const T> logits;
  Labels labels;
  AnchorScorePlace place;
  simt::Global<Arithmetic<T>> losses;
  PartScale<T> scale;
  simt::Global<T> gradient;
  __device__ void operator()(std::int64_t i) const {
    using Real = Arithmetic<T>;
    const std::int64_t label = labels[i];
    const bool kept = label == 0 || label == 1;
    const Real x = kept ? Real(widen(simt::load(logits, place(i, 0)))) : Real(0);
    const losses::BceLogits bce{};
    if (losses) simt::store(losses, i, kept ? bce.value(x, Real(label), Real(1), Real(1)) : Real(0));
    const Real slope = kept ? bce.gradient(x, Real(label), Real(1), Real(1)) : Real(0);
    if (gradient) simt::store(gradient, place(i, 0), narrow<T>(kept ? Real(scale.get()) * slope : Real(0)));
  }
};

/// Boxes of a part as one list of coordinates: all of them, or four a row chosen by its label.
template <class T>
struct BoxList {
  simt::Global<const T> boxes, targets, inside, outside;
  Labels labels;
  bool by_label = false, masks_only = false;
  int columns = 1;  ///< of four predictions each; 1: whatever the label
  std::int64_t classes = 2;

  __device__ Arithmetic<T> factor(simt::Global<const T> weights, std::int64_t i) const {
    return weights ? Arithmetic<T>(widen(simt::load(weights, i))) : Arithmetic<T>(1);
  }
  __device__ Arithmetic<T> outer(std::int64_t i) const {
    const Arithmetic<T> w = factor(outside, i);
    return masks_only && w != 0 && w == w ? Arithmetic<T>(1) : w;
  }
  __device__ bool enters(std::int64_t i) const {
    if (by_label) {
      const std::int64_t label = labels[i / 4];
      if (label < 1 || label >= classes) return false;
    }
    return factor(inside, i) != 0 && outer(i) != 0;
  }
  __device__ std::int64_t prediction(std::int64_t i) const {
    if (!by_label || columns == 1) return i;
    return (i / 4 * columns + labels[i / 4]) * 4 + i % 4;
  }
};

/// w_in·(prediction - target), 0 where a weight or a label leaves the coordinate out.
template <class T>
struct BoxDifference {
  BoxList<T> list;
  simt::Global<Arithmetic<T>> difference;
  __device__ void operator()(std::int64_t i) const {
    using Real = Arithmetic<T>;
    Real d = 0;
    if (list.enters(i)) d = list.factor(list.inside, i) * (Real(widen(simt::load(list.boxes, list.prediction(i)))) - Real(widen(simt::load(list.targets, i))));
    simt::store(difference, i, d);
  }
};

template <class Real>
struct Smooth {
  losses::SmoothL1 smooth;
  simt::Global<Real> difference, losses;
  __device__ void operator()(std::int64_t i) const { simt::store(losses, i, smooth.of_difference(simt::load(difference, i))); }
};

template <class T>
struct WeighLosses {
  BoxList<T> list;
  simt::Global<Arithmetic<T>> losses;
  __device__ void operator()(std::int64_t i) const {
    simt::store(losses, i, list.enters(i) ? list.outer(i) * simt::load(losses, i) : Arithmetic<T>(0));
  }
};

template <class T>
struct SmoothBackward {
  BoxList<T> list;
  losses::SmoothL1 smooth;
  PartScale<T> scale;
  simt::Global<Arithmetic<T>> difference;  ///< becomes its gradient
  __device__ void operator()(std::int64_t i) const {
    using Real = Arithmetic<T>;
    simt::store(difference, i, list.enters(i) ? Real(scale.get()) * (list.outer(i) * smooth.slope(simt::load(difference, i))) : Real(0));
  }
};

/// Gradient of every prediction out of that of the listed ones.
template <class T>
struct ScatterBoxes {
  BoxList<T> list;
  simt::Global<Arithmetic<T>> slope;
  simt::Global<T> gradient;
  __device__ void operator()(std::int64_t i) const {
    using Real = Arithmetic<T>;
    std::int64_t from = i;
    bool listed = true;
    if (list.by_label && list.columns > 1) {
      const std::int64_t row = i / (4 * list.columns), column = i / 4 % list.columns;
      listed = list.labels[row] == column;
      from = 4 * row + i % 4;
    }
    simt::store(gradient, i, narrow<T>(listed && list.enters(from) ? list.factor(list.inside, from) * simt::load(slope, from) : Real(0)));
  }
};

/// One part's loss out of its sum, and its share in the total.
template <class T>
struct DividePart {
  TermArguments<T> term;
  Counts counts;
  simt::Global<const double> sum;
  simt::Global<double> total;
  bool first;
  __device__ void operator()(std::int64_t) const {
    const double value = term.quotient(simt::load(sum, 0), counts.of(counts.sampled), counts.of(counts.positives));
    if (term.loss) simt::store(term.loss, 0, Reduced<T>(value));
    simt::store(total, 0, (first ? 0.0 : simt::load(total, 0)) + term.factor * value);
  }
};

template <class T>
struct StoreTotal {
  simt::Global<const double> total;
  simt::Global<Reduced<T>> loss;
  __device__ void operator()(std::int64_t) const { simt::store(loss, 0, Reduced<T>(simt::load(total, 0))); }
};

}  // namespace lossbench::inline SIMT_BUILD::detection
