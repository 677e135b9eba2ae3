#include "bench/measure/statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace lossbench {

double quantile(std::vector<double> samples, double q) {
  if (samples.empty()) return std::numeric_limits<double>::quiet_NaN();
  std::sort(samples.begin(), samples.end());
  const double position = std::clamp(q, 0.0, 1.0) * static_cast<double>(samples.size() - 1);
  const std::size_t below = static_cast<std::size_t>(position);
  const std::size_t above = std::min(below + 1, samples.size() - 1);
  return std::lerp(samples[below], samples[above], position - static_cast<double>(below));
}

double median(std::vector<double> samples) { return quantile(std::move(samples), 0.5); }

double relative_spread(const std::vector<double>& samples) {
  return (quantile(samples, 0.75) - quantile(samples, 0.25)) / (2 * median(samples));
}

double median_uncertainty(const std::vector<double>& samples) {
  if (samples.size() < 4) return std::numeric_limits<double>::infinity();
  return 1.57 * 2 * relative_spread(samples) / std::sqrt(static_cast<double>(samples.size()));
}

double relative_drift(const std::vector<double>& samples) {
  if (samples.size() < 6) return 0;
  const auto third = static_cast<std::ptrdiff_t>(samples.size() / 3);
  return median({samples.end() - third, samples.end()}) / median({samples.begin(), samples.begin() + third}) - 1;
}

bool bimodal(std::vector<double> samples) {
  const std::size_t count = samples.size(), least = count / 5;
  if (count < 10) return false;
  std::sort(samples.begin(), samples.end());
  std::size_t split = least;  // the gap lies before this sample
  for (std::size_t i = least; i <= count - least; ++i)
    if (samples[i] - samples[i - 1] > samples[split] - samples[split - 1]) split = i;
  const auto spread = [](std::vector<double> side) { return quantile(side, 0.75) - quantile(side, 0.25); };
  const auto at = samples.begin() + static_cast<std::ptrdiff_t>(split);
  const double within = std::max(spread({samples.begin(), at}), spread({at, samples.end()}));
  return samples[split] - samples[split - 1] > std::max(4 * within, 0.02 * samples[split - 1]);
}

}  // namespace lossbench
