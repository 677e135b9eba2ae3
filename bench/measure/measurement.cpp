#include "bench/measure/measurement.h"

#include <limits>

#include "bench/measure/statistics.h"

namespace lossbench {

std::vector<std::string> Caveats::names() const {
  std::vector<std::string> names;
  const auto add = [&](bool set, const char* name) {
    if (set) names.push_back(name);
  };
  add(not_converged, "not converged");
  add(drift, "drift");
  add(throttled, "throttled");
  add(disturbed, "disturbed");
  add(bimodal, "bimodal");
  add(cached, "cached");
  return names;
}

double Measurement::seconds() const { return median(seconds_of(samples)); }

double Measurement::uncertainty() const { return median_uncertainty(seconds_of(samples)); }

double Measurement::gigabytes_per_second() const { return static_cast<double>(contract_bytes) / seconds() * 1e-9; }

double Measurement::share_of_ceiling() const {
  return ceiling > 0 ? gigabytes_per_second() * 1e9 / ceiling : std::numeric_limits<double>::quiet_NaN();
}

double Measurement::predicted_seconds(double bandwidth) const { return static_cast<double>(traffic->total()) / bandwidth; }

}  // namespace lossbench
