#include "bench/measure/runner.h"

#include <algorithm>
#include <cmath>

#include "bench/measure/cost.h"
#include "bench/measure/run_time.h"
#include "bench/measure/statistics.h"

namespace lossbench {
namespace {

constexpr double kFewestSeconds = 0.6;   // of samples, of the longest time that a case may take
constexpr double kSpareForSamples = 0.4; // of what first visits leave; the rest is for others, later

}  // namespace

Runner::Runner(Settings settings, RunEvents events, DeviceFinder device_of)
    : settings_(settings), events_(std::move(events)), device_of_(std::move(device_of)), ceilings_(Watch{events_.now, events_.stopped}) {}

double Runner::spent() const { return events_.now() - start_; }
double Runner::committed() const { return spent() + ceilings_.closing_seconds(); }

std::vector<CaseResult> Runner::run(const std::vector<Case>& cases) {
  start_ = events_.now();
  cases_ = cases;
  results_.assign(cases.size(), std::nullopt);
  Budget budget = plan(cases);
  first_pass(budget);
  revisit();
  close();
  std::vector<CaseResult> results;
  for (std::size_t i = 0; i < cases_.size(); ++i)
    if (results_[i]) results.push_back({cases_[i], std::move(*results_[i])});
    else dropped_.push_back(cases_[i].name());
  return results;
}

Budget Runner::plan(const std::vector<Case>& cases) {
  const std::vector<Worth> worth = worth_of(cases);
  std::vector<double> data;
  std::vector<Budget::Item> items;
  std::size_t timed = 0;
  double emulated = 0;
  pieces_.clear();
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const CaseCost cost = cost_of(cases[i], device_of_(cases[i].variant->backend).cache_bytes());
    if (i == 0 || cases[i].data_key() != cases[i - 1].data_key()) pieces_.push_back({}), data.push_back(0);
    pieces_.back().cases.push_back(i);
    data.back() = std::max(data.back(), cost.data);
    items.push_back({pieces_.size() - 1, worth[i], cost.checks, sampling_share(cases[i]) * kFewestSeconds});
    timed += !cases[i].emulated();
    if (cases[i].emulated()) emulated += cost.checks + cost.data / static_cast<double>(pieces_.back().cases.size());
  }
  const double slow = cases.empty() ? 1 : slowness(cases.front(), settings_.seed, ceilings_.watch());
  const RunTime time = run_time(settings_, timed, slow * emulated);
  Budget budget(time.limit, std::move(data), std::move(items), !settings_.budget);
  budget.expect(slow);
  const Budget::Plan plan = budget.plan(0);
  goal_ = timed > 0 ? std::max(time.goal, plan.seconds) : plan.seconds;
  if (events_.announce) events_.announce(plan.items.size(), goal_);
  return budget;
}

/// What the fewest samples leave of the time goes to more of them, and as much to later visits.
void Runner::first_pass(Budget& budget) {
  while (!events_.stopped()) {
    const std::vector<std::size_t> next = budget.next(committed());
    if (next.empty()) return;
    const Budget::Plan plan = budget.plan(committed());
    const double spare = goal_ - committed() - plan.seconds;
    double shares = 0, own = budget.cost_of(next);
    for (const std::size_t i : plan.items) shares += sampling_share(cases_[i]);
    for (const std::size_t i : next) own += kFewestSeconds * sampling_share(cases_[i]);
    Settings settings = settings_;
    settings.stop.most_seconds = std::min(settings.stop.most_seconds, kFewestSeconds + kSpareForSamples * std::max(0.0, spare) / std::max(shares, 0.5));
    settings.until = events_.now() + spare + own;
    Piece& piece = *std::find_if(pieces_.begin(), pieces_.end(), [&](const Piece& one) { return one.cases.back() >= next.front(); });
    if (events_.at) events_.at(spent(), goal_, cases_[next.front()].name());
    visit(piece, next, settings);
    budget.done(next, piece.seconds);
  }
}

void Runner::visit(Piece& piece, const std::vector<std::size_t>& which, const Settings& settings) {
  std::vector<Case> cases;
  for (const std::size_t i : which) cases.push_back(cases_[i]);
  const double start = events_.now(), looked = ceilings_.looking_seconds();
  std::vector<Measurement> found = measure_group(cases, settings, ceilings_, device_of_);
  piece.seconds = events_.now() - start - (ceilings_.looking_seconds() - looked);
  for (std::size_t i = 0; i < which.size(); ++i) {
    piece.seconds -= found[i].sampling;
    if (!found[i].cut) take(which[i], std::move(found[i]));
  }
}

/// The first measurement, or one more.
void Runner::take(std::size_t which, Measurement&& again) {
  if (!results_[which]) {
    results_[which] = std::move(again);
    return;
  }
  Measurement& first = *results_[which];
  if (again.not_run) return;  // what it was when the device was there still holds
  if (!again.fault.empty()) {
    first.fault = "when measured again: " + again.fault;
    return;
  }
  const Sample last = first.samples.back();
  const int rounds = 1 + std::max(last.round, first.memory.empty() ? 0 : first.memory.back().round);
  const auto append = [&](std::vector<Sample>& to, const std::vector<Sample>& more) {
    for (Sample sample : more) {
      sample.round += rounds;
      sample.visit = last.visit + 1;
      to.push_back(sample);
    }
  };
  append(first.samples, again.samples);
  append(first.memory, again.memory);
  first.spent += again.spent;
  judge(first, ceilings_.of(device_of_(cases_[which].variant->backend)));
}

void Runner::judge(Measurement& result, Ceilings& ceilings) const {
  ceilings.clock().flag(result.samples);
  ceilings.clock().flag(result.memory);
  result.judge_samples(settings_.stop.precision);
}

/// The ceilings as they are at the end, the clock's too. A figure beside which memory was not measured is held against the best look at it.
/// A ceiling that moved marks what was held against it, and on a card, which nobody shares, everything in between.
void Runner::close() {
  try {
    ceilings_.watch().look();
    for (auto& [device, ceilings] : ceilings_.all()) ceilings.close(start_ + goal_);
  } catch (const Stopped&) {
  }
  for (std::size_t i = 0; i < cases_.size(); ++i) {
    if (!results_[i] || results_[i]->samples.empty()) continue;
    Measurement& result = *results_[i];
    Device& device = device_of_(cases_[i].variant->backend);
    Ceilings& ceilings = ceilings_.of(device);
    judge(result, ceilings);
    if (result.revisit > 0) revisit_spread_ = std::max(revisit_spread_, std::fabs(result.revisit - 1));
    const Ceiling* const ceiling = ceilings.find(result.shape, static_cast<std::size_t>(result.contract_bytes));
    if (!ceiling) continue;
    const bool beside = !result.memory.empty();
    if (!beside) result.ceiling = ceiling->best;
    if (!beside || device.where() == Where::cuda) result.caveats.drift = result.caveats.drift || ceiling->drift() > kMuchDrift;
  }
}

}  // namespace lossbench
