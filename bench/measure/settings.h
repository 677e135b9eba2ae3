// How a run measures.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>

#include "bench/measure/stop_rule.h"

namespace lossbench {

enum class Mode {
  steady,  ///< throughput: replays of many calls
  single,  ///< latency: one call that finds its arrays out of the cache
};
constexpr const char* name_of(Mode mode) { return mode == Mode::steady ? "steady" : "single"; }

struct Settings {
  std::uint64_t seed = 1;
  int rounds = 9;               ///< of each case, where time allows; variants of one loss take turns
  Mode mode = Mode::steady;
  StopRule stop = {};           ///< most_seconds is for a GPU; a case on the host gets half of it
  double until = std::numeric_limits<double>::infinity();  ///< the moment at which a group is to be done, one round of samples in any case

  std::optional<double> budget; ///< seconds of the whole run; without it they follow from the number of cases: see run_time.h
  double most_seconds = 285;    ///< that a run without a budget takes
  double patience = 0;          ///< seconds more for each timed case of a run without a budget
};

}  // namespace lossbench
