// Statistics of samples, as pure functions.
#pragma once

#include <vector>

namespace lossbench {

/// The q-quantile, 0 <= q <= 1, with linear interpolation between order statistics (NumPy's default). NaN when empty.
double quantile(std::vector<double> samples, double q);

/// The middle of the sorted samples, or the mean of the two middle ones. NaN when empty.
double median(std::vector<double> samples);

/// Half the width of the interval that holds the middle half, relative to the median: (q75 - q25) / (2·median).
double relative_spread(const std::vector<double>& samples);

}  // namespace lossbench
