#include "bench/measure/stop_rule.h"

#include "bench/measure/statistics.h"

namespace lossbench {

Verdict StopRule::judge(const std::vector<double>& samples, double spent_seconds) const {
  if (samples.size() >= least_samples && median_uncertainty(samples) <= precision) return Verdict::converged;
  return spent_seconds >= most_seconds ? Verdict::out_of_time : Verdict::more;
}

}  // namespace lossbench
