// Contender `cub_mining`: ssd_multibox with its hard negatives found by cub::DeviceSegmentedSort over keys and places.
//
//   Builds on  radix_mining; changes one thing: the keys are sorted, and the bound is read off at the place of the last negative kept.
//   Why        what a CUDA programmer would call: a stable sort of each image, tuned per architecture, storage given beforehand.
//   Moves      as radix_mining, and keys and places through every pass of the sort.
//   Needs      a GPU; mining in each image (over the batch the sort would be one segment); up to 300 images, since for more CUB looks at their
//              sizes on the host in between, which no graph can hold.
//   Order      CUB's stable sort and ours for the sums; repeats run to run on one device.
//   Error      as radix_mining.
#include <cub/device/device_segmented_sort.cuh>
#include <thrust/iterator/counting_iterator.h>
#include <thrust/iterator/transform_iterator.h>

#include "kernels/detection/radix_mining.h"
#include "registry/contenders.h"
#include "registry/instantiate_pointwise.h"

namespace lossbench {

namespace {

using namespace detection;

/// Segments that CUB sorts on every card without dividing them by size first (PARTITIONING_THRESHOLD of its policies, 300 to 500).
constexpr std::int64_t kMostSegments = 300;

struct SegmentStart {
  std::int64_t priors;
  __host__ __device__ std::int64_t operator()(std::int64_t image) const { return image * priors; }
};

__global__ void places_kernel(std::int64_t count, std::int64_t priors, simt::Global<int> places) {
  grid_elements(count, [&](std::int64_t i) { simt::store(places, i, int(i % priors)); });
}

/// select_in_image_kernel with its bound read from the sorted keys.
template <class T>
__global__ void __launch_bounds__(kSelectThreads)
select_sorted_kernel(MultiboxArguments<T> arguments, simt::Global<const typename MultiboxArguments<T>::Key> sorted, simt::Global<const int> places) {
  SIMT_SHARED(SelectScratch, shared);
  const std::int64_t image = blockIdx.x, first = image * arguments.priors;
  SumPair losses, counts;
  add_tiles(arguments, shared, image * arguments.tile.per_image, arguments.tile.per_image, losses, counts);
  const std::int64_t wanted = arguments.form.wanted(counts.first, counts.second);
  RankBound bound = RankBound::nothing();
  if (wanted > 0) bound = {simt::load(sorted, first + wanted - 1), simt::load(places, first + wanted - 1)};
  keep_in_image(arguments, shared, image, bound, losses, counts);
  if (last_block(arguments.ticket)) finish_multibox(arguments, shared, {0, 0, 0});
}

struct CubMining {
  static constexpr const char* kName = "cub_mining";
  static constexpr const char* kSummary = "hard negatives by cub::DeviceSegmentedSort of all keys";
  static constexpr Order kOrder = Order::run_to_run;
  static constexpr bool kProduction = false;
  static constexpr bool kNeedsGpu = true;

  static double sum_ulps(std::int64_t length, DType element) { return RadixMining::sum_ulps(length, element); }

  template <class T, Pass kPass>
  struct Run {
    using Arguments = MultiboxArguments<T>;
    using Key = typename Arguments::Key;

    struct Layout {
      WorkspaceWalk walk;
      simt::Global<Key> sorted;
      simt::Global<int> places, sorted_places;
      std::size_t storage_bytes = 0;
      simt::Global<char> storage;

      Layout(Workspace workspace, Arguments& arguments) : walk(workspace) {
        const std::int64_t count = arguments.images * arguments.priors;
        arguments.ticket = walk.take<unsigned>(1, "workspace");
        arguments.tile_sums = walk.take<double>(4 * arguments.images * arguments.tile.per_image, "workspace");
        arguments.sums = walk.take<double>(3 * std::int64_t(arguments.select_blocks), "workspace");
        arguments.divisor = walk.take<double>(1, "workspace");
        arguments.bounds = walk.take<unsigned long long>(2 * arguments.images, "workspace");
        arguments.keys = walk.take<Key>(count, "workspace");
        sorted = walk.take<Key>(count, "workspace");
        places = walk.take<int>(count, "workspace");
        sorted_places = walk.take<int>(count, "workspace");
        sort(nullptr, arguments, nullptr);
        storage = walk.take<char>(std::int64_t(storage_bytes), "workspace");
      }

