#include "bench/compare/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "bench/table.h"

namespace lossbench {
namespace {

constexpr Change kChanges[] = {Change::slower, Change::more_bytes, Change::broken,      Change::faster,
                               Change::fewer_bytes, Change::fixed, Change::both_failed, Change::none};

std::string amount(const CaseChange& entry, double value) {
  if (!(value > 0)) return "";
  return entry.counted ? fmt::format("{:.0f} B", value) : short_time(value);
}

std::string percent(double ratio) { return std::isfinite(ratio) ? fmt::format("{:+.1f} %", 100 * (ratio - 1)) : "?"; }

std::vector<std::string> cells(const CaseChange& entry) {
  const bool failed = entry.change == Change::broken || entry.change == Change::fixed || entry.change == Change::both_failed;
  if (failed || !(entry.before > 0)) return {entry.name, "", "", "", "", "", "", std::string(name_of(entry.change))};
  if (entry.counted)
    return {entry.name, amount(entry, entry.before), amount(entry, entry.after), percent(entry.ratio.ratio), "counted", "", "",
            std::string(name_of(entry.change))};
  return {entry.name, amount(entry, entry.before), amount(entry, entry.after), percent(entry.ratio.ratio),
          fmt::format("{} to {}", percent(entry.ratio.low), percent(entry.ratio.high)), fmt::format("{:.2g}", entry.ratio.p),
          entry.aa_spread > 0 ? fmt::format("{:.1f} %", 100 * std::expm1(entry.aa_spread)) : "?", std::string(name_of(entry.change))};
}

const std::vector<std::string> kHeader = {"case", "before", "after", "change", "95 % interval", "p", "A/A", "verdict"};

std::string list(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += "  " + name + "\n";
  return text;
}

/// What to do about clocks that had sagged; empty where none had.
std::string clock_advice(const RecordComparison& comparison) {
  const auto sagged = std::count_if(comparison.cases.begin(), comparison.cases.end(), [](const CaseChange& entry) { return entry.clock_sagged; });
  if (sagged == 0) return {};
  return fmt::format("The clock had sagged under {} of {} cases, before or after, or another program shared their core: measure these again.\n",
                     sagged, comparison.cases.size());
}

}  // namespace

std::string comparison_summary(const RecordComparison& comparison, const Record& before, const Record& after) {
  std::string text;
  for (const Change change : kChanges)
    if (const int count = comparison.count(change); count > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, name_of(change));
  if (text.empty()) text = "no case in common";
  if (!comparison.only_before.empty()) text += fmt::format("; {} only in {}", comparison.only_before.size(), before.file);
  if (!comparison.only_after.empty()) text += fmt::format("; {} only in {}", comparison.only_after.size(), after.file);
  return text;
}

std::string comparison_table(const RecordComparison& comparison, const Record& before, const Record& after) {
  Table table({{kHeader[0]}, {kHeader[1], true}, {kHeader[2], true}, {kHeader[3], true}, {kHeader[4], true}, {kHeader[5], true},
               {kHeader[6], true}, {kHeader[7]}});
  for (const CaseChange& entry : comparison.cases) table.add(cells(entry));
  std::string text = fmt::format("before: {} ({})\nafter:  {} ({})\n\n", before.file, before.about("commit"), after.file, after.about("commit"));
  if (!table.empty()) text += table.text() + "\n";
  if (!comparison.only_before.empty()) text += "only in " + before.file + ":\n" + list(comparison.only_before);
  if (!comparison.only_after.empty()) text += "only in " + after.file + ":\n" + list(comparison.only_after);
  return text + "change: Hodges-Lehmann ratio of the repetitions. A difference is claimed where p is small, the change over the threshold,\n"
                "and larger than A/A, which is how far the same code may differ from itself: see docs/measuring.md.\n" +
         clock_advice(comparison) + comparison_summary(comparison, before, after) + "\n";
}

std::string comparison_markdown(const RecordComparison& comparison, const Record& before, const Record& after) {
  std::string text = fmt::format("`{}` ({}) against `{}` ({}): **{}**\n\n", after.file, after.about("commit"), before.file, before.about("commit"),
                                 comparison_summary(comparison, before, after));
  const auto row = [&](const std::vector<std::string>& columns) {
    for (const std::string& column : columns) text += "| " + column + " ";
    text += "|\n";
  };
  row(kHeader);
  row({"---", "---:", "---:", "---:", "---:", "---:", "---:", "---"});
  for (const CaseChange& entry : comparison.cases) {
    std::vector<std::string> columns = cells(entry);
    columns[0] = "`" + columns[0] + "`";
    if (entry.change != Change::none) columns.back() = "**" + columns.back() + "**";
    row(columns);
  }
  return text;
}

std::string comparison_json(const RecordComparison& comparison, const Record& before, const Record& after) {
  using Json = nlohmann::ordered_json;
  const auto number = [](double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); };
  Json cases = Json::array();
  for (const CaseChange& entry : comparison.cases)
    cases.push_back({{"name", entry.name}, {"change", name_of(entry.change)}, {"before", number(entry.before)}, {"after", number(entry.after)},
                     {"ratio", number(entry.ratio.ratio)}, {"low", number(entry.ratio.low)}, {"high", number(entry.ratio.high)},
                     {"p", number(entry.ratio.p)}, {"aa_spread", number(entry.aa_spread)}, {"clock_sagged", entry.clock_sagged}});
  const Json document = {{"before", before.file}, {"after", after.file}, {"cases", cases}, {"only_before", comparison.only_before},
                         {"only_after", comparison.only_after}, {"regressed", comparison.regressed()}};
  return document.dump(2) + "\n";
}

}  // namespace lossbench
