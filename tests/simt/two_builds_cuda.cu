// The CUDA side of two_builds_test.cpp.
#include <optional>

#include "tests/simt/two_builds.h"

/// Nothing where there is no GPU.
std::optional<std::vector<std::uint32_t>> results_of_the_gpu() {
  int devices = 0;
  if (cudaGetDeviceCount(&devices) != cudaSuccess || devices == 0) return std::nullopt;
  return simt_test::run_everything();
}
