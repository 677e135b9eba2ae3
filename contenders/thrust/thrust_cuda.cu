// Thrust's CUDA system.
#include <thrust/execution_policy.h>

#include "contenders/thrust/thrust_sum.h"
#include "registry/contenders.h"
#include "registry/instantiate_pointwise.h"
#include "simt/simt.h"

namespace lossbench {

namespace {

struct CudaPlace {
  static constexpr const char* kSummary = "thrust::transform_reduce, Thrust's CUDA system; returns through the host";
  static constexpr bool kNeedsGpu = true;
  static constexpr int kLaunches = 2;

  template <class Element>
  static double sum(const Element& element, std::int64_t count, Stream stream) {
    const thrust::counting_iterator<std::int64_t> first(0);
    return thrust::transform_reduce(thrust::cuda::par.on(static_cast<cudaStream_t>(stream)), first, first + count, element, 0.0,
                                    thrust::plus<double>());
  }

  static void write(const Array& loss, double value, Stream stream) {
    const float narrow = static_cast<float>(value);
    const void* source = loss.dtype == DType::f64 ? static_cast<const void*>(&value) : &narrow;
    simt::check(cudaMemcpyAsync(loss.data, source, size_of(loss.dtype), cudaMemcpyHostToDevice, static_cast<cudaStream_t>(stream)),
                "thrust: writing the loss");
  }
};

}  // namespace

Variant thrust_on_cuda() {
  Variant variant = pointwise_part<thrust_contender::Thrust<CudaPlace>, float>(PointwiseEntries{});
  variant.backend = Backend::cuda;
  return variant;
}

}  // namespace lossbench
