#include "bench/measure/run_time.h"

#include <algorithm>

namespace lossbench {
namespace {

constexpr double kSecondsPerCase = 3, kSecondsPerRun = 5;
constexpr double kMostPerCase = 10, kMostPerRun = 10;
constexpr double kPlanned = 0.85, kPlannedOfBudget = 0.93;

}  // namespace

RunTime run_time(const Settings& settings, std::size_t timed, double emulated) {
  const double cases = static_cast<double>(timed);
  if (settings.budget) {
    const double limit = kPlannedOfBudget * *settings.budget;
    return {limit, std::min(limit, cases * kMostPerCase + kMostPerRun + emulated)};
  }
  const double limit = kPlannedOfBudget * settings.most_seconds;
  return {limit, std::min(limit, kPlanned * (cases * (kSecondsPerCase + settings.patience) + kSecondsPerRun) + emulated)};
}

}  // namespace lossbench
