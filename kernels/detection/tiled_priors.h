// Variant `tiled_priors`. The parts of SSD's loss by themselves: a loss for each prior, and its gradients, in one launch.
//
//   Builds on  elementwise; changes one thing: a loss belongs to a row of numbers, four of a box or one a class.
//   Why        a row of 21 numbers fits no vector and no warp. A block reads a tile of rows by 16-byte loads, writes gradients as it
//              reads, leaves the losses of the numbers in shared memory, and there a thread adds a row.
//   Moves      every input once, the losses or their sum once, gradients once.
//   Needs      256 threads a block; any sizes, any alignment. Rows beyond 1400 classes are read by a warp each, without a tile.
//   Order      fixed for a fixed device.
//   Error      rows of up to 1400 numbers are added in double.
#pragma once

#include "kernels/detection/rcnn_launch.h"
#include "kernels/detection/tile.h"
#include "kernels/primitives/grid_reduce.h"
#include "kernels/primitives/accumulators.h"
#include "kernels/primitives/workspace.h"

namespace lossbench::inline SIMT_BUILD {

namespace detection {

template <class T>
struct PriorArguments {
  simt::Global<const T> input, target;
  std::int64_t rows = 0;
  int width = 4;               ///< numbers of a row
  bool smooth = true;          ///< smooth L1 of a difference; otherwise -y·log max(p, eps)
  losses::SmoothL1 smooth_l1;
  Arithmetic<T> eps = 0;
  TileShape tile;
  std::int64_t tiles = 0;
  double divisor = 1;
  simt::Global<T> row_losses, gradient;
  simt::Global<Reduced<T>> loss;
  simt::Global<const T> row_upstream;
  simt::Global<const Reduced<T>> upstream;
  simt::Global<WideSum> partials;
  simt::Global<unsigned> ticket;

  using Real = Arithmetic<T>;
  __device__ Real value(Real x, Real y) const {
    if (smooth) return smooth_l1.value(x, y);
    if (y == 0) return 0;
    return -y * math::log(x < eps ? eps : x);
  }
  __device__ Real slope(Real x, Real y) const {
    if (smooth) return smooth_l1.gradient(x, y);
    return y == 0 || x < eps ? Real(0) : -y / x;
  }
  __device__ double scale(std::int64_t row) const {
    if (row_upstream) return double(widen(simt::load(row_upstream, row)));
    return (upstream ? double(simt::load(upstream, 0)) : 1.0) / divisor;
  }
};

/// One number of a row: its gradient goes out, its loss is returned.
template <Pass kPass, class T>
__device__ __forceinline__ Arithmetic<T> prior_number(const PriorArguments<T>& arguments, std::int64_t at, Arithmetic<T> x, Arithmetic<T> y,
                                                      double scale) {
  using Real = Arithmetic<T>;
  if (kPass == Pass::gradient && arguments.gradient)
    simt::store<simt::Cache::streaming>(arguments.gradient, at, narrow<T>(Real(scale) * arguments.slope(x, y)));
  return arguments.value(x, y);
}

template <class T, Pass kPass>
__global__ void __launch_bounds__(kBlockThreads) tiled_priors_kernel(PriorArguments<T> arguments) {
  using Real = Arithmetic<T>;
  Real* const shared_tile = simt::dynamic_shared<Real>();
  SIMT_SHARED(double, shared_scales, [kBlockThreads]);
  const TileShape& tile = arguments.tile;
  const int width = arguments.width, row = int(threadIdx.x) / tile.lanes, rank = int(threadIdx.x) % tile.lanes;
  WideSum sum{};
  for (std::int64_t t = blockIdx.x; t < arguments.tiles; t += gridDim.x) {
    const std::int64_t first = t * tile.rows, left = arguments.rows - first;
    const int rows = left < tile.rows ? int(left) : tile.rows;
    if (kPass == Pass::gradient && int(threadIdx.x) < rows) shared_scales[threadIdx.x] = arguments.scale(first + threadIdx.x);
    __syncthreads();
    if (tile.staged) {
      const std::int64_t from = first * width;
      const int count = rows * width;
      constexpr int kWidth = kVectorWidth<T>;
      const int phase = arguments.input.offset(from).misalignment(), head = phase < count ? phase : count;
      const bool together = arguments.target.offset(from).misalignment() == phase &&
                            (!arguments.gradient || arguments.gradient.offset(from).misalignment() == phase);
      const int vectors = together ? (count - head) / kWidth : 0;
      const auto place = [&](int at) { return shared_tile + (at / width * tile.pitch + at % width); };
      for (int n = int(threadIdx.x); n < count - vectors * kWidth; n += kBlockThreads) {
        const int at = n < head ? n : n + vectors * kWidth;
        const Real x = widen(simt::load<simt::Cache::streaming>(arguments.input, from + at));
        const Real y = widen(simt::load<simt::Cache::streaming>(arguments.target, from + at));
        *place(at) = prior_number<kPass>(arguments, from + at, x, y, kPass == Pass::gradient ? shared_scales[at / width] : 1.0);
      }
      for (int n = int(threadIdx.x); n < vectors; n += kBlockThreads) {
        const int at = head + n * kWidth;
        const auto x = simt::load<kWidth, simt::Cache::streaming>(arguments.input, from + at);
        const auto y = simt::load<kWidth, simt::Cache::streaming>(arguments.target, from + at);
        [[maybe_unused]] simt::Vec<T, kWidth> slopes{};
#pragma unroll
        for (int e = 0; e < kWidth; ++e) {
          *place(at + e) = arguments.value(widen(x[e]), widen(y[e]));
          if constexpr (kPass == Pass::gradient)
            slopes[e] = narrow<T>(Real(shared_scales[(at + e) / width]) * arguments.slope(widen(x[e]), widen(y[e])));
        }
        if (kPass == Pass::gradient && arguments.gradient) simt::store<simt::Cache::streaming>(arguments.gradient, from + at, slopes);
      }
      __syncthreads();
    }
    double loss = 0;
    for (int c = rank; c < width && row < rows; c += tile.lanes) {
      if (tile.staged) {
        loss += double(shared_tile[row * tile.pitch + c]);
      } else {
        const std::int64_t at = (first + row) * width + c;
        loss += double(prior_number<kPass>(arguments, at, widen(simt::load(arguments.input, at)), widen(simt::load(arguments.target, at)),
                                           kPass == Pass::gradient ? shared_scales[row] : 1.0));
      }
    }
    loss = team_reduce(loss, tile.lanes, Plus{});
    if (row < rows && rank == 0) {
      sum.add(loss);
      if (arguments.row_losses) simt::store(arguments.row_losses, first + row, narrow<T>(loss));
    }
    __syncthreads();
  }
  if (arguments.loss && grid_sum(sum, arguments.partials, arguments.ticket))
    simt::store(arguments.loss, 0, Reduced<T>(arguments.divisor == 0 ? 0.0 : sum.result() / arguments.divisor));
}

}  // namespace detection

struct TiledPriors {
  static constexpr const char* kName = "tiled_priors";
  static constexpr const char* kSummary = "tiles of priors through shared memory: a loss a row, gradients as they are read";
  static constexpr const char* kLosses[] = {"ssd_loc", "ssd_conf"};
  static constexpr Order kOrder = Order::run_to_run;
  static constexpr bool kProduction = true;

