// What one look at the clock gives.
#pragma once

#include <cstddef>
#include <vector>

namespace lossbench {

/// One timed stretch of work on a device.
struct Timing {
  double seconds = 0;      ///< on the device's own clock
  double wall = 0;         ///< on the host's, from before the work was enqueued to after it was done
  double clock = 0;        ///< Hz of the processor right after it, measured; 0 where it is not known
  bool disturbed = false;  ///< the host took the processor away in between
};

/// One sample of a case: the time of one call, as the mean over the calls of one stretch.
struct Sample {
  double seconds = 0;
  double clock = 0;
  int round = 0;           ///< of the group: samples of a round were taken one after another, between those of other variants
  int visit = 0;           ///< rounds of a visit follow each other; between visits lie other cases
  bool disturbed = false;
  bool throttled = false;  ///< the clock had sagged
  bool below_top = false;  ///< it was not quite the highest: see ClockCheck
  bool clean() const { return !disturbed && !throttled; }
  bool spotless() const { return clean() && !below_top; }
};

std::size_t clean_count(const std::vector<Sample>& samples);
std::size_t spotless_count(const std::vector<Sample>& samples);

/// Whether enough samples are clean to be judged by alone: 27, or a fifth of them.
bool enough_clean(const std::vector<Sample>& samples);

/// Time of `b` over that of `a`, round by round: the median over the rounds that have samples of both. What comes and goes within a run is in
/// both alike. NaN where no round has.
double ratio_by_rounds(const std::vector<Sample>& a, const std::vector<Sample>& b);

/// The samples to judge by, in the order they were taken: the spotless ones where there are enough of them, else the clean ones where there are,
/// else all. None is ever dropped from the record.
std::vector<Sample> judged(const std::vector<Sample>& samples);

/// Their times.
std::vector<double> seconds_of(const std::vector<Sample>& samples);

/// How well the median of those is known (see median_uncertainty); infinite where too few are clean.
double clean_uncertainty(const std::vector<Sample>& samples);

/// How far the case moved between visits: the median of a later one over that of the first, and the middle of these ratios by their distance
/// from 1, since one visit of several does not move the median of all. A visit counts with nine of the samples to judge by, or half of its own
/// among them. 0 where fewer than two do, or too few samples are clean.
double found_again(const std::vector<Sample>& samples);

/// Time of `b` over that of `a`, round by round: the median over the rounds that have samples of both. What comes and goes within a run is in
/// both alike. NaN where no round has.
double ratio_by_rounds(const std::vector<Sample>& a, const std::vector<Sample>& b);

/// The samples to judge by, in the order they were taken, in `count` parts, and the median of each; fewer where there are fewer samples.
std::vector<double> repetition_medians(const std::vector<Sample>& samples, int count);

}  // namespace lossbench
