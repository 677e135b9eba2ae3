#include "bench/measure/memory_pace.h"

#include <algorithm>

#include "bench/measure/statistics.h"

namespace lossbench {

MemoryPace::MemoryPace(Ceilings& ceilings, TrafficShape shape, std::size_t bytes)
    : ceilings_(&ceilings),
      ceiling_(ceilings.of(shape, bytes)),
      rotation_(ceilings.passes(ceiling_, ceiling_.way, Pace::of(ceilings.device()).when_warm())),
      sampler_([this] { return rotation_->time(); }, rotation_->calls(),
               Pace::of(ceilings.device()).sampler_for(rotation_->replay_seconds()), ceilings.clock()) {}

void MemoryPace::round(int number, std::size_t samples_of_contestants, double most_seconds) {
  const std::size_t due = samples_of_contestants / kShare, taken = sampler_.samples().size();
  sampler_.round(static_cast<int>(std::max(kLeast, due - std::min(due, taken))), most_seconds, number);
}

void MemoryPace::finish() {
  const std::vector<double> seconds = seconds_of(sampler_.samples());
  if (seconds.empty()) return;
  const double bytes = static_cast<double>(ceiling_.bytes_of_pass());
  ceilings_->saw(ceiling_, bytes / median(seconds), bytes / quantile(seconds, 0));
}

std::vector<Sample> MemoryPace::samples_for(std::int64_t bytes) const {
  std::vector<Sample> samples = sampler_.samples();
  for (Sample& sample : samples) sample.seconds *= static_cast<double>(bytes) / static_cast<double>(ceiling_.bytes_of_pass());
  return samples;
}

}  // namespace lossbench
