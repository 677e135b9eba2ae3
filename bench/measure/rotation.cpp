#include "bench/measure/rotation.h"

#include <algorithm>
#include <cmath>

namespace lossbench {
namespace {

constexpr double kLongestSample = 10e-3;  // that is worth more than one replay
constexpr int kMostSets = 1024;
constexpr std::size_t kLargeCache = std::size_t{128} << 20;
constexpr std::int64_t kMostCalls = 1 << 14;  // of one recording: a graph has a node for each

}  // namespace

Pace Pace::of(const Device& device) {
  if (device.where() == Where::cuda) return {};
  return {1e-4, {.warm_up_seconds = 0.02, .longest_warm_up = 0.1, .stretches = 20}};
}

Pace Pace::when_warm() const {
  Pace pace = *this;
  pace.sampler.warm_up_seconds = pace.sampler.longest_warm_up = 5 * replay_seconds;
  return pace;
}

SamplerSettings Pace::sampler_for(double replay_seconds) const {
  SamplerSettings settings = sampler;
  settings.stretches = static_cast<int>(std::clamp(kLongestSample / std::max(replay_seconds, 1e-9), 1.0, static_cast<double>(sampler.stretches)));
  return settings;
}

Rotation::Rotation(Device& device, std::function<void(int set)> call, int sets, bool synchronous, const Pace& pace)
    : device_(&device), call_(std::move(call)), sets_(sets), graph_(device.where() == Where::cuda && !synchronous), synchronous_(synchronous) {
  record(graph_ ? sets_ : 1);
  const double per_call = warm_up(pace) / static_cast<double>(calls_);
  // A tenth more than asked for: the next replays may be that much faster.
  const double wanted = std::clamp(std::ceil(1.1 * pace.replay_seconds / std::max(per_call, 1e-9)), 1.0, static_cast<double>(kMostCalls));
  const std::int64_t step = graph_ ? sets_ : 1;
  const std::int64_t calls = (static_cast<std::int64_t>(wanted) + step - 1) / step * step;
  if (calls != calls_) record(calls);
  replay_seconds_ = per_call * static_cast<double>(calls_);
}

double Rotation::warm_up(const Pace& pace) {
  double seconds = 0;  // of one replay, warm
  ClockCheck unused;
  Sampler warm([&] {
    const Timing timing = time();
    seconds = timing.seconds;
    return timing;
  }, calls_, pace.sampler, unused);
  warm.warm_up();
  warm_up_ = warm.spent();
  return seconds;
}

void Rotation::record(std::int64_t calls) {
  calls_ = calls;
  recording_ = device_->record([call = call_, sets = sets_, calls, next = 0]() mutable {
    for (std::int64_t i = 0; i < calls; ++i) call(next), next = (next + 1) % sets;
  }, synchronous_);
}

void Rotation::run_all() {
  if (graph_) return device_->replay(*recording_);
  for (int set = 0; set < sets_; ++set) call_(set);
}

int sets_to_rotate(std::size_t cache_bytes, std::size_t bytes) {
  // Of a cache of hundreds of MiB, which many cores share, one has but a part.
  const std::size_t times = cache_bytes > kLargeCache ? 2 : 4, wanted = (times * cache_bytes + bytes) / std::max<std::size_t>(bytes, 1);
  return static_cast<int>(std::clamp<std::size_t>(wanted, 2, kMostSets));
}

}  // namespace lossbench
