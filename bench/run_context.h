// What a record says of the run it is from.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "bench/measure/runner.h"

namespace lossbench {

/// Build, machine, settings and command line, as names and values.
std::vector<std::pair<std::string, std::string>> run_context(const Settings& settings, const std::vector<std::string>& command_line);

/// What is only known afterwards: ceilings with their drift, the time of an empty launch, what the budget dropped, how far medians moved
/// when they were measured again.
std::vector<std::pair<std::string, std::string>> outcome_context(Runner& runner);

/// The CUDA device's name, or why there is none.
std::string cuda_device_name();

}  // namespace lossbench
