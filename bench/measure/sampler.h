// Takes samples of one piece of work.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <vector>

#include "bench/measure/clock_check.h"
#include "bench/measure/sample.h"

namespace lossbench {

/// Performs the work of one sample and says how long it took.
using Stopwatch = std::function<Timing()>;

struct SamplerSettings {
  double warm_up_seconds = 0.2;
  double longest_warm_up = 1.0;  ///< gives up waiting for the clock to settle
  int stretches = 1;             ///< of work in a sample, of which the fastest counts: see Pace
};

class Sampler {
 public:
  /// A stretch is `calls` calls long. `clock_check` is the device's, for the whole run; it outlives this.
  Sampler(Stopwatch stopwatch, std::int64_t calls, SamplerSettings settings, ClockCheck& clock_check)
      : stopwatch_(std::move(stopwatch)), calls_(calls), settings_(settings), clock_check_(&clock_check) {}

  /// The same work for `warm_up_seconds`, and on until two readings of the clock agree.
  void warm_up();

  /// Takes `count` samples, or those that begin within `most_seconds`, the first in any case. `round` is the group's, where there is one.
  void round(int count, double most_seconds = std::numeric_limits<double>::infinity(), std::optional<int> round = std::nullopt);

  const std::vector<Sample>& samples() const { return samples_; }
  int rounds() const { return rounds_; }
  double spent() const { return spent_; }                ///< host seconds, warm-up included
  double device_seconds() const { return on_device_; }   ///< sum on the device's clock, to be held against the host's
  double sampled_wall() const { return sampled_wall_; }

 private:
  Timing stretch();
  Timing fastest_stretch();

  Stopwatch stopwatch_;
  std::int64_t calls_;
  SamplerSettings settings_;
  ClockCheck* clock_check_;
  std::vector<Sample> samples_;
  int rounds_ = 0;
  double spent_ = 0, on_device_ = 0, sampled_wall_ = 0;
};

}  // namespace lossbench
