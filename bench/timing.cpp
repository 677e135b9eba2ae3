#include "bench/timing.h"

#include <algorithm>
#include <cmath>

namespace lossbench {
namespace {

constexpr double kWarmUpGpu = 0.2, kWarmUpHost = 0.05;  // an idle card sits at a sixth of its clock
constexpr double kSampleGpu = 1e-3, kSampleHost = 5e-3;
constexpr double kMostCalls = 1e6;

}  // namespace

std::vector<double> time_repeatedly(Device& device, const std::function<void()>& call, int repetitions) {
  const bool gpu = device.where() == Where::cuda;
  const auto run = [&](double calls) {
    return device.seconds([&] {
      for (double i = 0; i < calls; ++i) call();
    });
  };
  double calls = 1, per_call = 0;
  for (double spent = 0; spent < (gpu ? kWarmUpGpu : kWarmUpHost);) {
    const double seconds = run(calls);
    spent += std::max(seconds, 1e-6);
    per_call = seconds / calls;
    calls = std::clamp(std::ceil((gpu ? kSampleGpu : kSampleHost) / std::max(per_call, 1e-9)), 1.0, std::min(8 * calls, kMostCalls));
  }
  std::vector<double> samples;
  while (static_cast<int>(samples.size()) < repetitions) samples.push_back(run(calls) / calls);
  return samples;
}

std::size_t copies_to_rotate(const Device& device, std::size_t footprint) {
  const std::size_t wanted = 4 * device.cache_bytes() / std::max<std::size_t>(footprint, 1) + 1;
  return std::clamp<std::size_t>(wanted, 2, 32);
}

}  // namespace lossbench
