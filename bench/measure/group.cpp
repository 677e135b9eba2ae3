#include "bench/measure/group.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "bench/gate.h"
#include "bench/measure/case_data.h"
#include "bench/measure/contestant.h"
#include "bench/measure/memory_pace.h"
#include "registry/registry.h"

namespace lossbench {
namespace {

constexpr int kFewestRounds = 4;  // without which nothing is known of a median …
constexpr double kLongest = 1;    // … but for calls that take long

/// What the emulator can say of a case: is it right, what does it move, and is that what the variant claims.
void count_into(Measurement& result, const Case& entry, const InputSet& set, Device& device) {
  const Problem& problem = set.resolved.problem;
  result.describe(*entry.loss, problem, 1);
  std::string reason;
  const Implementation* const implementation = find_implementation(*entry.variant, problem, reason);
  if (!implementation) {
    result.fault = reason;
    result.declined = true;
    return;
  }
  BoundCall call(device, *implementation, set.resolved);
  const Gate gate(*entry.variant, set.resolved, set.reference);
  const Traffic traffic = count_traffic([&] { call.run(); });
  if (result.fault = gate.check(call, result.accuracy); !result.fault.empty()) return;
  if (result.fault = gate.check_again(call, result.accuracy); !result.fault.empty()) return;
  result.launches = traffic.launches;
  result.fault = check_claims(*implementation, problem, traffic);
  if (result.fault.empty()) result.traffic = traffic;
}

/// Everything of a group that is timed on one device.
class Contest {
 public:
  /// `arrays` are rotated through, and hold the sets in turn.
  Contest(Device& device, const std::vector<const Case*>& cases, std::vector<InputSet>& sets, std::size_t arrays, Ceilings& ceilings,
          const Settings& settings)
      : memory_(device, memory_needed(device, cases, sets, arrays)), ceilings_(&ceilings), settings_(&settings) {
    std::byte* next = memory_.data();
    if (memory_.bytes() > 0)
      for (std::size_t i = 0; i < arrays; ++i) {
        look();
        const Resolved& inputs = sets[i % sets.size()].resolved;
        arrays_.emplace_back(device, next, inputs);
        next += DeviceArrays::bytes_for(inputs);
      }
    for (const Case* entry : cases) contestants_.emplace_back(*entry, device, sets, arrays_, ceilings, settings);
  }

  /// Rounds go through all contestants and memory itself, so that what the machine does meanwhile happens to all of them alike. Where the run is
  /// asked to end, those that are finished by then stay so.
  void run() try {
    const double start = now();
    for (Contestant& contestant : contestants_) contestant.prepare();
    finish_seconds_ = now() - start;
    start_pace();
    const double sampled = now();
    const auto too_few = [&] { return round_ == 0 || (round_ < kFewestRounds && now() - sampled < kLongest); };
    while (round_ < settings_->rounds && (too_few() || time_left())) {
      for (Contestant& contestant : contestants_) contestant.round(round_);
      keep_pace();
    }
    while (time_left()) {
      Contestant* const next = least_known();
      if (!next) break;
      next->round(round_);
      keep_pace();
    }
    if (pace_) pace_->finish();
    const double each = (now() - sampled) / static_cast<double>(contestants_.size());
    for (Contestant& contestant : contestants_) {
      contestant.finish();
      Measurement& measurement = contestant.measurement();
      measurement.sampling = each;
      if (pace_ && !measurement.samples.empty()) measurement.hold_against(pace_->samples_for(measurement.contract_bytes));
    }
  } catch (const Stopped&) {
  }

  bool finished(const Case* entry) { return contestant_of(entry).finished(); }
  Measurement& result(const Case* entry) { return contestant_of(entry).measurement(); }

 private:
  static std::size_t memory_needed(const Device& device, const std::vector<const Case*>& cases, const std::vector<InputSet>& sets,
                                   std::size_t arrays) {
    if (std::all_of(cases.begin(), cases.end(), [](const Case* entry) { return entry->variant->backend == Backend::scalar; })) return 0;
    const std::size_t bytes = memory_for(sets, arrays);
    if (bytes > device.memory_bytes())
      throw std::runtime_error(fmt::format("{} sets of arrays take {:.1f} GiB, and only {:.1f} GiB are there to be used", arrays,
                                           static_cast<double>(bytes) * 0x1p-30, static_cast<double>(device.memory_bytes()) * 0x1p-30));
    return bytes;
  }

  double now() const { return ceilings_->watch().now(); }
  void look() const { ceilings_->watch().look(); }
  /// The last checks take about as long as the first.
  bool time_left() const { return now() + finish_seconds_ < settings_->until; }

  Contestant& contestant_of(const Case* entry) {
    for (Contestant& contestant : contestants_)
      if (&contestant.entry() == entry) return contestant;
    throw std::logic_error("no such contestant");
  }

