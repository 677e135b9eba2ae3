#include "bench/compare/comparison.h"

#include <algorithm>
#include <cmath>

#include "bench/measure/clock_check.h"
#include "bench/measure/statistics.h"

namespace lossbench {
namespace {

constexpr double kSharedCore = 2;  // times as long, at most, does work take whose core is shared

double revisit(const RecordedCase& entry) {
  const double ratio = entry.counter("revisit_ratio");
  return ratio > 0 ? std::fabs(std::log(ratio)) : 0;
}

bool positive(const std::vector<double>& seconds) {
  return !seconds.empty() && std::all_of(seconds.begin(), seconds.end(), [](double x) { return x > 0; });
}

CaseChange compare_counted(const RecordedCase& before, const RecordedCase& after) {
  CaseChange change{.name = after.name, .counted = true, .before = before.counter("counted_bytes"), .after = after.counter("counted_bytes")};
  change.ratio.ratio = change.ratio.low = change.ratio.high = change.after / change.before;
  const double launches = after.counter("launches") - before.counter("launches");
  if (change.after > change.before || (change.after == change.before && launches > 0)) change.change = Change::more_bytes;
  else if (change.after < change.before || launches < 0) change.change = Change::fewer_bytes;
  if (change.change != Change::none) change.ratio.p = 0;
  return change;
}

/// The highest clock that cases ran at, on the host or on the GPU.
double highest_clock(const Record& before, const Record& after, bool on_gpu) {
  double highest = 0;
  for (const Record* record : {&before, &after})
    for (const RecordedCase& entry : record->cases)
      if (entry.on_gpu() == on_gpu) highest = std::max(highest, entry.counter("clock_MHz"));  // not for NaN
  return highest;
}

CaseChange compare_case(const RecordedCase& a, const RecordedCase& b, double spread, const Claim& claim) {
  CaseChange change{.name = b.name};
  if (!a.fault.empty() || !b.fault.empty()) {
    change.change = a.fault.empty() ? Change::broken : b.fault.empty() ? Change::fixed : Change::both_failed;
    return change;
  }
  if (a.emulated() && b.emulated()) return compare_counted(a, b);
  if (!positive(a.seconds) || !positive(b.seconds)) return change;
  change.before = median(a.seconds);
  change.after = median(b.seconds);
  change.ratio = ratio_of(a.seconds, b.seconds);
  change.aa_spread = spread;
  const double difference = std::fabs(std::log(change.ratio.ratio));
  if (change.ratio.p < claim.p && difference > std::max(std::log1p(claim.threshold), change.aa_spread))
    change.change = change.ratio.ratio > 1 ? Change::slower : Change::faster;
  return change;
}

}  // namespace

std::string_view name_of(Change change) {
  static constexpr std::string_view kNames[] = {"no difference", "faster", "slower", "fewer bytes", "more bytes", "fixed", "broken", "both failed"};
  return kNames[static_cast<int>(change)];
}

int RecordComparison::count(Change change) const {
  return static_cast<int>(std::count_if(cases.begin(), cases.end(), [&](const CaseChange& entry) { return entry.change == change; }));
}

bool RecordComparison::regressed() const {
  return std::any_of(cases.begin(), cases.end(), [](const CaseChange& entry) { return is_regression(entry.change); });
}

double aa_spread(const Record& record) {
  double most = 0;
  for (const RecordedCase& entry : record.cases) most = std::max(most, revisit(entry));
  return most;
}

double clock_spread(const RecordedCase& entry, double highest) {
  const double clock = entry.counter("clock_MHz");
  if (!(clock > 0 && clock < (1 - ClockCheck::tolerance) * highest)) return 0;
  return std::max(2 * std::log(highest / clock), entry.on_gpu() ? 0 : std::log(kSharedCore));
}

double unconfirmed_spread(const RecordedCase& entry) { return entry.on_gpu() || entry.counter("revisit_ratio") > 0 ? 0 : std::log(kSharedCore); }

RecordComparison compare_records(const Record& before, const Record& after, const Claim& claim) {
  RecordComparison comparison;
  const double spread = std::max(aa_spread(before), aa_spread(after));
  const bool same_device = before.about("device") == after.about("device") && before.about("cpu") == after.about("cpu");
  const double on_host = same_device ? highest_clock(before, after, false) : 0, on_gpu = same_device ? highest_clock(before, after, true) : 0;
  for (const RecordedCase& entry : after.cases) {
    const RecordedCase* const old = before.find(entry.name);
    if (!old) {
      comparison.only_after.push_back(entry.name);
      continue;
    }
    const double highest = entry.on_gpu() ? on_gpu : on_host;
    const double by_clock = std::max(clock_spread(*old, highest), clock_spread(entry, highest));
    const double unconfirmed = std::max(unconfirmed_spread(*old), unconfirmed_spread(entry));
    comparison.cases.push_back(compare_case(*old, entry, spread + std::max(by_clock, unconfirmed), claim));
    comparison.cases.back().clock_sagged = by_clock > 0;
  }
  for (const RecordedCase& entry : before.cases)
    if (!after.find(entry.name)) comparison.only_before.push_back(entry.name);
  return comparison;
}

std::string incomparable(const Record& before, const Record& after, const std::vector<std::string>& across) {
  struct Kind {
    const char* name;
    std::vector<const char*> keys;
  };
  static const Kind kKinds[] = {
      {"device", {"device", "gpu_capability", "cuda_driver", "cpu", "cpu_threads"}},
      {"build", {"compiler", "flags", "build_type", "cuda_compiler"}},
      {"", {"mode"}},  // throughput and latency are never compared
  };
  for (const Kind& kind : kKinds) {
    if (std::find(across.begin(), across.end(), kind.name) != across.end()) continue;
    for (const char* key : kind.keys) {
      const std::string a = before.about(key), b = after.about(key);
      if (a == b || a.empty() || b.empty()) continue;
      const std::string what = std::string(*kind.name ? kind.name : key) + "s";
      return before.file + " and " + after.file + " are of different " + what + ": " + key + " is '" + a + "' and '" + b + "'" +
             (*kind.name ? std::string("; accepted with --across ") + kind.name : "; these cannot be compared");
    }
  }
  return {};
}

}  // namespace lossbench
