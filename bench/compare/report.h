// A comparison as a table for the terminal, as Markdown, as JSON.
#pragma once

#include <string>

#include "bench/compare/comparison.h"

namespace lossbench {

std::string comparison_table(const RecordComparison& comparison, const Record& before, const Record& after);
std::string comparison_markdown(const RecordComparison& comparison, const Record& before, const Record& after);
/// {"before": FILE, "after": FILE, "cases": [{"name", "change", "before", "after", "ratio", "low", "high", "p", "aa_spread"}, …],
/// "only_before": […], "only_after": […], "regressed": BOOL}; times in seconds, an interval without end is null.
std::string comparison_json(const RecordComparison& comparison, const Record& before, const Record& after);

/// "1 slower, 11 no difference; 2 cases only in b.json"
std::string comparison_summary(const RecordComparison& comparison, const Record& before, const Record& after);

}  // namespace lossbench
