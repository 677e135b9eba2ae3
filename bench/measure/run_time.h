// How long a run is to take. Pure.
#pragma once

#include <cstddef>

#include "bench/measure/settings.h"

namespace lossbench {

struct RunTime {
  double limit = 0;  ///< seconds into which everything must fit that is measured
  double goal = 0;   ///< seconds to be spent: what the cases do not take the first time goes to those known least
};

/// With a budget, that is the limit, and more than ten seconds a case are not spent. Without one, a run of `timed` cases takes 3 s for each and
/// 5 s, whatever the machine does, and patience beyond that where some was given; what runs under the emulator, `emulated` expected seconds, is
/// added. A little less is planned, because work ends when it is done.
RunTime run_time(const Settings& settings, std::size_t timed, double emulated);

}  // namespace lossbench
