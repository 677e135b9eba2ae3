// `lossbench validate`: every variant against the reference.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>

#include "bench/choice.h"
#include "bench/commands.h"
#include "bench/device_reference.h"
#include "bench/progress.h"
#include "bench/table.h"
#include "bench/validation.h"
#include "core/error.h"

namespace lossbench {
namespace {

using Json = nlohmann::ordered_json;

struct Flags {
  SelectionFlags selection;
  bool json = false, verbose = false, progress = false, device_reference = false;
  std::uint64_t seed = 1;
  std::int64_t most_elements = 0;
};

struct Totals {
  std::int64_t cases = 0, skipped = 0, misses = 0;
};

std::vector<std::string> cells_of(const ValidationLine& line) {
  return {line.loss->name,
          line.variant->name,
          std::string(name_of(line.variant->backend)),
          std::string(name_of(line.dtype)),
          std::string(name_of(line.pass)),
          std::to_string(line.cases),
          std::to_string(line.skipped),
          line.misses ? std::to_string(line.misses) + " MISS" : "ok",
          short_number(line.ratio),
          short_number(line.ulps),
          short_number(line.relative),
          line.input};
}

Json json_of(const ValidationLine& line) {
  const auto number = [](double x) { return std::isfinite(x) ? Json(x) : Json(short_number(x)); };
  return {{"loss", line.loss->name}, {"variant", line.variant->name}, {"backend", name_of(line.variant->backend)},
          {"dtype", name_of(line.dtype)}, {"pass", name_of(line.pass)}, {"cases", line.cases}, {"skipped", line.skipped},
          {"misses", line.misses},
          {"worst", {{"error_over_bound", number(line.ratio)}, {"ulps", number(line.ulps)}, {"relative", number(line.relative)}, {"input", line.input}}},
          {"culprits", line.culprits}};
}

void print_json(const std::vector<ValidationLine>& lines, const Totals& totals, std::uint64_t seed) {
  Json json{{"seed", seed}, {"cases", totals.cases}, {"skipped", totals.skipped}, {"misses", totals.misses}};
  json["lines"] = Json::array();
  for (const ValidationLine& line : lines) json["lines"].push_back(json_of(line));
  fmt::print("{}\n", json.dump(1));
}

void print_human(const std::vector<ValidationLine>& lines, const Totals& totals, double seconds, std::string_view why_skipped) {
  Table table({{"loss"}, {"variant"}, {"backend"}, {"dtype"}, {"pass"}, {"cases", true}, {"skipped", true}, {""}, {"error/bound", true},
               {"ulps", true}, {"relative", true}, {"worst input"}});
  for (const ValidationLine& line : lines) table.add(cells_of(line));
  fmt::print("{}", table.text());
  for (const ValidationLine& line : lines)
    for (const std::string& culprit : line.culprits)
      fmt::print("MISS {}/{}/{}/{}/{}: {}\n", line.loss->name, line.variant->name, name_of(line.variant->backend), name_of(line.dtype),
                 name_of(line.pass), culprit);
  fmt::print("{} cases in {}, {} skipped because {}, {} missed\n", totals.cases, short_time(seconds), totals.skipped, why_skipped, totals.misses);
}

int run(const Flags& flags) {
  Selection selection = flags.selection.parse();
  if (!selection.shapes.empty() && !flags.device_reference)
    throw InputError("--shape goes with --device-reference; without it, `validate` has its own shapes");
  if (flags.most_elements && !flags.device_reference) throw InputError("--most-elements goes with --device-reference");
  if (flags.most_elements) selection.most_elements = flags.most_elements;
  Progress progress(flags.progress ? Progress::Mode::on : Progress::Mode::automatic, 1);
  ValidationEvents events;
  events.on_group = [&](double done, double total, const std::string& what) { progress.at(done / total, "validating " + what); };
  if (flags.verbose)
    events.on_case = [](const ValidationEvents::Case& entry) {
      const ValidationLine& line = entry.line;
      fmt::print(stderr, "{}/{}/{}/{}/{} {}: {}{}\n", line.loss->name, line.variant->name, name_of(line.variant->backend),
                 name_of(line.dtype), name_of(line.pass), entry.input, entry.outcome,
                 entry.outcome == "ok" ? ", " + short_number(entry.ratio) + " of the bound" : "");
    };
  const auto start = std::chrono::steady_clock::now();
  const std::vector<ValidationLine> lines = (flags.device_reference ? validate_by_device_reference : validate)(selection, flags.seed, events);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();

  Totals totals;
  for (const ValidationLine& line : lines)
    totals.cases += line.cases, totals.skipped += line.skipped, totals.misses += line.misses;
  if (lines.empty() && selection.backend.given() && selection.backend.matches("cuda")) device_of(Backend::cuda);
  if (lines.empty()) throw InputError("the selection matches no variant that can run here; `lossbench list` shows what there is");
  const std::string_view why_skipped = flags.device_reference ? "a variant promises no accuracy that holds without a condition"
                                                              : "a variant rejects the options";
  flags.json ? print_json(lines, totals, flags.seed) : print_human(lines, totals, seconds, why_skipped);
  return totals.misses ? kMiss : kOk;
}

}  // namespace

void add_validate_command(CLI::App& program, int& status) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command = program.add_subcommand(
      "validate", "Every variant against the reference on many sizes, misaligned starts and hard data; exit status 1 on any miss");
  flags->selection.add_to(*command, true);
  command->add_flag("--device-reference", flags->device_reference,
                    "production variants at the longest shapes of `run`, or those of --shape, against the first kernel of the ladder that\n"
                    "computes in f64, once that has been held to the reference on every small size");
  command->add_option("--most-elements", flags->most_elements, "with --device-reference: the longest shape of up to so many elements, the shortest where\n"
                      "all have more (a shape of 2^28 takes a minute or more, of which the card works for a second)")->check(CLI::PositiveNumber);
  command->add_flag("--json", flags->json, "as JSON");
  command->add_flag("-v,--verbose", flags->verbose, "a line for each case, on standard error");
  command->add_flag("--progress", flags->progress, "progress on standard error, even where that is no terminal");
  command->add_option("--seed", flags->seed, "seed of the made-up data")->capture_default_str();
  command->callback([flags, &status] { status = run(*flags); });
}

}  // namespace lossbench
