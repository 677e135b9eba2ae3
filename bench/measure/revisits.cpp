// The second half of a run: it goes back to what it measured, until its time is over.
#include <algorithm>
#include <cmath>

#include "bench/measure/runner.h"

namespace lossbench {
namespace {

constexpr double kShortestVisit = 0.2;  // of samples in a visit
constexpr double kFoundAgain = 0.02;     // visits that differ by less agree

}  // namespace

std::vector<std::size_t> Runner::to_revisit(const Piece& piece) const {
  std::vector<std::size_t> which;
  for (const std::size_t i : piece.cases)
    if (results_[i] && results_[i]->fault.empty() && !results_[i]->samples.empty() && device_of_(cases_[i].variant->backend).lost().empty())
      which.push_back(i);
  return which;
}

/// Of the median known least; infinite where one rests on samples that are not clean.
double Runner::uncertainty(const Piece& piece) const {
  double most = 0;
  for (const std::size_t i : to_revisit(piece)) most = std::max(most, clean_uncertainty(results_[i]->samples));
  return most;
}

/// Whether every figure was found again later in the run, on clean samples both times, and much the same.
bool Runner::confirmed(const Piece& piece) const {
  const std::vector<std::size_t> which = to_revisit(piece);
  return std::all_of(which.begin(), which.end(), [&](std::size_t i) {
    return enough_clean(results_[i]->samples) && std::fabs(results_[i]->revisit - 1) < kFoundAgain;
  });
}

/// The pieces whose medians are known least, and in between the earliest, which say most about how the machine changed.
std::vector<Runner::Piece*> Runner::revisit_order() {
  std::vector<Piece*> early, order;
  for (Piece& piece : pieces_)
    if (!to_revisit(piece).empty()) early.push_back(&piece);
  std::vector<Piece*> noisy = early;
  std::stable_sort(noisy.begin(), noisy.end(), [&](const Piece* a, const Piece* b) { return uncertainty(*a) > uncertainty(*b); });
  for (std::size_t i = 0; i < early.size(); ++i)
    for (Piece* piece : {noisy[i], early[i]})
      if (std::find(order.begin(), order.end(), piece) == order.end()) order.push_back(piece);
  return order;
}

/// Everything once, then once more what was not found again where it was; once everything was, time still makes figures better.
void Runner::revisit() {
  const std::vector<Piece*> order = revisit_order();
  Settings settings = settings_;
  settings.rounds = 3;
  settings.stop.least_samples = (settings_.stop.least_samples + 2) / 3;
  settings.stop.most_seconds = settings_.stop.most_seconds / 2;
  bool any = true;
  for (int turn = 0; any; ++turn) {
    any = false;
    const bool all = turn == 0 || std::all_of(order.begin(), order.end(), [&](const Piece* piece) { return confirmed(*piece); });
    for (Piece* piece : order) {
      const std::vector<std::size_t> which = to_revisit(*piece);
      if (which.empty() || (!all && confirmed(*piece))) continue;
      if (events_.stopped()) return;
      if (committed() + piece->seconds + kShortestVisit * static_cast<double>(which.size()) > goal_) continue;
      if (events_.at) events_.at(spent(), goal_, "again: " + cases_[which.front()].name());
      settings.until = start_ + goal_ - ceilings_.closing_seconds();
      visit(*piece, which, settings);
      any = true;
    }
  }
}

}  // namespace lossbench
