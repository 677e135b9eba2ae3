// Whether the processor ran at one clock all along.
#pragma once

#include <algorithm>
#include <vector>

#include "bench/measure/sample.h"

namespace lossbench {

/// Warm-up ends when two readings of the clock agree: an idle GPU sits at a sixth of its clock.
class ClockSettled {
 public:
  /// Takes the next reading in Hz; true once it is within `agreement` of the one before. Where the clock cannot be read (0), the
  /// time alone decides, so that is settled at once.
  bool operator()(double clock);

  static constexpr double agreement = 0.01;

 private:
  double last_ = -1;
};

/// Finds samples taken at a clock that had sagged. The reference is the highest clock of the device so far in the run, since a boost clock
/// only ever falls under load.
class ClockCheck {
 public:
  /// `top`: a clock that lies further below the highest than this share is not quite it. A card's clock wanders with its power, and every
  /// sample within the tolerance is as good. Of a host, whose clock is a count of what a core gets done, a small lack is the trace of somebody
  /// else on the core: measured on a small cloud machine, samples 0.5 to 2 % below the highest were as slow as those far below it.
  explicit ClockCheck(double top = tolerance) : top_(top) {}

  /// Takes a reading in Hz into account.
  void saw(double clock) { reference_ = std::max(reference_, clock); }
  /// Whether `clock` is more than `tolerance` below the highest yet; false where it is not known. What passed early in a run may no longer
  /// pass later.
  bool throttled(double clock) const { return clock > 0 && clock < (1 - tolerance) * reference_; }
  /// Whether it is not quite the highest; false where it is not known.
  bool below_top(double clock) const { return clock > 0 && clock < (1 - top_) * reference_; }
  /// Flags samples by what is known now.
  void flag(Sample& sample) const { sample.throttled = throttled(sample.clock), sample.below_top = below_top(sample.clock); }
  void flag(std::vector<Sample>& samples) const;

  static constexpr double tolerance = 0.03;
  static constexpr double host_top = 0.004;

 private:
  double top_;
  double reference_ = 0;
};

}  // namespace lossbench
