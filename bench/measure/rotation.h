// Calls that rotate over several sets of arrays, recorded so that one replay lasts long enough to be timed.
#pragma once

#include <functional>
#include <memory>

#include "bench/device.h"
#include "bench/measure/sampler.h"

namespace lossbench {

/// How long samples and warm-up last on a device.
struct Pace {
  double sample_seconds = 2e-3;  ///< of one replay, at least
  SamplerSettings sampler = {};

  /// 1 ms samples on a GPU, whose events resolve 0.5 us, after 200 ms of warm-up; 2 ms samples on the host, after 20 ms.
  static Pace of(const Device& device);
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
  double sample_seconds() const { return sample_seconds_; }  ///< of one replay, as the warm-up saw it
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
  double warm_up_ = 0, sample_seconds_ = 0;
  std::unique_ptr<Recording> recording_;
};

/// Sets of arrays to rotate through, `bytes` each: enough that together they fill the cache four times, two at least.
int sets_to_rotate(std::size_t cache_bytes, std::size_t bytes);

}  // namespace lossbench
