// Plain, honest timing: warm up by time, sample long enough for the clock, one sample a repetition.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "bench/device.h"

namespace lossbench {

/// Seconds per call of `call`, once for each repetition. Each sample is a run of calls that lasts 1 ms or more on a GPU (events
/// resolve about 0.5 us) and 5 ms or more on the host.
std::vector<double> time_repeatedly(Device& device, const std::function<void()>& call, int repetitions);

/// Copies of a call to rotate through, so that none finds its arrays in the cache: together four caches full, 32 at most.
std::size_t copies_to_rotate(const Device& device, std::size_t footprint);

}  // namespace lossbench