  static double sum_ulps(std::int64_t length, DType element) {
    return (double(length) / (double(grid_blocks(length, 1)) * kBlockThreads) + 1500) * (element == DType::f64 ? 1.0 : 0x1p-29);
  }

  template <class T, Pass kPass>
  struct Run {
    using Arguments = detection::PriorArguments<T>;

    static std::string rejects(const Problem& problem) {
      for (const NamedArray& input : problem.inputs)
        if (!input.array.is_contiguous()) return std::string(kName) + ": '" + input.name + "' must be contiguous";
      if (problem.inputs.front().array.shape.back() > (1 << 20)) return std::string(kName) + ": rows may have up to 2^20 numbers";
      return {};
    }

    static unsigned blocks(const Arguments& arguments) {
      const std::int64_t most = std::int64_t(simt::device().sm_count) * 8;
      return unsigned(arguments.tiles < 1 ? 1 : arguments.tiles < most ? arguments.tiles : most);
    }
    static std::size_t place_workspace(Workspace workspace, Arguments& arguments, bool reduces) {
      WorkspaceWalk walk(workspace);
      if (!reduces) return 0;
      arguments.ticket = walk.take<unsigned>(1, "workspace");
      arguments.partials = walk.take<WideSum>(blocks(arguments), "workspace");
      return walk.bytes();
    }
    static std::size_t workspace_bytes(const Problem& problem) {
      Arguments arguments = make_arguments(problem);
      return place_workspace({}, arguments, problem.reduces());
    }
    static std::int64_t workspace_traffic(const Problem& problem) { return problem.reduces() ? std::int64_t(blocks(make_arguments(problem))) * 16 : 0; }
    static int launches(const Problem& problem) { return problem.reduces() || problem.inputs.front().array.count() > 0; }

    static void run(const Problem& problem, Workspace workspace, Stream stream) {
      if (launches(problem) == 0) return;
      Arguments arguments = make_arguments(problem);
      place_workspace(workspace, arguments, problem.reduces());
      simt::launch({.kernel = kName, .grid = blocks(arguments), .block = kBlockThreads,
                    .shared_bytes = detection::tile_bytes(arguments.tile, int(sizeof(Arithmetic<T>))), .stream = stream},
                   detection::tiled_priors_kernel<T, kPass>, arguments);
    }

   private:
    static Arguments make_arguments(const Problem& problem) {
      Arguments arguments;
      const NamedArray& input = problem.inputs.front();
      const Shape& shape = input.array.shape;
      arguments.smooth = problem.loss == "ssd_loc";
      arguments.width = int(shape.back());
      arguments.rows = arguments.width > 0 ? input.array.count() / arguments.width : shape[0] * shape[1];
      arguments.input = handle<const T>(problem.inputs, input.name);
      arguments.target = handle<const T>(problem.inputs, "target");
      if (arguments.smooth) {
        const double beta = problem.options.real("beta");
        arguments.smooth_l1 = {.beta = beta, .inverse_beta = 1 / beta};
      } else {
        arguments.eps = Arithmetic<T>(problem.options.real("eps"));
      }
      arguments.tile = detection::tile_shape(arguments.width, int(sizeof(Arithmetic<T>)), arguments.rows);
      arguments.tiles = arguments.tile.per_image;
      if (kPass == Pass::gradient) arguments.gradient = handle<T>(problem.outputs, "grad_" + input.name);
      if (!problem.reduces()) {
        arguments.row_losses = handle<T>(problem.outputs, "loss");
        arguments.row_upstream = handle<const T>(problem.inputs, "grad_output");
        return arguments;
      }
      arguments.loss = handle<Reduced<T>>(problem.outputs, "loss");
      arguments.upstream = handle<const Reduced<T>>(problem.inputs, "grad_output");
      if (problem.reduction() == Reduction::mean) arguments.divisor = double(arguments.rows);
      if (problem.reduction() == Reduction::batch) arguments.divisor = double(shape[0]);
      return arguments;
    }
  };
};

}  // namespace lossbench::inline SIMT_BUILD
