#include "bench/measure/sampler.h"

namespace lossbench {

Timing Sampler::stretch() {
  const Timing timing = stopwatch_();
  spent_ += timing.wall;
  return timing;
}

Timing Sampler::fastest_stretch() {
  Timing fastest = stretch();
  for (int i = 1; i < settings_.stretches; ++i)
    if (const Timing timing = stretch(); timing.seconds < fastest.seconds) fastest = timing;
  return fastest;
}

void Sampler::warm_up() {
  ClockSettled settled;
  bool steady = false;
  for (double warm = 0; warm < settings_.warm_up_seconds || (!steady && warm < settings_.longest_warm_up);) {
    const Timing timing = stretch();
    warm += timing.wall;
    steady = settled(timing.clock);
  }
}

void Sampler::round(int count, double most_seconds, std::optional<int> round) {
  const double end = spent_ + most_seconds;
  for (int taken = 0; taken < count && (taken == 0 || spent_ < end); ++taken) {
    const Timing timing = fastest_stretch();
    on_device_ += timing.seconds;
    sampled_wall_ += timing.wall;
    clock_check_->saw(timing.clock);
    Sample sample{.seconds = timing.seconds / static_cast<double>(calls_), .clock = timing.clock, .round = round.value_or(rounds_),
                  .disturbed = timing.disturbed};
    clock_check_->flag(sample);
    samples_.push_back(sample);
  }
  clock_check_->flag(samples_);
  ++rounds_;
}

}  // namespace lossbench
