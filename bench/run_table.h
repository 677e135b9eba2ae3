// The table that ends a run.
#pragma once

#include <string>
#include <vector>

#include "bench/measure/runner.h"

namespace lossbench {

/// One block of rows a loss and pass, losses and variants in ladder order. Rows of the emulator have no time and no throughput.
std::string run_table(const std::vector<CaseResult>& results, const Settings& settings);

/// The ceilings of the run, a line each, with their drift.
std::string ceilings_text(Runner& runner);

/// Every case that failed, a line each.
std::string failures(const std::vector<CaseResult>& results);

}  // namespace lossbench
