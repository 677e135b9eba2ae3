// Whether the processor ran at one clock all along.
#pragma once

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

/// Finds samples taken at a clock that had sagged. The reference is the highest clock so far, since a boost clock only ever falls
/// under load.
class ClockCheck {
 public:
  /// True where `clock` (Hz, right after the sample) is more than `tolerance` below the highest yet. False where it is not known.
  bool throttled(double clock);
  double reference() const { return reference_; }

  static constexpr double tolerance = 0.03;

 private:
  double reference_ = 0;
};

}  // namespace lossbench
