#include "bench/measure/sidecar.h"

#include <nlohmann/json.hpp>

namespace lossbench {

std::string sidecar_path(const std::string& json_file) {
  const std::string stem = json_file.ends_with(".json") ? json_file.substr(0, json_file.size() - 5) : json_file;
  return stem + ".samples.json";
}

std::string sidecar_text(const std::vector<CaseResult>& results) {
  nlohmann::ordered_json cases = nlohmann::ordered_json::object();
  for (const CaseResult& result : results) {
    if (result.measurement.samples.empty()) continue;
    nlohmann::ordered_json& own = cases[result.entry.name()];
    for (const Sample& sample : result.measurement.memory) {
      own["memory_seconds"].push_back(sample.seconds);
      own["memory_round"].push_back(sample.round);
    }
    for (const Sample& sample : result.measurement.samples) {
      own["seconds"].push_back(sample.seconds);
      own["round"].push_back(sample.round);
      own["visit"].push_back(sample.visit);
      own["clock_MHz"].push_back(sample.clock * 1e-6);
      own["disturbed"].push_back(sample.disturbed);
      own["throttled"].push_back(sample.throttled);
      own["below_top"].push_back(sample.below_top);
    }
  }
  return nlohmann::ordered_json{{"cases", cases}}.dump() + "\n";
}

}  // namespace lossbench
