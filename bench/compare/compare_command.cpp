// `lossbench compare`: what got faster or slower between two runs.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>

#include "bench/commands.h"
#include "bench/compare/report.h"
#include "bench/output_files.h"
#include "bench/selection.h"
#include "core/error.h"

namespace lossbench {
namespace {

struct Flags {
  std::string before, after, across, markdown, json;
  double threshold = 1;
};

std::vector<std::string> parse_across(const std::string& text) {
  if (text.empty()) return {};
  const std::vector<std::string> kinds = split(text, ',');
  for (const std::string& kind : kinds)
    if (kind != "device" && kind != "build") throw InputError("--across '" + kind + "' is unknown; accepted: device, build");
  return kinds;
}

void write(const std::string& file, std::string text) {
  if (file.empty()) return;
  const std::filesystem::path path(file);
  OutputFiles files(path.parent_path().empty() ? "." : path.parent_path());
  files.add(path.filename(), std::move(text));
  files.commit();
}

int compare(const Flags& flags) {
  const std::vector<std::string> across = parse_across(flags.across);
  const Record before = read_record(flags.before), after = read_record(flags.after);
  if (const std::string reason = incomparable(before, after, across); !reason.empty()) throw InputError(reason);
  const RecordComparison comparison = compare_records(before, after, {.threshold = flags.threshold / 100});
  write(flags.markdown, comparison_markdown(comparison, before, after));
  write(flags.json, comparison_json(comparison, before, after));
  fmt::print("{}", comparison_table(comparison, before, after));
  return comparison.regressed() ? kMiss : kOk;
}

}  // namespace

void add_compare_command(CLI::App& program, int& status) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command = program.add_subcommand(
      "compare", "What got faster or slower between two runs, with the statistics to say so; exit status 1 on a\nregression");
  command->add_option("BEFORE", flags->before, "JSON of the first run, from `lossbench run --out`")->required();
  command->add_option("AFTER", flags->after, "JSON of the second")->required();
  command->add_option("--threshold", flags->threshold, "percent: smaller differences are not claimed")->check(CLI::NonNegativeNumber)->capture_default_str();
  command->add_option("--across", flags->across, "what may differ between the runs, a comma list of: device, build")->type_name("LIST");
  command->add_option("--markdown", flags->markdown, "write the table to this file as Markdown")->type_name("FILE");
  command->add_option("--json", flags->json, "write the comparison to this file as JSON")->type_name("FILE");
  command->callback([flags, &status] { status = compare(*flags); });
}

}  // namespace lossbench
