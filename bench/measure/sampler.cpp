#include "bench/measure/sampler.h"

namespace lossbench {

Timing Sampler::time() {
  const Timing timing = stopwatch_();
  spent_ += timing.wall;
  clock_ = timing.clock;
  return timing;
}

void Sampler::warm_up() {
  ClockSettled settled;
  bool steady = false;
  for (double warm = 0; warm < settings_.warm_up_seconds || (!steady && warm < settings_.longest_warm_up);) {
    const Timing timing = time();
    warm += timing.wall;
    steady = settled(timing.clock);
  }
}

void Sampler::round(int count) {
  int clean = 0;
  for (int taken = 0; clean < count && taken < (1 + settings_.retries) * count; ++taken) {
    const Timing timing = time();
    on_device_ += timing.seconds;
    sampled_wall_ += timing.wall;
    Sample sample{timing.seconds / static_cast<double>(calls_), timing.clock, rounds_, timing.disturbed, check_.throttled(timing.clock)};
    clean += sample.clean();
    samples_.push_back(sample);
  }
  ++rounds_;
}

}  // namespace lossbench
