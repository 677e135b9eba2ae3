// A CUDA device: memory, one stream, and time between two events.
#include <cuda_runtime.h>

#include <algorithm>
#include <stdexcept>

#include "bench/device.h"

namespace lossbench {
namespace {

void check(cudaError_t error, const char* call) {
  if (error == cudaSuccess) return;
  throw std::runtime_error(std::string(call) + ": " + cudaGetErrorString(error));
}

class CudaDevice final : public Device {
 public:
  CudaDevice() {
    check(cudaSetDevice(0), "cudaSetDevice");
    check(cudaGetDeviceProperties(&properties_, 0), "cudaGetDeviceProperties");
    check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "cudaStreamCreate");
    check(cudaEventCreate(&start_), "cudaEventCreate");
    check(cudaEventCreate(&stop_), "cudaEventCreate");
  }
  // The one CudaDevice lives to the end of the process, when the driver may be gone already: nothing is destroyed.

  Where where() const override { return Where::cuda; }
  std::string name() const override { return properties_.name; }
  std::size_t cache_bytes() const override { return static_cast<std::size_t>(properties_.l2CacheSize); }

  void* allocate(std::size_t bytes) override {
    void* data = nullptr;
    check(cudaMalloc(&data, std::max<std::size_t>(bytes, 1)), "cudaMalloc");
    return data;
  }
  void release(void* data) noexcept override { cudaFree(data); }
  void upload(void* to, const void* from, std::size_t bytes) override { copy(to, from, bytes, cudaMemcpyHostToDevice); }
  void download(void* to, const void* from, std::size_t bytes) override { copy(to, from, bytes, cudaMemcpyDeviceToHost); }
  void fill(void* data, unsigned char byte, std::size_t bytes) override {
    if (bytes) check(cudaMemsetAsync(data, byte, bytes, stream_), "cudaMemsetAsync");
  }

  Stream stream() override { return stream_; }
  void finish() override { check(cudaStreamSynchronize(stream_), "cudaStreamSynchronize"); }
  double seconds(const std::function<void()>& work) override {
    finish();
    check(cudaEventRecord(start_, stream_), "cudaEventRecord");
    work();
    check(cudaEventRecord(stop_, stream_), "cudaEventRecord");
    check(cudaEventSynchronize(stop_), "cudaEventSynchronize");
    float milliseconds = 0;
    check(cudaEventElapsedTime(&milliseconds, start_, stop_), "cudaEventElapsedTime");
    return static_cast<double>(milliseconds) * 1e-3;
  }

 private:
  void copy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
    if (!bytes) return;
    check(cudaMemcpyAsync(to, from, bytes, kind, stream_), "cudaMemcpyAsync");
    finish();
  }

  cudaDeviceProp properties_{};
  cudaStream_t stream_ = nullptr;
  cudaEvent_t start_ = nullptr, stop_ = nullptr;
};

}  // namespace

Device* cuda_device(std::string& reason) {
  int count = 0;
  if (const cudaError_t error = cudaGetDeviceCount(&count); error != cudaSuccess || count == 0) {
    reason = error == cudaSuccess ? "no CUDA device here" : std::string("no CUDA device here (") + cudaGetErrorString(error) + ")";
    return nullptr;
  }
  static CudaDevice* const device = new CudaDevice;
  return device;
}

}  // namespace lossbench
