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

std::vector<double> seconds_of_round(const std::vector<Sample>& samples, int round) {
  std::vector<Sample> own;
  std::copy_if(samples.begin(), samples.end(), std::back_inserter(own), [&](const Sample& sample) { return sample.round == round; });
  return seconds_of(own);
}

std::vector<double> round_medians(const std::vector<Sample>& samples) {
  std::vector<double> medians;
  int last = -1;
  for (const Sample& sample : samples) last = std::max(last, sample.round);
  for (int round = 0; round <= last; ++round)
    if (const std::vector<double> seconds = seconds_of_round(samples, round); !seconds.empty()) medians.push_back(median(seconds));
  return medians;
}

}  // namespace lossbench
