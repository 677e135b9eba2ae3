// Calls that rotate over several sets of arrays, recorded so that one replay lasts long enough to be timed.
#pragma once

#include <functional>
#include <memory>

#include "bench/device.h"
#include "bench/measure/sampler.h"

namespace lossbench {

/// How long samples and warm-up last on a device.
struct Pace {
  double replay_seconds = 1e-3;  ///< at least
  SamplerSettings sampler = {};

  /// On a GPU, whose events resolve 0.5 us, a sample is one replay of 1 ms, after 200 ms of warm-up. On the host it is the fastest of twenty
  /// replays of 0.1 ms, after 20 ms: what shares a core only ever slows it down, and comes and goes within a millisecond.
  static Pace of(const Device& device);
  /// The same on a device that other work has just warmed up.
  Pace when_warm() const;
  /// The settings for replays that long: fewer to a sample where they are long already.
  SamplerSettings sampler_for(double replay_seconds) const;
};

class Rotation {
 public:
  /// `call(set)` enqueues the call on one of `sets` sets. Warms the device up with it, then records as many calls as fill a sample:
  /// whole rounds through the sets where they go into a graph; else each replay goes on where the last one ended.
  Rotation(Device& device, std::function<void(int set)> call, int sets, bool synchronous, const Pace& pace);

  Timing time() { return device_->time(*recording_); }
  /// Runs the call on every set, through the very recording that is timed where that is a graph.
  void run_all();
  std::int64_t calls() const { return calls_; }  ///< in one replay
  /// Kernels in one replay; -1 where the device cannot tell.
  std::int64_t launches() const { return recording_->launches(); }
  double replay_seconds() const { return replay_seconds_; }  ///< of one replay, as the warm-up saw it
  double warm_up_seconds() const { return warm_up_; }

 private:
  void record(std::int64_t calls);
  double warm_up(const Pace& pace);

  Device* device_;
  std::function<void(int set)> call_;
  int sets_;
  bool graph_;
  bool synchronous_;
  std::int64_t calls_ = 0;
  double warm_up_ = 0, replay_seconds_ = 0;
  std::unique_ptr<Recording> recording_;
};

/// Sets of arrays to rotate through, `bytes` each: enough that together they fill the cache four times, a large one twice,
/// two at least.
int sets_to_rotate(std::size_t cache_bytes, std::size_t bytes);

}  // namespace lossbench