      void sort(void* space, const Arguments& arguments, Stream stream) {
        const auto starts = thrust::make_transform_iterator(thrust::counting_iterator<std::int64_t>(0), SegmentStart{arguments.priors});
        simt::check(cub::DeviceSegmentedSort::StableSortPairsDescending(space, storage_bytes, arguments.keys.raw(), sorted.raw(), places.raw(),
                                                                        sorted_places.raw(), arguments.images * arguments.priors, arguments.images,
                                                                        starts, starts + 1, static_cast<cudaStream_t>(stream)),
                    "cub::DeviceSegmentedSort::StableSortPairsDescending");
      }
    };

    static std::string rejects(const Problem& problem) {
      if (problem.options.word("mining_scope") != "image") return "cub_mining sorts each image: option 'mining_scope' takes image here";
      if (problem.input("labels")->shape[0] > kMostSegments)
        return "cub_mining: 'labels' has " + std::to_string(problem.input("labels")->shape[0]) + " images; accepted here: up to " +
               std::to_string(kMostSegments);
      if (problem.input("labels")->count() == 0) return "cub_mining sorts priors: input 'labels' has none";
      return RadixMining::Run<T, kPass>::rejects(problem);
    }
    static std::size_t workspace_bytes(const Problem& problem) {
      Arguments arguments = multibox_arguments<T>(problem);
      return Layout({}, arguments).walk.bytes();
    }
    static std::int64_t workspace_traffic(const Problem&) { return 0; }  // CUB's own affair
    static int launches(const Problem&) { return kPass == Pass::gradient ? 7 : 6; }  // three of ours and CUB's, which are three or four

    static void run(const Problem& problem, Workspace workspace, Stream stream) {
      Arguments arguments = multibox_arguments<T>(problem);
      Layout layout(workspace, arguments);
      const std::int64_t count = arguments.images * arguments.priors;
      simt::launch({.kernel = "rank", .grid = unsigned(arguments.images * arguments.tile.per_image), .block = kBlockThreads,
                    .shared_bytes = tile_bytes(arguments.tile, int(sizeof(Arithmetic<T>))), .stream = stream},
                   rank_kernel<T>, arguments);
      simt::launch({.kernel = "places", .grid = grid_blocks(count, 1), .block = kBlockThreads, .stream = stream}, places_kernel, count, arguments.priors,
                   layout.places);
      layout.sort(layout.storage.raw(), arguments, stream);
      simt::launch({.kernel = "select", .grid = arguments.select_blocks, .block = kSelectThreads, .stream = stream}, select_sorted_kernel<T>, arguments,
                   simt::Global<const Key>(layout.sorted), simt::Global<const int>(layout.sorted_places));
      if (kPass == Pass::gradient)
        simt::launch({.kernel = "gradients", .grid = unsigned(RadixMining::Run<T, kPass>::gradient_blocks(arguments)), .block = kBlockThreads,
                      .stream = stream},
                     multibox_gradient_kernel<T>, arguments);
    }
  };
};

}  // namespace

Variant cub_mining_on_cuda() {
  Variant variant = describe_variant<CubMining>();
  variant.backend = Backend::cuda;
  variant.implementations.push_back(implementation_of<CubMining::Run<float, Pass::forward>, float>("ssd_multibox", Pass::forward));
  variant.implementations.push_back(implementation_of<CubMining::Run<float, Pass::gradient>, float>("ssd_multibox", Pass::gradient));
  return variant;
}

}  // namespace lossbench
