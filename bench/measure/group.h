// The cases of one data key: the variants that take turns on the same arrays.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "bench/measure/ceilings.h"
#include "bench/measure/measurement.h"
#include "bench/measure/settings.h"

namespace lossbench {

/// The ceilings of each device that the run has used.
class CeilingsOfDevices {
 public:
  explicit CeilingsOfDevices(Watch watch = {}) : watch_(std::move(watch)) {}

  Ceilings& of(Device& device) { return ceilings_.try_emplace(&device, device, watch_).first->second; }
  std::map<Device*, Ceilings>& all() { return ceilings_; }
  /// Of all devices: see Ceilings.
  double looking_seconds() const { return sum(&Ceilings::looking_seconds); }
  double closing_seconds() const { return sum(&Ceilings::closing_seconds); }
  const Watch& watch() const { return watch_; }

 private:
  double sum(double (Ceilings::*seconds)() const) const {
    double sum = 0;
    for (const auto& [device, ceilings] : ceilings_) sum += (ceilings.*seconds)();
    return sum;
  }

  Watch watch_;
  std::map<Device*, Ceilings> ceilings_;
};

/// Finds the device of a backend; tests put another in its place.
using DeviceFinder = std::function<Device&(Backend)>;

/// Measures cases that have a data key in common: data and arrays are made once, then the variants are checked, sampled in turns and
/// checked again. Results in the order of the cases. Never throws: what goes wrong is a measurement's fault. Where the run is asked to end,
/// at any moment, those that have not passed their last check are `cut`.
std::vector<Measurement> measure_group(const std::vector<Case>& cases, const Settings& settings, CeilingsOfDevices& ceilings,
                                       const DeviceFinder& device_of);

/// What a variant says of itself, launches and bytes of workspace, against what the emulator counted. What is false, in words.
std::string check_claims(const Implementation& implementation, const Problem& problem, const Traffic& traffic);

}  // namespace lossbench
