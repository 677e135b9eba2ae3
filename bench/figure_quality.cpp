#include "bench/figure_quality.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "bench/measure/statistics.h"

namespace lossbench {
namespace {

// The interval says it; see the header.
constexpr const char* kNotConverged = "not converged";
constexpr double kMostAreWithin = 0.9;   // of the figures
constexpr double kFarWider = 2;          // than that
constexpr double kNeverWide = 0.01;      // whatever the others are
constexpr double kWorthSaying = 0.05;    // of the samples

std::string percent(double share) { return fmt::format("{:.{}f} %", 100 * share, share < 0.0195 ? 1 : 0); }

/// What a caveat means for so many of the figures; empty for those that the shares of samples say, and the intervals.
std::string words(const std::string& caveat, const std::string& count) {
  if (caveat == "drift") return count + " moved by more than 2 % while they were measured.";
  if (caveat == "bimodal") return "The samples of " + count + " fall into two heaps.";
  if (caveat == "cached") return "The arrays of " + count + " fit the cache.";
  if (caveat == "throttled" || caveat == "disturbed" || caveat == kNotConverged) return {};
  return count + " are " + caveat + ".";
}

}  // namespace

bool RunQuality::shared(const std::string& caveat) const {
  return std::any_of(counts.begin(), counts.end(), [&](const auto& entry) { return entry.first == caveat && 2 * entry.second > figures; });
}

std::vector<std::string> RunQuality::marks(const FigureQuality& figure) const {
  std::vector<std::string> marks;
  for (const std::string& caveat : figure.caveats)
    if (caveat != kNotConverged && !shared(caveat)) marks.push_back(caveat);
  if (!(figure.uncertainty <= std::max(kFarWider * good_to, kNeverWide))) marks.push_back("wide");
  return marks;
}

std::string RunQuality::text() const {
  if (figures == 0) return {};
  std::string text = figures == 1 ? "The figure is good to about " + percent(good_to) + "."
                                  : fmt::format("The {} timed figures are good to about {}, each to its own +-.", figures, percent(good_to));
  const char* const sagged = on_gpu ? " The clock had sagged for " : " A neighbour had a core, or its clock had sagged, for ";
  if (throttled >= kWorthSaying) text += sagged + percent(throttled) + " of the time.";
  if (disturbed >= kWorthSaying) text += " The system took the core away in " + percent(disturbed) + " of the samples.";
  for (const auto& [caveat, count] : counts)
    if (const std::string said = words(caveat, fmt::format("{} of {}", count, figures)); shared(caveat) && !said.empty()) text += " " + said;
  return text;
}

RunQuality judge_figures(const std::vector<FigureQuality>& figures) {
  RunQuality run;
  run.figures = figures.size();
  std::vector<double> known, moved;
  std::size_t samples = 0, throttled = 0, disturbed = 0;
  for (const FigureQuality& figure : figures) {
    if (std::isfinite(figure.uncertainty)) known.push_back(figure.uncertainty);
    if (figure.revisit > 0) moved.push_back(std::fabs(figure.revisit - 1));
    run.on_gpu = run.on_gpu || figure.on_gpu;
    samples += figure.samples, throttled += figure.throttled, disturbed += figure.disturbed;
    for (const std::string& caveat : figure.caveats) {
      const auto found = std::find_if(run.counts.begin(), run.counts.end(), [&](const auto& entry) { return entry.first == caveat; });
      if (found == run.counts.end()) run.counts.emplace_back(caveat, 1);
      else ++found->second;
    }
  }
  if (!known.empty()) run.good_to = quantile(known, kMostAreWithin);
  if (!moved.empty()) run.good_to = std::max(run.good_to, median(moved));
  if (samples > 0) {
    run.throttled = static_cast<double>(throttled) / static_cast<double>(samples);
    run.disturbed = static_cast<double>(disturbed) / static_cast<double>(samples);
  }
  return run;
}

double share_of(const std::vector<Sample>& samples, bool Sample::*flag) {
  const auto count = std::count_if(samples.begin(), samples.end(), [&](const Sample& sample) { return sample.*flag; });
  return samples.empty() ? 0 : static_cast<double>(count) / static_cast<double>(samples.size());
}

}  // namespace lossbench
