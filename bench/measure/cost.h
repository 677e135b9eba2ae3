// How long cases take apart from being sampled, as far as that is known beforehand.
#pragma once

#include <cstddef>
#include <cstdint>

#include "bench/cases.h"
#include "bench/measure/watch.h"

namespace lossbench {

/// In seconds of the machine that the constants were measured on; a run learns how its own compares.
struct CaseCost {
  double data = 0;    ///< to make inputs, references and arrays, once for all cases of a data key
  double checks = 0;  ///< before and after the samples; of an emulated case, everything
};
/// `cache_bytes` is the cache of the device that a case is timed on.
CaseCost cost_of(const Case& entry, std::size_t cache_bytes);

/// How much longer this machine takes than that one, by making a few small inputs of that loss: some 50 ms.
double slowness(const Case& entry, std::uint64_t seed, const Watch& watch);

/// Shares of the longest time for which a case may be sampled: one on the host may take half of what one on a GPU may. None for one that is not timed.
double sampling_share(const Case& entry);

}  // namespace lossbench
