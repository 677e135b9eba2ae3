#include "bench/measure/sample.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <limits>
#include <map>
#include <optional>

#include "bench/measure/statistics.h"

namespace lossbench {
namespace {

constexpr std::size_t kEnough = 27;        // three for each of nine repetitions
constexpr std::size_t kEnoughOfVisit = 9;

/// Whether so many of `all` samples can stand for them.
bool enough(std::size_t kept, std::size_t all) { return kept >= kEnough || 5 * kept >= all; }

std::size_t count(const std::vector<Sample>& samples, bool (Sample::*kind)() const) {
  return static_cast<std::size_t>(std::count_if(samples.begin(), samples.end(), std::mem_fn(kind)));
}

}  // namespace

std::size_t clean_count(const std::vector<Sample>& samples) { return count(samples, &Sample::clean); }
std::size_t spotless_count(const std::vector<Sample>& samples) { return count(samples, &Sample::spotless); }

bool enough_clean(const std::vector<Sample>& samples) { return enough(clean_count(samples), samples.size()); }

std::vector<Sample> judged(const std::vector<Sample>& samples) {
  for (const auto kind : {&Sample::spotless, &Sample::clean}) {
    if (!enough(count(samples, kind), samples.size())) continue;
    std::vector<Sample> kept;
    std::copy_if(samples.begin(), samples.end(), std::back_inserter(kept), std::mem_fn(kind));
    return kept;
  }
  return samples;
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
  if (!enough_clean(samples)) return 0;
  std::map<int, std::size_t> taken;
  for (const Sample& sample : samples) ++taken[sample.visit];
  std::map<int, std::vector<double>> kept;
  for (const Sample& sample : judged(samples)) kept[sample.visit].push_back(sample.seconds);
  std::vector<double> ratios;
  std::optional<double> first;
  for (const auto& [visit, seconds] : kept) {
    if (seconds.size() < kEnoughOfVisit && 2 * seconds.size() < taken[visit]) continue;
    if (first) ratios.push_back(median(seconds) / *first);
    else first = median(seconds);
  }
  if (ratios.empty()) return 0;
  std::sort(ratios.begin(), ratios.end(), [](double a, double b) { return std::fabs(std::log(a)) < std::fabs(std::log(b)); });
  return ratios[ratios.size() / 2];
}

double ratio_by_rounds(const std::vector<Sample>& a, const std::vector<Sample>& b) {
  const auto by_round = [](const std::vector<Sample>& samples) {
    std::map<int, std::vector<double>> rounds;
    for (const Sample& sample : judged(samples)) rounds[sample.round].push_back(sample.seconds);
    return rounds;
  };
  const std::map<int, std::vector<double>> first = by_round(a), second = by_round(b);
  std::vector<double> ratios;
  for (const auto& [round, seconds] : first)
    if (const auto other = second.find(round); other != second.end()) ratios.push_back(median(other->second) / median(seconds));
  return median(ratios);
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