  /// The reference alone is bound by arithmetic, and latency by no memory.
  void start_pace() {
    if (memory_.bytes() == 0 || settings_->mode == Mode::single || !memory_.device().lost().empty()) return;
    for (Contestant& contestant : contestants_)
      if (const Measurement& measurement = contestant.measurement(); contestant.alive() && measurement.contract_bytes > 0 && !pace_)
        pace_.emplace(*ceilings_, measurement.shape, static_cast<std::size_t>(measurement.contract_bytes));
  }
  /// Ends a round.
  void keep_pace() {
    std::size_t taken = 0;
    for (const Contestant& contestant : contestants_) taken += contestant.taken();
    if (pace_ && memory_.device().lost().empty()) pace_->round(round_, taken, settings_->stop.most_seconds / settings_->rounds);
    ++round_;
  }

  /// Of those that want more rounds, the one whose median is known least.
  Contestant* least_known() {
    Contestant* found = nullptr;
    for (Contestant& contestant : contestants_)
      if (contestant.wants_more() && (!found || contestant.uncertainty() > found->uncertainty())) found = &contestant;
    return found;
  }

  DeviceMemory memory_;
  Ceilings* ceilings_;
  const Settings* settings_;
  std::vector<DeviceArrays> arrays_;
  std::vector<Contestant> contestants_;
  std::optional<MemoryPace> pace_;
  int round_ = 0;
  double finish_seconds_ = 0;
};

/// Sets that the cases rotate through: one for the emulator and the scalar reference, as many as fill the cache for what is timed.
int sets_for(const std::vector<Case>& cases, const Resolved& first, const DeviceFinder& device_of) {
  int sets = 1;
  for (const Case& entry : cases)
    if (!entry.emulated() && entry.variant->backend != Backend::scalar)
      sets = std::max(sets, sets_to_rotate(device_of(entry.variant->backend).cache_bytes(), DeviceArrays::bytes_for(first)));
  return sets;
}

}  // namespace

std::string check_claims(const Implementation& implementation, const Problem& problem, const Traffic& traffic) {
  if (implementation.launches && implementation.launches(problem) != traffic.launches)
    return fmt::format("the variant says it launches {} kernels, and launched {}", implementation.launches(problem), traffic.launches);
  const auto moved = traffic.bytes.find("workspace");
  const std::int64_t counted = moved == traffic.bytes.end() ? 0 : moved->second;
  const std::int64_t claimed = implementation.workspace_traffic ? implementation.workspace_traffic(problem) : 0;
  if (claimed >= 0 && counted != claimed)
    return fmt::format("the variant claims {} bytes of workspace traffic, and moved {}", claimed, counted);
  return {};
}

namespace {

/// What `measure_group` promises, but that it throws Stopped where the run is asked to end.
void measure_into(std::vector<Measurement>& results, const std::vector<Case>& cases, const Settings& settings, CeilingsOfDevices& ceilings,
                  const DeviceFinder& device_of) {
  const auto fail = [&](std::size_t i, const std::string& fault) { results[i].fault = fault, results[i].cut = false; };
  std::vector<InputSet> sets;
  int rotating = 1;
  try {
    sets = make_input_sets(cases.front(), settings.seed, ceilings.watch(), [&](const Resolved& first) {
      rotating = sets_for(cases, first, device_of);
      return sets_to_make(DeviceArrays::bytes_for(first), rotating);
    });
  } catch (const std::exception& error) {
    for (std::size_t i = 0; i < cases.size(); ++i) fail(i, error.what());
    return;
  }
  std::map<Device*, std::vector<const Case*>> timed;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    if (results[i].not_run) continue;
    if (!cases[i].emulated()) {
      timed[&device_of(cases[i].variant->backend)].push_back(&cases[i]);
      continue;
    }
    ceilings.watch().look();
    try {
      count_into(results[i], cases[i], sets.front(), device_of(Backend::simt));
      results[i].cut = false;
    } catch (const std::exception& error) {
      fail(i, error.what());
    }
  }
  for (const auto& [device, entries] : timed) {
    try {
      Contest contest(*device, entries, sets, static_cast<std::size_t>(rotating), ceilings.of(*device), settings);
      contest.run();
      for (const Case* entry : entries)
        if (contest.finished(entry)) results[static_cast<std::size_t>(entry - cases.data())] = std::move(contest.result(entry));
    } catch (const std::exception& error) {
      for (const Case* entry : entries) fail(static_cast<std::size_t>(entry - cases.data()), error.what());
    }
    ceilings.watch().look();
  }
}

}  // namespace

std::vector<Measurement> measure_group(const std::vector<Case>& cases, const Settings& settings, CeilingsOfDevices& ceilings,
                                       const DeviceFinder& device_of) {
  std::vector<Measurement> results(cases.size());
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const std::string reason = device_of(cases[i].variant->backend).lost();
    if (!reason.empty()) results[i].come_too_late(reason);
    results[i].cut = reason.empty();
  }
  if (std::any_of(results.begin(), results.end(), [](const Measurement& result) { return result.cut; })) {
    try {
      measure_into(results, cases, settings, ceilings, device_of);
    } catch (const Stopped&) {
    }
  }
  return results;
}

}  // namespace lossbench
