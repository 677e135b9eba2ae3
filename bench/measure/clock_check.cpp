#include "bench/measure/clock_check.h"

#include <algorithm>
#include <cmath>

namespace lossbench {

bool ClockSettled::operator()(double clock) {
  if (clock <= 0) return true;
  const bool settled = last_ > 0 && std::fabs(clock - last_) <= agreement * last_;
  last_ = clock;
  return settled;
}

bool ClockCheck::throttled(double clock) {
  if (clock <= 0) return false;
  reference_ = std::max(reference_, clock);
  return clock < (1 - tolerance) * reference_;
}

}  // namespace lossbench
