// The raw samples of a run, in a file beside its record.
#pragma once

#include <string>
#include <vector>

#include "bench/measure/measurement.h"

namespace lossbench {

/// "DIR/NAME.samples.json" for "DIR/NAME.json".
std::string sidecar_path(const std::string& json_file);

/// One JSON object: under "cases", by name, the lists `seconds`, `round`, `clock_MHz`, `disturbed` and `throttled`, an entry a sample in the
/// order they were taken.
std::string sidecar_text(const std::vector<CaseResult>& results);

}  // namespace lossbench
