#include "bench/measure/budget.h"

#include <limits>

namespace lossbench {

Budget::Budget(std::optional<double> seconds, std::vector<double> expected)
    : seconds_(seconds), expected_(std::move(expected)), dropped_(expected_.size(), false) {}

void Budget::done(std::size_t index, double seconds) {
  done_expected_ += expected_[index];
  done_seconds_ += seconds;
  if (done_expected_ > 0) scale_ = done_seconds_ / done_expected_;
}

double Budget::remaining(std::size_t next) const {
  double sum = 0;
  for (std::size_t i = next; i < expected_.size(); ++i)
    if (!dropped_[i]) sum += expected(i);
  return sum;
}

double Budget::left(std::size_t next, double spent) const {
  return seconds_ ? *seconds_ - spent - remaining(next) : std::numeric_limits<double>::infinity();
}

std::vector<std::size_t> Budget::drop(std::size_t next, double spent) {
  std::vector<std::size_t> gone;
  while (left(next, spent) < 0) {
    std::size_t costliest = expected_.size();
    for (std::size_t i = next; i < expected_.size(); ++i)
      if (!dropped_[i] && (costliest == expected_.size() || expected_[i] > expected_[costliest])) costliest = i;
    if (costliest == expected_.size()) break;
    dropped_[costliest] = true;
    gone.push_back(costliest);
  }
  return gone;
}

}  // namespace lossbench
