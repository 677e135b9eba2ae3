// Variant `all_stages`. The OpenPose loss: all stages and both branches in one launch, with all gradients.
//
//   Builds on  all_parts: blocks of each branch side by side, the block that finishes last adds up.
//   Why        six stages have the same target. Taken one by one, as twelve losses, targets and masks are read six times; here a
//              thread holds a piece of the target while the predictions of all stages pass, six loads in flight.
//   Moves      predictions once, targets once (once for each 8 stages), gradients once. A mask that is the same for all channels is
//              read once for every four of them, the repeats out of the L2.
//   Needs      256 threads a block; any sizes. Accesses are of 16 bytes, or 8, as far as H·W and the arrays' starts allow. Up to 32
//              stages.
//   Order      fixed for a fixed device.
//   Error      see sum_ulps.
#pragma once

#include <algorithm>

#include "core/variant.h"
#include "kernels/pointwise/make_arguments.h"
#include "kernels/pose/openpose_form.h"
#include "kernels/primitives/grid_loop.h"
#include "kernels/primitives/last_block.h"
#include "kernels/primitives/warp_reduce.h"
#include "kernels/primitives/workspace.h"

namespace lossbench::inline SIMT_BUILD {

namespace pose {

constexpr int kMostStages = 32;
constexpr int kStagesAtOnce = 8;
constexpr int kChannelsAtOnce = 4;

template <class T>
struct BranchArguments {
  simt::Global<const T> prediction, target;
  simt::Global<T> gradient;
  std::int64_t channels = 0, groups = 0;
  std::int64_t units = 0;         ///< pieces of work: images x channel groups x vectors of a plane
  std::int64_t stage_stride = 0;  ///< elements of one stage
  double factor[kMostStages];     ///< v·u·c
};

template <class T>
struct OpenposeArguments {
  BranchArguments<T> branch[2];
  unsigned blocks[2] = {0, 0};
  int stages = 0;
  std::int64_t width = 0, plane = 0, vectors = 0;  ///< columns, elements and vectors of one channel
  MaskMode mode = MaskMode::none;
  simt::Global<const T> mask;
  std::int64_t mask_strides[4] = {0, 0, 0, 0};
  bool whole_mask = false;  ///< vectors of a plane are vectors of the mask
  simt::Global<Reduced<T>> loss, table;
  simt::Global<const Reduced<T>> upstream;
  simt::Global<double> partials;  ///< `stages` sums a block
  simt::Global<unsigned> ticket;
};

/// The weights of kWidth neighbouring elements.
template <int kWidth, class T>
__device__ __forceinline__ void read_weights(const OpenposeArguments<T>& arguments, std::int64_t image, std::int64_t channel, std::int64_t at,
                                             Arithmetic<T> (&weights)[kWidth]) {
  using Real = Arithmetic<T>;
  const std::int64_t base = image * arguments.mask_strides[0] + channel * arguments.mask_strides[1];
  if (arguments.whole_mask) {
    const auto vector = simt::load<kWidth>(arguments.mask, base + at);
#pragma unroll
    for (int e = 0; e < kWidth; ++e) weights[e] = widen(vector[e]);
  } else {
#pragma unroll
    for (int e = 0; e < kWidth; ++e)
      weights[e] = widen(simt::load(arguments.mask, base + (at + e) / arguments.width * arguments.mask_strides[2] +
                                                        (at + e) % arguments.width * arguments.mask_strides[3]));
  }
#pragma unroll
  for (int e = 0; e < kWidth; ++e) weights[e] = arguments.mode == MaskMode::both ? weights[e] * weights[e] : Real(weights[e]);
}

/// One branch: stages first_stage … of this block's units, sums of each stage in `sums`.
template <Pass kPass, int kWidth, class T>
__device__ void branch_sums(const OpenposeArguments<T>& arguments, const BranchArguments<T>& branch, int first_stage, std::int64_t thread,
                            std::int64_t threads, double upstream, double (&sums)[kStagesAtOnce]) {
  using Real = Arithmetic<T>;
  Real factor[kStagesAtOnce];
#pragma unroll
  for (int s = 0; s < kStagesAtOnce; ++s)
    factor[s] = first_stage + s < arguments.stages ? Real(2 * upstream * branch.factor[first_stage + s]) : Real(0);
  for (std::int64_t unit = thread; unit < branch.units; unit += threads) {
    const std::int64_t at = unit % arguments.vectors * kWidth, group = unit / arguments.vectors % branch.groups,
                       image = unit / (arguments.vectors * branch.groups);
    Real weights[kWidth];
#pragma unroll
    for (int e = 0; e < kWidth; ++e) weights[e] = 1;
    for (int k = 0; k < kChannelsAtOnce; ++k) {
      const std::int64_t channel = group * kChannelsAtOnce + k;
      if (channel >= branch.channels) break;
      const std::int64_t place = (image * branch.channels + channel) * arguments.plane + at;
      simt::Vec<T, kWidth> prediction[kStagesAtOnce];
#pragma unroll
      for (int s = 0; s < kStagesAtOnce; ++s)
        if (first_stage + s < arguments.stages)
          prediction[s] = simt::load<kWidth, simt::Cache::streaming>(branch.prediction, (first_stage + s) * branch.stage_stride + place);
      const auto target = simt::load<kWidth, simt::Cache::streaming>(branch.target, place);
      if (arguments.mode != MaskMode::none && (k == 0 || arguments.mask_strides[1] != 0))
        read_weights<kWidth>(arguments, image, channel, at, weights);
#pragma unroll
      for (int s = 0; s < kStagesAtOnce; ++s) {
        if (first_stage + s >= arguments.stages) continue;
        Real sum = 0;
        simt::Vec<T, kWidth> gradient;
#pragma unroll
        for (int e = 0; e < kWidth; ++e) {
          // What a mask of 0 hides is not used, whatever it holds.
          const Real difference = weights[e] == 0 ? Real(0) : widen(prediction[s][e]) - widen(target[e]);
          const Real weighted = weights[e] * difference;
          sum += weighted * difference;
          gradient[e] = narrow<T>(factor[s] * weighted);
        }
        sums[s] += double(sum);
        if (kPass == Pass::gradient && branch.gradient)
          simt::store<simt::Cache::streaming>(branch.gradient, (first_stage + s) * branch.stage_stride + place, gradient);
      }
    }
  }
}

/// The last block: a warp for each stage of each branch adds the blocks' sums, then one thread the table.
template <class T>
__device__ void finish_openpose(const OpenposeArguments<T>& arguments) {
  SIMT_SHARED(double, totals, [2 * kMostStages]);
  for (int job = int(threadIdx.x) / kWarp; job < 2 * arguments.stages; job += kBlockThreads / kWarp) {
    const int stage = job / 2, branch = job % 2;
    const unsigned first = branch == 0 ? 0 : arguments.blocks[0], count = branch == 0 ? arguments.blocks[0] : arguments.blocks[1];
    double sum = 0;
    for (unsigned b = threadIdx.x % kWarp; b < count; b += kWarp)
      sum += simt::load<simt::Cache::l2>(arguments.partials, std::int64_t(first + b) * arguments.stages + stage);
    sum = warp_reduce(sum, Plus{});
    if (threadIdx.x % kWarp != 0) continue;
    const double factor = branch == 0 ? arguments.branch[0].factor[stage] : arguments.branch[1].factor[stage];
    totals[job] = factor * sum;
  }
  __syncthreads();
  if (threadIdx.x != 0) return;
  double loss = 0;
  for (int job = 0; job < 2 * arguments.stages; ++job) {
    loss += totals[job];
    if (arguments.table) simt::store(arguments.table, job, Reduced<T>(totals[job]));
  }
  if (arguments.loss) simt::store(arguments.loss, 0, Reduced<T>(loss));
}

template <class T, Pass kPass, int kWidth>
__global__ void __launch_bounds__(kBlockThreads) all_stages_kernel(OpenposeArguments<T> arguments) {
  constexpr int kWarps = kBlockThreads / kWarp;
  SIMT_SHARED(double, shared, [kStagesAtOnce * kWarps]);
  const bool heat = blockIdx.x >= arguments.blocks[0];
  const std::int64_t block = heat ? blockIdx.x - arguments.blocks[0] : blockIdx.x;
  const std::int64_t threads = std::int64_t(heat ? arguments.blocks[1] : arguments.blocks[0]) * kBlockThreads;
  const double upstream = kPass == Pass::gradient && arguments.upstream ? double(simt::load(arguments.upstream, 0)) : 1.0;
  for (int first_stage = 0; first_stage < arguments.stages; first_stage += kStagesAtOnce) {
    double sums[kStagesAtOnce] = {};
    branch_sums<kPass, kWidth>(arguments, heat ? arguments.branch[1] : arguments.branch[0], first_stage, block * kBlockThreads + threadIdx.x,
                               threads, upstream, sums);
#pragma unroll
    for (int s = 0; s < kStagesAtOnce; ++s) {
      const double sum = warp_reduce(sums[s], Plus{});
      if (threadIdx.x % kWarp == 0) shared[s * kWarps + int(threadIdx.x) / kWarp] = sum;
    }
    __syncthreads();
    if (int(threadIdx.x) < kStagesAtOnce && first_stage + int(threadIdx.x) < arguments.stages) {
      double sum = 0;
      for (int w = 0; w < kWarps; ++w) sum += shared[int(threadIdx.x) * kWarps + w];
      simt::store(arguments.partials, std::int64_t(blockIdx.x) * arguments.stages + first_stage + threadIdx.x, sum);
      __threadfence();  // several threads stored: each makes its own sum visible before the ticket is taken
    }
    __syncthreads();
  }
  if (last_block(arguments.ticket)) finish_openpose(arguments);
}

}  // namespace pose

struct AllStages {
  static constexpr const char* kName = "all_stages";
  static constexpr const char* kSummary = "all stages and branches in one launch; a target is read once for all stages";
  static constexpr const char* kLosses[] = {"openpose"};
  static constexpr Order kOrder = Order::run_to_run;
  static constexpr bool kProduction = true;

