// What a framework that runs one operation after another has: kernels of one elementwise operation each, and a sum.
#pragma once

#include <string>

#include "core/variant.h"
#include "kernels/losses/math.h"
#include "kernels/pointwise/arguments.h"
#include "kernels/primitives/accumulators.h"
#include "kernels/primitives/grid_reduce.h"
#include "kernels/primitives/workspace.h"

namespace lossbench::inline SIMT_BUILD::eager {

template <class Operation>
__global__ void __launch_bounds__(kBlockThreads) operation_kernel(std::int64_t count, Operation operation) {
  grid_elements(count, [&](std::int64_t i) { operation(i); });
}

template <class Real>
__global__ void __launch_bounds__(kBlockThreads)
sum_kernel(simt::Global<const Real> terms, std::int64_t count, simt::Global<WideSum> partials, simt::Global<unsigned> ticket,
           simt::Global<double> total) {
  WideSum sum{};
  grid_elements(count, [&](std::int64_t i) { sum.add(double(simt::load(terms, i))); });
  if (grid_sum(sum, partials, ticket)) simt::store(total, 0, sum.result());
}

/// Whether the gradient of that input is wanted; true before its memory is known, too, so that launches can be counted.
inline bool wants_gradient(const Problem& problem, const char* input) {
  return problem.pass == Pass::gradient && problem.output("grad_" + std::string(input)) != nullptr;
}

/// A string of launches over arrays in the workspace. Made without workspace it launches nothing and only counts.
class Graph {
 public:
  Graph(Workspace workspace, Stream stream, bool dry) : walk_(workspace), stream_(stream), dry_(dry) {}

  template <class Element>
  simt::Global<Element> array(std::int64_t count) { return walk_.take<Element>(count, "workspace"); }

  /// operation(i) for every i below `count`.
  template <class Operation>
  void run(const char* name, std::int64_t count, const Operation& operation) {
    if (count == 0) return;
    ++launches_;
    if (!dry_)
      simt::launch({.kernel = name, .grid = grid_blocks(count, 1), .block = kBlockThreads, .stream = stream_}, operation_kernel<Operation>, count, operation);
  }

  /// The sum of `count` terms, in memory; 0 over nothing.
  template <class Real>
  simt::Global<double> sum(simt::Global<Real> terms, std::int64_t count) {
    const simt::Global<double> total = array<double>(1);
    const unsigned blocks = grid_blocks(count, 4);
    const simt::Global<unsigned> ticket = array<unsigned>(1);
    const simt::Global<WideSum> partials = array<WideSum>(blocks);
    ++launches_;
    if (!dry_)
      simt::launch({.kernel = "sum", .grid = blocks, .block = kBlockThreads, .stream = stream_}, sum_kernel<Real>, simt::Global<const Real>(terms), count,
                   partials, ticket, total);
    return total;
  }

  /// Another kernel of the string.
  template <class Launch>
  void launch(Launch launch) {
    ++launches_;
    if (!dry_) launch(stream_);
  }

  std::size_t bytes() const { return walk_.bytes(); }
  int launches() const { return launches_; }

 private:
  WorkspaceWalk walk_;
  Stream stream_;
  bool dry_;
  int launches_ = 0;
};

/// log p of every class of every row: x_c - m - log Σ e^(x - m). `place` says where score c of row i lies.
template <class T, class Place>
struct LogSoftmax {
  simt::Global<const T> scores;
  simt::Global<Arithmetic<T>> log_probability;
  Place place;
  int classes;

  __device__ void operator()(std::int64_t row) const {
    using Real = Arithmetic<T>;
    Real maximum = -INFINITY;
    int best = 0;
    for (int c = 0; c < classes; ++c) {
      const Real x = widen(simt::load(scores, place(row, c)));
      if (x > maximum) maximum = x, best = c;
    }
    double others = 0;
    bool proper = maximum - maximum == 0;
    for (int c = 0; c < classes; ++c) {
      const Real x = widen(simt::load(scores, place(row, c)));
      proper = proper && x == x;
      if (c != best) others += double(math::exp(x - maximum));
    }
    const Real log_l = proper ? math::log1p(Real(others)) : Real(NAN);
    for (int c = 0; c < classes; ++c) simt::store(log_probability, row * classes + c, (widen(simt::load(scores, place(row, c))) - maximum) - log_l);
  }
};

/// Gradient of it: g_c - p_c·Σg; exactly 0 where no gradient comes in.
template <class T, class Place>
struct LogSoftmaxBackward {
  simt::Global<const Arithmetic<T>> log_probability, incoming;
  simt::Global<T> gradient;
  Place place;
  int classes;

  __device__ void operator()(std::int64_t row) const {
    using Real = Arithmetic<T>;
    Real sum = 0;
    for (int c = 0; c < classes; ++c) sum += simt::load(incoming, row * classes + c);
    for (int c = 0; c < classes; ++c) {
      const Real g = simt::load(incoming, row * classes + c);
      const Real slope = sum == 0 ? Real(0) : g - math::exp(simt::load(log_probability, row * classes + c)) * sum;
      simt::store(gradient, place(row, c), narrow<T>(slope));
    }
  }
};

struct RowPlace {
  int classes;
  __device__ std::int64_t operator()(std::int64_t row, int c) const { return row * classes + c; }
};

}  // namespace lossbench::inline SIMT_BUILD::eager
