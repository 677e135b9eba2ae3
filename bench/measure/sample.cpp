#include "bench/measure/sample.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <map>
#include <optional>

#include "bench/measure/statistics.h"

namespace lossbench {
namespace {

constexpr std::size_t kEnoughClean = 27;  // three for each of nine repetitions
constexpr std::size_t kEnoughCleanOfVisit = 9;

}  // namespace

std::size_t clean_count(const std::vector<Sample>& samples) {
  return static_cast<std::size_t>(std::count_if(samples.begin(), samples.end(), [](const Sample& sample) { return sample.clean(); }));
}

bool enough_clean(const std::vector<Sample>& samples) {
  const std::size_t clean = clean_count(samples);
  return clean >= kEnoughClean || 5 * clean >= samples.size();
}

std::vector<Sample> judged(const std::vector<Sample>& samples) {
  if (!enough_clean(samples)) return samples;
  std::vector<Sample> clean;
  std::copy_if(samples.begin(), samples.end(), std::back_inserter(clean), [](const Sample& sample) { return sample.clean(); });
  return clean;
}

std::vector<double> seconds_of(const std::vector<Sample>& samples) {
  std::vector<double> seconds;
  for (const Sample& sample : judged(samples)) seconds.push_back(sample.seconds);
  return seconds;
}

double clean_uncertainty(const std::vector<Sample>& samples) {
  return enough_clean(samples) ? median_uncertainty(seconds_of(samples)) : std::numeric_limits<double>::infinity();
}

double found_again(const std::vector<Sample>& samples) {
  std::map<int, std::vector<Sample>> visits;
  for (const Sample& sample : samples) visits[sample.visit].push_back(sample);
  std::vector<double> ratios;
  std::optional<double> first;
  for (const auto& [visit, taken] : visits) {
    const std::size_t clean = clean_count(taken);
    if (clean < kEnoughCleanOfVisit && 2 * clean < taken.size()) continue;
    const double seconds = median(seconds_of(taken));
    if (first) ratios.push_back(seconds / *first);
    else first = seconds;
  }
  if (ratios.empty()) return 0;
  std::sort(ratios.begin(), ratios.end(), [](double a, double b) { return std::fabs(std::log(a)) < std::fabs(std::log(b)); });
  return ratios[ratios.size() / 2];
}

std::vector<double> repetition_medians(const std::vector<Sample>& samples, int count) {
  const std::vector<double> seconds = seconds_of(samples);
  const std::size_t size = seconds.size(), parts = std::min(static_cast<std::size_t>(std::max(count, 0)), size);
  std::vector<double> medians;
  for (std::size_t part = 0; part < parts; ++part) {
    const auto at = [&](std::size_t p) { return seconds.begin() + static_cast<std::ptrdiff_t>(p * size / parts); };
    medians.push_back(median({at(part), at(part + 1)}));
  }
  return medians;
}

}  // namespace lossbench
