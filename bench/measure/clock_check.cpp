#include "bench/measure/clock_check.h"

#include <cmath>

namespace lossbench {

bool ClockSettled::operator()(double clock) {
  if (clock <= 0) return true;
  const bool settled = last_ > 0 && std::fabs(clock - last_) <= agreement * last_;
  last_ = clock;
  return settled;
}

void ClockCheck::flag(std::vector<Sample>& samples) const {
  for (Sample& sample : samples) flag(sample);
}

}  // namespace lossbench
