// How a run measures.
#pragma once

#include <cstdint>
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
  int rounds = 9;               ///< at least, of each case; variants of one loss take turns
  Mode mode = Mode::steady;
  StopRule stop = {};           ///< most_seconds is for a GPU; a case on the host gets half of it
  double patience = 0;          ///< seconds beyond that in which a case may wait for spotless samples
  std::optional<double> budget; ///< seconds of the whole run
};

}  // namespace lossbench
