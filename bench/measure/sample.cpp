#include "bench/measure/sample.h"

#include <algorithm>

#include "bench/measure/statistics.h"

namespace lossbench {

std::vector<double> seconds_of(const std::vector<Sample>& samples) {
  const auto clean = std::count_if(samples.begin(), samples.end(), [](const Sample& sample) { return sample.clean(); });
  const bool all = 2 * static_cast<std::size_t>(clean) < samples.size();
  std::vector<double> seconds;
  for (const Sample& sample : samples)
    if (all || sample.clean()) seconds.push_back(sample.seconds);
  return seconds;
}

std::vector<double> repetition_medians(const std::vector<Sample>& samples, int count) {
  std::vector<std::vector<Sample>> repetitions(static_cast<std::size_t>(std::max(count, 0)));
  for (const Sample& sample : samples) repetitions[static_cast<std::size_t>(sample.round % count)].push_back(sample);
  std::vector<double> medians;
  for (const std::vector<Sample>& own : repetitions)
    if (!own.empty()) medians.push_back(median(seconds_of(own)));
  return medians;
}

}  // namespace lossbench
