// The table that ends a run.
#pragma once

#include <string>
#include <vector>

#include "bench/measure/runner.h"

namespace lossbench {

/// What the timed figures have in common, in words; a table of them; and one of what the emulator counted. One block of rows a group,
/// losses and variants in ladder order.
std::string run_table(const std::vector<CaseResult>& results, Mode mode);

/// The ceilings of the run, a line each, with their drift.
std::string ceilings_text(Runner& runner);

/// How many cases were left out, why, and the first of them, a line each: the record names all. Empty where none was.
std::string dropped_text(const std::vector<std::string>& names, const std::string& why);

/// Every case that failed, a line each.
std::string failures(const std::vector<CaseResult>& results);

}  // namespace lossbench
