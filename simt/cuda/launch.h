// Launching on a GPU. Every CUDA call is checked.
#pragma once

#include <cuda_runtime.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>

#include "simt/cuda/memory.h"
#include "simt/device_profile.h"
#include "simt/error.h"

namespace simt::inline SIMT_BUILD {

using ::dim3;

/// Throws what CUDA says, after the name of the call and the kernel or array it was about. The runtime also keeps it as its last error: it
/// is reported here, and must not be found again by whoever looks next (a library, or the process that called us).
inline void check(cudaError_t status, const char* call, const char* about = "") {
  if (status == cudaSuccess) return;
  cudaGetLastError();
  std::string message = call;
  if (*about) message.append(" '").append(about).append("'");
  throw Error(message.append(": ").append(cudaGetErrorString(status)));
}

inline const DeviceProfile& device() {
  static const DeviceProfile profile = [] {
    int id = 0;
    check(cudaGetDevice(&id), "cudaGetDevice");
    cudaDeviceProp properties{};
    check(cudaGetDeviceProperties(&properties, id), "cudaGetDeviceProperties");
    return DeviceProfile{properties.name, properties.multiProcessorCount, properties.maxThreadsPerMultiProcessor,
                         properties.sharedMemPerBlockOptin, static_cast<std::size_t>(properties.l2CacheSize),
                         10 * properties.major + properties.minor, properties.major >= 9 ? 16 : 1};
  }();
  return profile;
}

struct Launch {
  const char* kernel;
  dim3 grid;
  dim3 block;
  std::size_t shared_bytes = 0;
  void* stream = nullptr;  ///< a cudaStream_t
  dim3 cluster = 1;                  ///< blocks that run together and reach each other's shared memory
  bool non_portable_cluster = false;  ///< more than 8 of them, which not every device can run
};

/// Starts `kernel` on the launch's stream; returns before it has run. Arguments are converted to the kernel's parameter types.
template <class... P, class... A>
void launch(const Launch& config, void (*kernel)(P...), A&&... arguments) {
  static_assert(sizeof...(P) == sizeof...(A), "wrong number of kernel arguments");
  constexpr std::size_t kWithoutOptIn = 24 << 10;  // the limit is 48 KB, of which static variables take their part
  if (config.shared_bytes > kWithoutOptIn)
    check(cudaFuncSetAttribute(reinterpret_cast<const void*>(kernel), cudaFuncAttributeMaxDynamicSharedMemorySize,
                               static_cast<int>(config.shared_bytes)),
          "shared memory of", config.kernel);
  const unsigned blocks = config.cluster.x * config.cluster.y * config.cluster.z;
  if (blocks > 1 && device().compute_capability < 90)
    throw Error(std::string("launch of '") + config.kernel + "': clusters need a device of compute capability 9.0 or later");
  constexpr unsigned kPortableCluster = 8;
  if (blocks > kPortableCluster) {
    if (!config.non_portable_cluster)
      throw Error(std::string("launch of '") + config.kernel + "': more than 8 blocks of a cluster must be asked for with non_portable_cluster");
    check(cudaFuncSetAttribute(reinterpret_cast<const void*>(kernel), cudaFuncAttributeNonPortableClusterSizeAllowed, 1), "cluster size of",
          config.kernel);
  }
  cudaLaunchConfig_t cuda{};
  cuda.gridDim = config.grid;
  cuda.blockDim = config.block;
  cuda.dynamicSmemBytes = config.shared_bytes;
  cuda.stream = static_cast<cudaStream_t>(config.stream);
  cudaLaunchAttribute cluster{};
  if (blocks > 1) {
    cluster.id = cudaLaunchAttributeClusterDimension;
    cluster.val.clusterDim.x = config.cluster.x;
    cluster.val.clusterDim.y = config.cluster.y;
    cluster.val.clusterDim.z = config.cluster.z;
    cuda.attrs = &cluster;
    cuda.numAttrs = 1;
  }
  // What this returns is the launch's own: cudaPeekAtLastError() would also find what somebody else has left.
  check(cudaLaunchKernelEx(&cuda, kernel, static_cast<P>(std::forward<A>(arguments))...), "launch of", config.kernel);
}

/// The largest cluster this launch could have (1 without clusters, and where the driver refuses to say), of at most 16 blocks: what the driver
/// answers for the kernel with its shared memory. `config.cluster` is not looked at.
template <class... P>
unsigned largest_cluster(const Launch& config, void (*kernel)(P...)) {
  if (device().compute_capability < 90) return 1;
  const void* function = reinterpret_cast<const void*>(kernel);
  cudaLaunchConfig_t cuda{};
  cuda.gridDim = dim3(16);
  cuda.blockDim = config.block;
  cuda.dynamicSmemBytes = config.shared_bytes;
  int blocks = 1;
  if (cudaFuncSetAttribute(function, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(config.shared_bytes)) != cudaSuccess ||
      cudaFuncSetAttribute(function, cudaFuncAttributeNonPortableClusterSizeAllowed, 1) != cudaSuccess ||
      cudaOccupancyMaxPotentialClusterSize(&blocks, function, &cuda) != cudaSuccess) {
    cudaGetLastError();
    return 1;
  }
  return blocks > 16 ? 16 : blocks < 1 ? 1 : static_cast<unsigned>(blocks);
}

/// Sets the first `count` elements to zero bytes, in the order of the stream.
template <class T>
void fill_zero(Global<T> array, std::int64_t count, void* stream) {
  check(cudaMemsetAsync(array.raw(), 0, static_cast<std::size_t>(count) * sizeof(T), static_cast<cudaStream_t>(stream)),
        "fill_zero");
}

}  // namespace simt::inline SIMT_BUILD
