#include "bench/measure/runner.h"

#include <algorithm>
#include <cmath>

#include "bench/host_clock.h"
#include "bench/measure/budget.h"
#include "bench/measure/statistics.h"

namespace lossbench {
namespace {

// Measured on a small cloud machine: made-up values and references per second and core, elements under the emulator. The budget learns
// how this machine compares.
constexpr double kSecondsPerValue = 3e-8, kSecondsPerEmulatedElement = 8e-7, kSecondsPerCase = 0.1;
constexpr double kCacheValues = 3.2e7;        // values in the sets that fill a cache four times
constexpr double kShareForRevisits = 0.15;    // of the time spent, without a budget
constexpr double kSecondsForRevisits = 10;    // at least, as long as they are needed
constexpr int kMostRevisits = 8;              // of one piece
constexpr double kFoundAgain = 0.02;          // visits that differ by less agree
constexpr double kRevisitCost = 0.8;          // of the first visit
constexpr double kBudgetForSampling = 0.4;    // of what data and gates leave: most of the rest is for revisits
constexpr double kMostPatience = 10;          // seconds that a case may wait for clean samples
constexpr double kBudgetForPatience = 0.1;

double elements(const Case& entry) { return static_cast<double>(count_of(entry.shape)); }

bool timed_case(const Case& entry) { return !entry.emulated(); }

/// Shares of the longest time a case may take: a case on the host may take half of one on a GPU.
double shares(const Case& entry) { return !timed_case(entry) ? 0 : entry.variant->backend == Backend::cuda ? 1 : 0.5; }

double data_cost(const Case& entry) {
  const double passes = entry.pass == Pass::gradient ? 2 : 1;
  const bool sets = timed_case(entry) && entry.variant->backend != Backend::scalar;
  return passes * kSecondsPerValue * (sets ? std::max(kCacheValues, 4 * elements(entry)) : 2 * elements(entry));
}

double case_cost(const Case& entry, const Settings& settings) {
  if (!timed_case(entry)) return 0.02 + kSecondsPerEmulatedElement * elements(entry);
  return kSecondsPerCase + 0.6 * shares(entry) * settings.stop.most_seconds;
}

/// With a budget, a case may take less time: what data and checks leave is shared out.
Settings within_budget(Settings settings, const std::vector<Case>& cases) {
  settings.patience = kMostPatience;
  if (!settings.budget) return settings;
  Settings free = settings;
  free.stop.most_seconds = 0;
  double fixed = 0, count = 0;
  std::string key;
  for (const Case& entry : cases) {
    if (entry.data_key() != key) fixed += data_cost(entry);
    key = entry.data_key();
    fixed += case_cost(entry, free);
    count += shares(entry);
  }
  const double affordable = (*settings.budget - fixed) / std::max(count, 1.0);
  settings.stop.most_seconds = std::clamp(kBudgetForSampling * affordable, std::min(0.2, settings.stop.most_seconds), settings.stop.most_seconds);
  settings.patience = std::clamp(kBudgetForPatience * affordable, 0.0, kMostPatience);
  return settings;
}

}  // namespace

Runner::Runner(Settings settings, RunEvents events, DeviceFinder device_of)
    : settings_(settings), events_(std::move(events)), device_of_(std::move(device_of)) {}

bool Runner::Piece::timed() const { return std::any_of(cases.begin(), cases.end(), timed_case); }

double Runner::Piece::uncertainty() const {
  double most = 0;
  for (const Measurement& result : results)
    if (result.fault.empty() && !result.samples.empty()) most = std::max(most, clean_uncertainty(result.samples));
  return most;
}

bool Runner::Piece::confirmed() const {
  return std::all_of(results.begin(), results.end(), [](const Measurement& result) {
    if (!result.fault.empty() || result.samples.empty()) return true;
    return enough_clean(result.samples) && std::fabs(result.revisit - 1) < kFoundAgain;
  });
}

double Runner::spent() const { return host_now() - start_; }

double Runner::committed() const { return spent() + ceilings_.closing_seconds(); }

std::vector<Runner::Piece> Runner::pieces_of(const std::vector<Case>& cases, const Settings& settings) {
  std::vector<Piece> pieces;
  std::string last;
  for (const Case& entry : cases) {
    const std::string key = entry.data_key();
    if (pieces.empty() || key != last) pieces.push_back({{}, {}, data_cost(entry)});
    last = key;
    pieces.back().expected += case_cost(entry, settings);
    pieces.back().cases.push_back(entry);
  }
  return pieces;
}

std::vector<CaseResult> Runner::run(const std::vector<Case>& cases) {
  start_ = host_now();
  settings_ = within_budget(settings_, cases);
  std::vector<Piece> pieces = pieces_of(cases, settings_);
  first_pass(pieces);
  revisit(pieces);
  close(pieces);
  std::vector<CaseResult> results;
  for (Piece& piece : pieces)
    for (std::size_t i = 0; i < piece.results.size(); ++i) results.push_back({piece.cases[i], std::move(piece.results[i])});
  return results;
}

/// With a budget, nobody waits for clean samples here: revisits do, once everything was seen.
void Runner::first_pass(std::vector<Piece>& pieces) {
  Settings settings = settings_;
  if (settings.budget) settings.patience = 0;
  std::vector<double> expected;
  for (const Piece& piece : pieces) expected.push_back(piece.expected);
  Budget budget(settings_.budget, expected);
  const auto visit = [&](std::size_t index) {
    Piece& piece = pieces[index];
    planned_ = committed() + budget.remaining(committed());
    if (events_.at) events_.at(spent(), planned_, piece.cases.front().name());
    const double start = host_now();
    piece.results = measure_group(piece.cases, settings, ceilings_, device_of_);
    piece.seconds = host_now() - start;
    budget.done(index, piece.seconds);
  };
  for (std::size_t i = 0; i < pieces.size() && !events_.stopped(); ++i)
    if (budget.fits(i, committed())) visit(i);
  while (!events_.stopped()) {
    const std::optional<std::size_t> next = budget.next_that_fits(committed());
    if (!next) break;
    visit(*next);
  }
  for (std::size_t i = 0; i < pieces.size(); ++i)
    if (!budget.is_done(i))
      for (const Case& entry : pieces[i].cases) dropped_.push_back(entry.name());
}

/// Goes back to the pieces whose medians are known least, and to the earliest in between, which say most about how the machine changed;
/// and once more to those that were not found again where they were, on clean samples, while time lasts.
void Runner::revisit(std::vector<Piece>& pieces) {
  std::vector<Piece*> early, noisy;
  for (Piece& piece : pieces)
    if (piece.timed() && piece.uncertainty() > 0) early.push_back(&piece);
  noisy = early;
  std::stable_sort(noisy.begin(), noisy.end(), [](const Piece* a, const Piece* b) { return a->uncertainty() > b->uncertainty(); });
  std::vector<Piece*> order;
  for (std::size_t i = 0; i < early.size(); ++i)
    for (Piece* piece : {noisy[i], early[i]})
      if (std::find(order.begin(), order.end(), piece) == order.end()) order.push_back(piece);

  const double first = spent(), allowance = std::max(kShareForRevisits * first, kSecondsForRevisits);
  const auto fits = [&](const Piece& piece) {
    const double expected = kRevisitCost * piece.seconds;
    return settings_.budget ? committed() + expected < *settings_.budget : spent() - first + expected < allowance;
  };
  bool any = false;
  for (int turn = 0; turn < kMostRevisits; ++turn)
    for (Piece* piece : order) {
      if (events_.stopped()) return;
      if (turn > 0 && piece->confirmed()) continue;
      if (!fits(*piece) && (any || settings_.budget)) continue;
      if (events_.at) events_.at(spent(), std::max(planned_, spent() + kRevisitCost * piece->seconds), "again: " + piece->cases.front().name());
      visit_again(*piece);
      any = true;
    }
}

void Runner::visit_again(Piece& piece) {
  std::vector<Case> cases;
  std::vector<Measurement*> known;
  for (std::size_t i = 0; i < piece.cases.size(); ++i)
    if (timed_case(piece.cases[i]) && piece.results[i].fault.empty() && device_of_(piece.cases[i].variant->backend).lost().empty())
      cases.push_back(piece.cases[i]), known.push_back(&piece.results[i]);
  if (cases.empty()) return;
  Settings settings = settings_;
  settings.rounds = 3;
  settings.stop.least_samples = (settings_.stop.least_samples + 2) / 3;
  settings.stop.most_seconds = settings_.stop.most_seconds / 2;
  const std::vector<Measurement> again = measure_group(cases, settings, ceilings_, device_of_);
  for (std::size_t i = 0; i < cases.size(); ++i) {
    Measurement& first = *known[i];
    if (again[i].not_run) continue;  // what it was when the device was there still holds
    if (!again[i].fault.empty()) {
      first.fault = "when measured again: " + again[i].fault;
      continue;
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
    append(first.samples, again[i].samples);
    append(first.memory, again[i].memory);
    first.spent += again[i].spent;
    judge(first, ceilings_.of(device_of_(cases[i].variant->backend)));
  }
}

void Runner::judge(Measurement& result, Ceilings& ceilings) const {
  ceilings.clock().flag(result.samples);
  ceilings.clock().flag(result.memory);
  result.judge_samples(settings_.stop.precision);
}

/// The ceilings as they are at the end, the clock's too. A figure beside which memory was not measured is held against the best look at it.
/// A ceiling that moved marks what was held against it, and on a card, which nobody shares, everything in between.
void Runner::close(std::vector<Piece>& pieces) {
  if (!events_.stopped())
    for (auto& [device, ceilings] : ceilings_.all()) ceilings.close();
  for (Piece& piece : pieces)
    for (std::size_t i = 0; i < piece.results.size(); ++i) {
      Measurement& result = piece.results[i];
      if (result.samples.empty()) continue;
      Device& device = device_of_(piece.cases[i].variant->backend);
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
