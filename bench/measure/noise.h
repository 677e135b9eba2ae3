// How much the machine disturbed a run. Pure.
#pragma once

#include <cstddef>
#include <vector>

#include "bench/measure/measurement.h"

namespace lossbench {

/// Of all samples of a run.
struct Noise {
  std::size_t cases = 0;     ///< with samples
  std::size_t samples = 0;
  double disturbed = 0;      ///< share in which the system took the processor away
  double throttled = 0;      ///< share at a sagged clock, or beside a neighbour on the core
  double clean = 1;          ///< share that was neither
  double uncertainty = 0;    ///< median over the cases of how well their medians are known: see Measurement::uncertainty
};

Noise noise_of(const std::vector<CaseResult>& results);

}  // namespace lossbench
