#include "bench/measure/contestant.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "bench/gate.h"
#include "bench/measure/statistics.h"
#include "bench/table.h"
#include "registry/registry.h"

namespace lossbench {
namespace {

constexpr int kWatchedSets = 4;        // whose outputs are looked at after the first round
constexpr std::size_t kHeadBytes = 4096;
constexpr double kClockSlack = 1.01;   // the device's clock against the host's
constexpr int kLooksOnHost = 20;       // at the ceiling, before a figure above it is refused …
constexpr int kFewestLooks = 5;        // … where time is short

}  // namespace

Contestant::Contestant(const Case& entry, Device& device, std::vector<InputSet>& sets, std::vector<DeviceArrays>& arrays,
                       Ceilings& ceilings, const Settings& settings)
    : entry_(&entry), device_(&device), sets_(&sets), arrays_(&arrays), ceilings_(&ceilings), settings_(&settings) {}

void Contestant::fail(std::string fault) {
  measurement_.fault = std::move(fault);
  measurement_.samples.clear();
}

/// Whatever goes wrong is the case's fault, not the run's end; but what it does to the device is everybody's.
template <class Step>
void Contestant::attempt(const Step& step) {
  if (!alive()) return;
  if (const std::string reason = device_->lost(); !reason.empty()) return measurement_.come_too_late(reason);
  try {
    if (std::string fault = step(); !fault.empty()) fail(std::move(fault));
  } catch (const std::exception& error) {
    fail(fault_on(*device_, error));
  }
}

double Contestant::most_seconds() const { return settings_->stop.most_seconds * (device_->where() == Where::cuda ? 1 : 0.5); }

void Contestant::prepare() {
  attempt([&] {
    const Problem& problem = sets_->front().resolved.problem;
    measurement_.describe(*entry_->loss, problem, scalar() ? 1 : arrays_->size());
    std::string reason;
    implementation_ = find_implementation(*entry_->variant, problem, reason);
    measurement_.declined = !implementation_;
    if (!implementation_) return reason;
    if (scalar()) {
      wide_ = std::make_unique<WideProblem>(sets_->front().resolved.wide());
    } else {
      measurement_.launches = implementation_->launches ? implementation_->launches(problem) : 0;
      for (DeviceArrays& arrays : *arrays_) calls_.emplace_back(*implementation_, arrays);
      if (std::string fault = check_before(); !fault.empty()) return fault;
    }
    device_->forget_persisting_lines();
    rotation_ = std::make_unique<Rotation>(*device_, [this](int set) { call(static_cast<std::size_t>(set)); },
                                           static_cast<int>(measurement_.sets), entry_->variant->synchronous, Pace::of(*device_));
    if (std::string fault = check_launches(); !fault.empty()) return fault;
    if (std::string fault = gate_all("as recorded"); !fault.empty()) return fault;
    plan();
    return std::string();
  });
}

/// Chooses how samples are taken, and how many a round: a few, or one where it takes long.
void Contestant::plan() {
  const bool cold = settings_->mode == Mode::single;
  Stopwatch stopwatch = [this] { return rotation_->time(); };
  if (cold)
    stopwatch = [this] { return device_->time_cold([this] { call(next_cold_++ % static_cast<std::size_t>(measurement_.sets)); }); };
  measurement_.calls = cold ? 1 : rotation_->calls();
  const double stretch = rotation_->replay_seconds() * static_cast<double>(measurement_.calls) / static_cast<double>(rotation_->calls());
  const SamplerSettings pace = Pace::of(*device_).sampler_for(stretch);
  sampler_ = std::make_unique<Sampler>(std::move(stopwatch), measurement_.calls, pace, ceilings_->clock());
  const double affordable = most_seconds() / std::max(stretch * pace.stretches, 1e-9);
  const double least = std::ceil(static_cast<double>(settings_->stop.least_samples) / settings_->rounds);
  samples_a_round_ = static_cast<int>(std::clamp(affordable / settings_->rounds, 1.0, std::max(1.0, least)));
}

void Contestant::call(std::size_t set) {
  if (scalar()) entry_->loss->reference(*wide_);
  else calls_[set].run();
}

std::string Contestant::gate(BoundCall& call, const InputSet& set, const std::function<void()>& work) {
  return Gate(*entry_->variant, set.resolved, set.reference).check(call, measurement_.accuracy, work);
}

/// Arrays with the same inputs as earlier ones, which were right and undamaged, are so where they hold the same bits, which is sooner seen.
std::string Contestant::gate_set(std::size_t set) {
  look();
  BoundCall& call = calls_[set];
  const auto same = [&](const NamedArray& entry) { return call.output(entry.name).bytes == calls_[set % sets_->size()].output(entry.name).bytes; };
  const std::vector<NamedArray>& outputs = call.problem().outputs;
  if (set >= sets_->size() && std::all_of(outputs.begin(), outputs.end(), same)) return {};
  return gate(call, inputs_of(set), [&] { rotation_->run_all(); });
}

/// Right the first time, and the same the second time.
std::string Contestant::check_before() {
  look();
  BoundCall& call = calls_.front();
  const Gate gate(*entry_->variant, sets_->front().resolved, sets_->front().reference);
  call.poison_outputs();
  call.run();
  std::string fault = gate.check(call, measurement_.accuracy);
  return fault.empty() ? gate.check_again(call, measurement_.accuracy) : fault;
}

std::string Contestant::check_launches() const {
  const std::int64_t recorded = rotation_->launches(), claimed = measurement_.launches * rotation_->calls();
  if (recorded < 0 || entry_->variant->needs_gpu || recorded == claimed) return {};
  return fmt::format("the recording of {} calls has {} kernels, not the {} that the variant says it launches: it skips work, or launches "
                     "it where the recording does not see it", rotation_->calls(), recorded, claimed);
}

/// Every set through the very work that is timed.
std::string Contestant::gate_all(const std::string& when) {
  if (scalar()) return {};
  for (BoundCall& call : calls_) call.poison_outputs();
  rotation_->run_all();
  device_->finish();
  for (std::size_t set = 0; set < calls_.size(); ++set)
    if (std::string fault = gate_set(set); !fault.empty())
      return fmt::format("{}, input set {}: {}", when, set, fault);
  return {};
}

void Contestant::poison_heads() {
  for (std::size_t set = 0; set < calls_.size() && set < kWatchedSets; ++set)
    for (const NamedArray& entry : calls_[set].problem().outputs)
      device_->fill(entry.array.data, 0xFF, std::min(kHeadBytes, static_cast<std::size_t>(entry.array.bytes())));
}

std::string Contestant::check_heads() const {
  const std::size_t reached = std::min<std::size_t>(static_cast<std::size_t>(measurement_.calls * samples_a_round_), calls_.size());
  std::vector<std::byte> head;
  for (std::size_t set = 0; set < reached && set < kWatchedSets; ++set)
    for (const NamedArray& entry : calls_[set].problem().outputs) {
      head.resize(std::min(kHeadBytes, static_cast<std::size_t>(entry.array.bytes())));
      device_->download(head.data(), entry.array.data, head.size());
      if (!head.empty() && std::all_of(head.begin(), head.end(), [](std::byte byte) { return byte == std::byte{0xFF}; }))
        return "nothing was written to " + entry.name + " while it was timed";
    }
  return {};
}

void Contestant::round(int number) {
  look();
  attempt([&] {
    const bool looked_at = !scalar() && sampler_->rounds() == 0 && measurement_.calls * samples_a_round_ >= static_cast<std::int64_t>(calls_.size());
    if (looked_at) poison_heads();
    if (sampler_->rounds() >= settings_->rounds) samples_a_round_ *= 2;  // those that take long to converge get longer rounds, not ever more
    sampler_->round(samples_a_round_, most_seconds() / settings_->rounds, number);
    return looked_at ? check_heads() : std::string();
  });
}

double Contestant::uncertainty() const { return alive() && sampler_ ? clean_uncertainty(sampler_->samples()) : 0; }

bool Contestant::wants_more() const {
  if (!alive() || !sampler_) return false;
  if (sampler_->rounds() < settings_->rounds) return true;
  const std::vector<Sample>& samples = sampler_->samples();
  const std::size_t spotless = spotless_count(samples);
  if (spotless < samples.size() && spotless < settings_->stop.least_samples) return sampler_->spent() < most_seconds();
  const StopRule stop{settings_->stop.least_samples, settings_->stop.precision, most_seconds()};
  return stop.judge(seconds_of(samples), sampler_->spent()) == Verdict::more;
}

/// A result remembered from earlier is wrong once the arrays hold other inputs.
std::string Contestant::check_other_inputs() {
  if (scalar()) return {};
  look();
  const InputSet& other = (*sets_)[1];
  BoundCall& call = calls_.front();
  call.arrays().upload(other.resolved);
  call.poison_outputs();
  rotation_->run_all();
  std::string fault = gate(call, other, [&] { rotation_->run_all(); });
  if (!fault.empty()) {
    Comparison ignored;
    const Gate old(*entry_->variant, sets_->front().resolved, sets_->front().reference);
    call.arrays().upload(sets_->front().resolved);  // so that only outputs are compared
    const bool replayed = old.check(call, ignored).empty();
    fault = std::string(replayed ? "replays an old result: " : "") + "with other inputs in the same arrays: " + fault;
  }
  call.arrays().upload(sets_->front().resolved);
  return fault;
}

/// Nothing is faster than memory, and nothing takes longer on the device than on the wall.
std::string Contestant::check_floor() {
  if (sampler_->device_seconds() > kClockSlack * sampler_->sampled_wall())
    return fmt::format("the device's clock counted {}, the host's only {}", short_time(sampler_->device_seconds()), short_time(sampler_->sampled_wall()));
  const std::size_t bytes = static_cast<std::size_t>(measurement_.contract_bytes);
  const Ceiling* ceiling = &ceilings_->of(measurement_.shape, bytes);
  measurement_.ceiling = ceiling->best;
  measurement_.caveats.cached = !scalar() && memory_for(*sets_, arrays_->size()) <= device_->cache_bytes();  // the reference is bound by arithmetic
  if (scalar() || measurement_.caveats.cached || settings_->mode == Mode::single) return {};
  const double speed = measurement_.gigabytes_per_second() * 1e9;
  const double most = above_ceiling(device_->where());
  // A ceiling of a host may have been looked at while others used its memory: a figure is refused only if none ever comes near it.
  const int looks = device_->where() == Where::host ? kLooksOnHost : 1;
  for (int i = 0; i < looks && speed > most * ceiling->peak && (i < kFewestLooks || ceilings_->watch().now() < settings_->until); ++i)
    ceiling = &ceilings_->look_again(measurement_.shape, bytes);
  measurement_.ceiling = ceiling->best;
  // A launch weighs less in a longer pass, so what moves more than the ceiling's bytes may be faster than it; not than the next ceiling.
  if (bytes > ceiling->bytes && speed > most * ceiling->peak) ceiling = &ceilings_->of(measurement_.shape, 2 * ceiling->bytes);
  if (!(speed > most * ceiling->peak)) return {};
  // On a machine that is never quiet, neither is known well enough for that.
  if (device_->where() == Where::host && !(ceiling->clean && enough_clean(sampler_->samples()))) return {};
  return fmt::format("{:.3g} GB/s is {:.0f} % of the fastest that memory was seen to be in this run, {:.3g} GB/s in the {} ceiling: it does not "
                     "move all the bytes that the loss must move, or the loss claims more than it moves", speed * 1e-9,
                     100 * speed / ceiling->peak, ceiling->peak * 1e-9, name_of(measurement_.shape));
}

void Contestant::finish() {
  attempt([&] {
    if (std::string fault = gate_all("after timing"); !fault.empty()) return fault;
    if (std::string fault = check_other_inputs(); !fault.empty()) return fault;
    measurement_.samples = sampler_->samples();
    measurement_.spent = sampler_->spent() + rotation_->warm_up_seconds();
    measurement_.judge_samples(settings_->stop.precision);
    return check_floor();
  });
  calls_.clear();
  rotation_.reset();
  finished_ = true;
}

}  // namespace lossbench
