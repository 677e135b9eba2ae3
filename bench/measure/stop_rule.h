// When a case has been sampled enough.
#pragma once

#include <cstddef>
#include <vector>

namespace lossbench {

enum class Verdict { more, converged, out_of_time };

struct StopRule {
  std::size_t least_samples = 30;
  double precision = 0.005;  ///< of the median: see median_uncertainty
  double most_seconds = 2;   ///< spent on the case

  /// Pure. Never stops before there are `least_samples`, but for time: a single call may take longer than all of it.
  Verdict judge(const std::vector<double>& samples, double spent_seconds) const;
};

}  // namespace lossbench
