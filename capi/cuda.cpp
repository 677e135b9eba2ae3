#include "capi/cuda.h"

#include <cuda_runtime.h>

#include "capi/errors.h"
#include "registry/list_json.h"

namespace lossbench::capi {
namespace {

void check(cudaError_t error, const char* call) {
  if (error == cudaSuccess) return;
  cudaGetLastError();  // it is reported here and must not be found by the next launch
  throw std::runtime_error(std::string(call) + ": " + cudaGetErrorString(error));
}

}  // namespace

void need_device(int device) {
  int count = 0;
  if (const cudaError_t error = cudaGetDeviceCount(&count); error != cudaSuccess) {
    cudaGetLastError();  // it is reported here and must not be found by the next launch
    throw NoDeviceError(std::string("there is no CUDA device: ") + cudaGetErrorString(error));
  }
  if (device < 0 || device >= count)
    throw NoDeviceError("there is no CUDA device " + std::to_string(device) + "; there are " + std::to_string(count));
}

std::string device_name() {
  cudaDeviceProp properties{};
  if (cudaGetDeviceProperties(&properties, 0) == cudaSuccess) return properties.name;
  cudaGetLastError();
  return {};
}

std::string why_no_device() {
  int count = 0;
  const cudaError_t error = cudaGetDeviceCount(&count);
  if (error == cudaSuccess && count > 0) return {};
  int driver = 0;
  cudaDriverGetVersion(&driver);
  cudaGetLastError();
  return no_cuda_device(driver, error == cudaSuccess ? nullptr : cudaGetErrorString(error));
}

CurrentDevice::CurrentDevice(int device) {
  check(cudaGetDevice(&before_), "cudaGetDevice");
  if (before_ == device) before_ = -1;
  else check(cudaSetDevice(device), "cudaSetDevice");
}

CurrentDevice::~CurrentDevice() {
  if (before_ >= 0) cudaSetDevice(before_);
}

}  // namespace lossbench::capi
