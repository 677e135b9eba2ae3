// What the memory of this machine does in this run, in the traffic shapes of the losses: what throughputs are held against.
#pragma once

#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "bench/device.h"
#include "bench/measure/clock_check.h"
#include "bench/measure/rotation.h"
#include "bench/measure/watch.h"

namespace lossbench {

struct Ceiling {
  TrafficShape shape;
  std::size_t bytes;  ///< moved by one pass: a power of two
  double first = 0;   ///< bytes per second, median, where it was first asked for
  double best = 0;    ///< the highest of all medians: the ceiling
  double last = 0;    ///< where it was last looked at: at the end of the run
  double peak = 0;    ///< of the fastest samples of all: what no figure may exceed
  bool clean = false; ///< whether any look had enough clean samples
  int way = 0;        ///< in which the device was the fastest when it was last looked at in all of them

  /// Bytes of each array, and of all together: whole pages.
  std::size_t bytes_each() const;
  std::size_t bytes_of_pass() const { return bytes_each() * static_cast<std::size_t>(arrays_of(shape)); }
  /// Takes a look into account.
  void saw(double median, double fastest);
  /// |last / first - 1|: by how much the machine changed in between.
  double drift() const;
};

class Ceilings {
 public:
  explicit Ceilings(Device& device, Watch watch = {})
      : device_(&device), watch_(std::move(watch)), clock_(device.where() == Where::host ? ClockCheck::host_top : ClockCheck::tolerance) {}

  /// Traffic of that shape over `bytes` bytes a pass, rounded to a power of two. Measured when first asked for,
  /// like the losses: recorded, rotating through more memory than the cache holds, median of samples.
  const Ceiling& of(TrafficShape shape, std::size_t bytes);
  /// Takes another look, in the fastest way, for a figure that came out above the ceiling.
  const Ceiling& look_again(TrafficShape shape, std::size_t bytes);
  /// The same for one that was looked at elsewhere: see MemoryPace.
  void saw(const Ceiling& ceiling, double median, double fastest) { entry(ceiling.shape, ceiling.bytes).saw(median, fastest); }
  /// Passes of a ceiling's traffic, recorded to be timed, in one of the device's ways. Good until a larger ceiling is looked at.
  std::unique_ptr<Rotation> passes(const Ceiling& ceiling, int way, const Pace& pace);
  /// Seconds of a launch that does nothing; 0 where the device was lost, or the run asked to end, before anybody asked.
  double launch_seconds();
  /// Measures all of them again, each in its fastest way, unless the device is lost; those that begin before `until`.
  void close(double until = std::numeric_limits<double>::infinity());

  const std::vector<Ceiling>& all() const { return all_; }
  /// Host seconds that the first looks took, and that `close` will take, going by them.
  double looking_seconds() const { return looking_; }
  double closing_seconds() const { return looking_ / device_->ways_to_stream(); }
  const Ceiling* find(TrafficShape shape, std::size_t bytes) const;
  /// The clock's ceiling: samples of the whole run are held against it.
  ClockCheck& clock() { return clock_; }
  Device& device() const { return *device_; }
  const Watch& watch() const { return watch_; }

 private:
  std::vector<Sample> samples_of(Rotation& rotation);
  void look_at(Ceiling& ceiling, int first_way, int last_way);
  Ceiling& entry(TrafficShape shape, std::size_t bytes);
  std::byte* arena(std::size_t bytes);

  Device* device_;
  Watch watch_;
  ClockCheck clock_;
  std::vector<Ceiling> all_;
  std::unique_ptr<DeviceMemory> arena_;
  double launch_ = 0, looking_ = 0;
};

/// More than this share above its ceiling, a figure is an error and no record. On a host whose memory other machines share, a ceiling is as good
/// as the moments at which it was looked at; who leaves out a quarter of the data is still above it by a third.
constexpr double above_ceiling(Where where) { return where == Where::host ? 1.2 : 1.05; }
/// Drift of a ceiling that marks every figure held against it.
inline constexpr double kMuchDrift = 0.02;

}  // namespace lossbench