  /// The elements of one access are added in the arithmetic type, all else in double.
  static double sum_ulps(std::int64_t length, DType element) {
    const double threads = double(grid_blocks(length, 4)) * kBlockThreads;
    return 8 + (double(length) / threads + 64) * (element == DType::f64 ? 1.0 : 0x1p-29);
  }

  template <class T, Pass kPass>
  struct Run {
    using Arguments = pose::OpenposeArguments<T>;

    static std::string rejects(const Problem& problem) {
      for (const NamedArray& input : problem.inputs)
        if (!input.array.is_contiguous()) return std::string(kName) + ": '" + input.name + "' must be contiguous";
      if (problem.inputs.front().array.shape[0] > pose::kMostStages)
        return std::string(kName) + ": 'paf_pred' may have up to " + std::to_string(pose::kMostStages) + " stages";
      return {};
    }

    static std::size_t place_workspace(Workspace workspace, Arguments& arguments) {
      WorkspaceWalk walk(workspace);
      arguments.ticket = walk.take<unsigned>(1, "workspace");
      arguments.partials = walk.take<double>(std::int64_t(arguments.blocks[0] + arguments.blocks[1]) * arguments.stages, "workspace");
      return walk.bytes();
    }
    static std::size_t workspace_bytes(const Problem& problem) {
      Arguments arguments;
      make_arguments(problem, arguments);
      return place_workspace({}, arguments);
    }
    /// A sum for each stage out and in.
    static std::int64_t workspace_traffic(const Problem& problem) {
      Arguments arguments;
      make_arguments(problem, arguments);
      return std::int64_t(arguments.blocks[0] + arguments.blocks[1]) * arguments.stages * 16;
    }
    static int launches(const Problem&) { return 1; }

