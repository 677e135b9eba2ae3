#include "bench/measure/budget.h"

#include <algorithm>

namespace lossbench {

Budget::Budget(std::optional<double> seconds, std::vector<double> expected)
    : seconds_(seconds), expected_(std::move(expected)), done_(expected_.size(), false) {}

void Budget::done(std::size_t index, double seconds) {
  done_[index] = true;
  done_expected_ += expected_[index];
  done_seconds_ += seconds;
  if (done_expected_ > 0) scale_ = done_seconds_ / done_expected_;
}

std::vector<std::size_t> Budget::plan(double spent) const {
  std::vector<std::size_t> pieces;
  for (std::size_t i = 0; i < expected_.size(); ++i)
    if (!done_[i]) pieces.push_back(i);
  if (!seconds_) return pieces;
  std::stable_sort(pieces.begin(), pieces.end(), [&](std::size_t a, std::size_t b) { return expected_[a] < expected_[b]; });
  double left = *seconds_ - spent;
  const auto end = std::find_if(pieces.begin(), pieces.end(), [&](std::size_t i) { return (left -= expected(i)) < 0; });
  pieces.erase(end, pieces.end());
  return pieces;
}

bool Budget::fits(std::size_t index, double spent) const {
  const std::vector<std::size_t> pieces = plan(spent);
  return std::find(pieces.begin(), pieces.end(), index) != pieces.end();
}

std::optional<std::size_t> Budget::next_that_fits(double spent) const {
  const std::vector<std::size_t> pieces = plan(spent);
  return pieces.empty() ? std::nullopt : std::optional(pieces.front());
}

double Budget::remaining(double spent) const {
  double sum = 0;
  for (const std::size_t i : plan(spent)) sum += expected(i);
  return sum;
}

}  // namespace lossbench
