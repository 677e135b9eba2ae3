#include "bench/measure/measurement.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "bench/device.h"
#include "bench/measure/ceilings.h"
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

void Measurement::come_too_late(const std::string& reason) {
  fault = lost_before(reason);
  not_run = true;
  samples.clear();
}

void Measurement::describe(const Loss& loss, const Problem& problem, std::size_t count_of_sets) {
  const Contract contract = loss.contract(problem);
  elements = problem.inputs.front().array.count();
  contract_bytes = contract.total();
  shape = traffic_shape(contract);
  sets = static_cast<std::int64_t>(count_of_sets);
}

void Measurement::find_ceiling() {
  if (memory.empty()) return;
  const double share = ratio_by_rounds(samples, memory);
  if (share > 0) ceiling = static_cast<double>(contract_bytes) / seconds() / share;
}

void Measurement::judge_samples(double precision) {
  const std::vector<Sample> kept = judged(samples);
  std::vector<double> times, clocks;
  std::size_t throttled = 0, disturbed = 0;
  for (const Sample& sample : kept) {
    times.push_back(sample.seconds);
    clocks.push_back(sample.clock);
    throttled += sample.throttled;
    disturbed += sample.disturbed;
  }
  clock = median(clocks);
  revisit = found_again(samples);
  const double known = median_uncertainty(times);
  caveats.not_converged = !(known <= precision);
  caveats.drift = std::fabs(relative_drift(times)) > std::max(kMuchDrift, 2 * known);
  caveats.throttled = 10 * throttled >= kept.size();
  caveats.disturbed = 10 * disturbed >= kept.size();
  caveats.bimodal = bimodal(times);
  find_ceiling();
}

double Measurement::seconds() const { return median(seconds_of(samples)); }

double Measurement::uncertainty() const { return median_uncertainty(seconds_of(samples)); }

double Measurement::gigabytes_per_second() const { return static_cast<double>(contract_bytes) / seconds() * 1e-9; }

double Measurement::share_of_ceiling() const {
  return ceiling > 0 ? gigabytes_per_second() * 1e9 / ceiling : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace lossbench
