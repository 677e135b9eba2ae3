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

/// How well the samples fix their median, relative to it: 1.57·IQR/(√N·median), the half-width of a notch in a box plot, about a
/// 95 % interval. Infinite for fewer than 4 samples.   [McGill, Tukey, Larsen 1978]
double median_uncertainty(const std::vector<double>& samples);

/// Median of the last third over that of the first third, minus 1: what a clock that sags or a machine that fills up leaves in
/// samples kept in the order they were taken. 0 for fewer than 6.
double relative_drift(const std::vector<double>& samples);

/// True where the samples fall into two heaps: the widest gap in the middle 80 % of the sorted samples is more than four times
/// the spread within either side of it, and each side has a fifth of them. A median between two heaps describes neither.
bool bimodal(std::vector<double> samples);

}  // namespace lossbench
