// The main job: measures cases and tells of them, on the terminal and in files.
#pragma once

#include <string>
#include <vector>

#include "bench/google_benchmark.h"
#include "bench/progress.h"

namespace lossbench {

/// Returns the exit status: kMiss where a case failed.
int run_cases(const std::vector<Case>& cases, const Settings& settings, GoogleBenchmark& benchmark, Progress::Mode mode,
              const std::vector<std::string>& command_line);

}  // namespace lossbench
