// Thrust's sequential host system: the contender `thrust` where it runs without a GPU.
#include <thrust/system/cpp/execution_policy.h>

#include "contenders/thrust/thrust_sum.h"
#include "registry/contenders.h"
#include "registry/instantiate_pointwise.h"

namespace lossbench {

namespace {

struct HostPlace {
  static constexpr const char* kSummary = "thrust::transform_reduce, Thrust's sequential host system";
  static constexpr bool kNeedsGpu = false;
  static constexpr int kLaunches = 0;

  template <class Element>
  static double sum(const Element& element, std::int64_t count, Stream) {
    const thrust::counting_iterator<std::int64_t> first(0);
    return thrust::transform_reduce(thrust::cpp::par, first, first + count, element, 0.0, thrust::plus<double>());
  }

  static void write(const Array& loss, double value, Stream) {
    if (loss.dtype == DType::f64) *loss.as<double>() = value;
    else *loss.as<float>() = static_cast<float>(value);
  }
};

}  // namespace

Variant thrust_on_host() {
  Variant variant = pointwise_part<thrust_contender::Thrust<HostPlace>, float>(PointwiseEntries{});
  variant.backend = Backend::cpu;
  return variant;
}

}  // namespace lossbench
