#include "bench/measure/noise.h"

#include "bench/measure/statistics.h"

namespace lossbench {

Noise noise_of(const std::vector<CaseResult>& results) {
  Noise noise;
  std::size_t disturbed = 0, throttled = 0, clean = 0;
  std::vector<double> uncertainties;
  for (const CaseResult& result : results) {
    const std::vector<Sample>& samples = result.measurement.samples;
    if (samples.empty()) continue;
    ++noise.cases;
    noise.samples += samples.size();
    for (const Sample& sample : samples) disturbed += sample.disturbed, throttled += sample.throttled, clean += sample.clean();
    uncertainties.push_back(result.measurement.uncertainty());
  }
  if (noise.samples == 0) return noise;
  const double all = static_cast<double>(noise.samples);
  noise.disturbed = static_cast<double>(disturbed) / all;
  noise.throttled = static_cast<double>(throttled) / all;
  noise.clean = static_cast<double>(clean) / all;
  noise.uncertainty = median(uncertainties);
  return noise;
}

}  // namespace lossbench
