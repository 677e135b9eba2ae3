// Two sets of samples against each other, by their ranks alone: no distribution is assumed, and one wild sample moves nothing.
#pragma once

#include <vector>

namespace lossbench {

/// Two-sided p of the Mann-Whitney U test: how often sets drawn from one distribution differ in rank at least this much. Exact for
/// small sets without ties, else the normal approximation with corrections for ties and continuity. 1 where either is empty.
/// [Mann, Whitney 1947]
double mann_whitney(const std::vector<double>& a, const std::vector<double>& b);

/// The factor by which samples of b exceed those of a.
struct RatioEstimate {
  double ratio = 1;          ///< median of all b_j/a_i   [Hodges, Lehmann 1963]
  double low = 0, high = 0;  ///< interval at the confidence asked for; [0, inf] where the sets are too small for one
  double p = 1;              ///< of mann_whitney: below 1 - confidence where the interval leaves out 1
};

/// All samples must be positive. `confidence` is 0.95 for a 95 % interval.
RatioEstimate ratio_of(const std::vector<double>& a, const std::vector<double>& b, double confidence = 0.95);

}  // namespace lossbench