    static void run(const Problem& problem, Workspace workspace, Stream stream) {
      constexpr int kFull = kVectorWidth<T>, kHalf = kFull > 1 ? kFull / 2 : 1;
      Arguments arguments;
      const int width = make_arguments(problem, arguments);
      place_workspace(workspace, arguments);
      const simt::Launch launch{.kernel = kName, .grid = arguments.blocks[0] + arguments.blocks[1], .block = kBlockThreads, .stream = stream};
      if (width == kFull) simt::launch(launch, pose::all_stages_kernel<T, kPass, kFull>, arguments);
      else if (width == kHalf) simt::launch(launch, pose::all_stages_kernel<T, kPass, kHalf>, arguments);
      else simt::launch(launch, pose::all_stages_kernel<T, kPass, 1>, arguments);
    }

   private:
    /// Fills in everything but the workspace. Returns the elements of one access.
    static int make_arguments(const Problem& problem, Arguments& arguments) {
      const pose::OpenposeForm form = pose::openpose_form(problem);
      arguments.stages = int(form.stages);
      arguments.width = form.width, arguments.plane = form.plane();
      arguments.mode = form.mode;
      if (form.mode != pose::MaskMode::none) arguments.mask = handle<const T>(problem.inputs, "mask");
      std::copy_n(form.mask_strides, 4, arguments.mask_strides);
      for (int b = 0; b < 2; ++b) {
        pose::BranchArguments<T>& branch = arguments.branch[b];
        branch.prediction = handle<const T>(problem.inputs, pose::kPredictions[b]);
        branch.target = handle<const T>(problem.inputs, pose::kTargets[b]);
        if (kPass == Pass::gradient) branch.gradient = handle<T>(problem.outputs, "grad_" + std::string(pose::kPredictions[b]));
        branch.channels = form.channels[b];
        branch.groups = (branch.channels + pose::kChannelsAtOnce - 1) / pose::kChannelsAtOnce;
        branch.stage_stride = form.elements(b);
        for (std::size_t s = 0; s < form.factor[b].size() && s < std::size_t(pose::kMostStages); ++s) branch.factor[s] = form.factor[b][s];
      }
      const int width = access_width(arguments);
      // A mask with rows and columns of its own lies like a plane of the target.
      arguments.whole_mask = arguments.mask && form.mask_strides[3] == 1 && form.mask_strides[2] == form.width &&
                             (form.mask_strides[0] % width | form.mask_strides[1] % width) == 0 &&
                             arguments.mask.misalignment(width * int(sizeof(T))) == 0;
      arguments.vectors = arguments.plane / width;
      for (int b = 0; b < 2; ++b) {
        arguments.branch[b].units = form.images * arguments.branch[b].groups * arguments.vectors;
        arguments.blocks[b] = grid_blocks(arguments.branch[b].units, 1);
      }
      arguments.loss = handle<Reduced<T>>(problem.outputs, "loss");
      arguments.table = handle<Reduced<T>>(problem.outputs, "per_stage_branch");
      arguments.upstream = handle<const Reduced<T>>(problem.inputs, "grad_output");
      return width;
    }

    /// The widest access that divides a plane and at which all arrays start.
    static int access_width(const Arguments& arguments) {
      for (int width : {kVectorWidth<T>, kVectorWidth<T> / 2}) {
        if (width < 2 || arguments.plane == 0 || arguments.plane % width != 0) continue;
        bool aligned = true;
        const auto check = [&](auto array) { aligned = aligned && (!array || array.misalignment(width * int(sizeof(T))) == 0); };
        for (const pose::BranchArguments<T>& branch : arguments.branch) check(branch.prediction), check(branch.target), check(branch.gradient);
        if (aligned) return width;
      }
      return 1;
    }
  };
};

}  // namespace lossbench::inline SIMT_BUILD
