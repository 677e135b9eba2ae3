// Stands in for device_cuda.cu in a build without CUDA.
#include "bench/device.h"

namespace lossbench {

Device* cuda_device(std::string& reason) {
  reason = "this build has no CUDA kernels (scripts/bench --cuda=on builds them)";
  return nullptr;
}

}  // namespace lossbench
