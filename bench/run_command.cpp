// `lossbench run`: gate, measure, print a table, write Google Benchmark's JSON.
#include <fmt/format.h>
#include <malloc.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <filesystem>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "bench/commands.h"
#include "bench/device.h"
#include "bench/choice.h"
#include "bench/google_benchmark.h"
#include "bench/measure/sidecar.h"
#include "bench/output_files.h"
#include "bench/progress.h"
#include "bench/run_cases.h"
#include "bench/run_context.h"
#include "bench/run_table.h"
#include "bench/until_stopped.h"
#include "core/error.h"
#include "registry/build_info.h"
#include "registry/registry.h"

namespace lossbench {
namespace {

struct Flags {
  SelectionFlags selection;
  std::vector<std::string> options;
  std::string out, mode = "steady", budget, patience;
  Settings settings;
  bool progress = false, allow_debug = false;
};

void refuse_debug_timing(const std::vector<Case>& cases, bool allowed) {
  if (build_info().release() || allowed) return;
  for (const Case& entry : cases)
    if (!entry.emulated())
      throw InputError("this is a " + build_info().build_type + " build, and its times would mean nothing; accepted: a Release build, "
                       "--backend simt, or --allow-debug");
}

double parse_time(const std::string& flag, const std::string& text, const char* others = "") {
  std::size_t used = 0;
  double value = 0;
  try {
    value = std::stod(text, &used);
  } catch (const std::exception&) {
    used = 0;
  }
  const std::string unit = text.substr(used);
  const double scale = unit.empty() || unit == "s" ? 1 : unit == "m" || unit == "min" ? 60 : 0;
  if (used == 0 || scale == 0 || !(value > 0) || !std::isfinite(value))
    throw InputError(flag + " '" + text + "' is no time; accepted: a positive number of seconds or minutes, as 90, 90s or 1.5min" + others);
  return value * scale;
}

/// The cases that Google Benchmark's own filter leaves as well.
std::vector<Case> filtered(std::vector<Case> cases, const GoogleBenchmark& benchmark) {
  std::erase_if(cases, [&](const Case& entry) { return !benchmark.wants(entry.name()); });
  if (cases.empty()) throw InputError("--benchmark_filter matches no case of the selection; --benchmark_list_tests shows their names");
  return cases;
}

std::vector<CaseResult> unmeasured(const std::vector<Case>& cases) {
  std::vector<CaseResult> results;
  for (const Case& entry : cases) results.push_back({entry, {}});
  return results;
}

using Context = std::vector<std::pair<std::string, std::string>>;

/// The record, which Google Benchmark does not write where there are no results, and the samples beside it.
void write_files(const GoogleBenchmark& benchmark, const std::vector<CaseResult>& results, const Context& context, std::FILE* stream) {
  const std::string file = benchmark.json_file();
  if (file.empty()) return;
  const std::filesystem::path sidecar = sidecar_path(file);
  OutputFiles files(sidecar.parent_path().empty() ? "." : sidecar.parent_path());
  files.add(sidecar.filename(), sidecar_text(results));
  if (results.empty()) {
    nlohmann::ordered_json record{{"context", nlohmann::ordered_json::object()}, {"benchmarks", nlohmann::ordered_json::array()}};
    for (const auto& [name, value] : context) record["context"][name] = value;
    files.add(std::filesystem::path(file).filename(), record.dump(2) + "\n");
  }
  files.commit();
  fmt::print(stream, "JSON: {}\nsamples: {}\n", file, sidecar.string());
}

int run(Flags& flags, const std::vector<std::string>& benchmark_flags, const std::vector<std::string>& command_line) {
  const Selection selection = flags.selection.parse();
  std::string options;
  for (const std::string& option : flags.options) options += (options.empty() ? "" : " ") + option;
  std::vector<Case> cases = select_cases(selection, options);
  refuse_debug_timing(cases, flags.allow_debug);
  Settings& settings = flags.settings;
  if (flags.mode != "steady" && flags.mode != "single") throw InputError("--mode '" + flags.mode + "' is unknown; accepted: steady, single");
  settings.mode = flags.mode == "single" ? Mode::single : Mode::steady;
  if (flags.budget == "none") settings.most_seconds = std::numeric_limits<double>::infinity();
  else if (!flags.budget.empty()) settings.budget = parse_time("--budget", flags.budget, ", or none");
  if (!flags.patience.empty()) settings.patience = parse_time("--patience", flags.patience);
  if (settings.budget && settings.patience > 0) throw InputError("--patience goes without --budget, which is the time of the whole run");

  GoogleBenchmark benchmark(benchmark_flags, flags.out);
  settings.rounds = benchmark.repetitions(settings.rounds);
  cases = filtered(std::move(cases), benchmark);
  if (benchmark.only_lists()) {
    benchmark.report(unmeasured(cases), settings);
    return kOk;
  }
  return run_cases(cases, settings, benchmark, flags.progress ? Progress::Mode::on : Progress::Mode::automatic, command_line);
}

}  // namespace

int run_cases(const std::vector<Case>& cases, const Settings& settings, GoogleBenchmark& benchmark, Progress::Mode mode,
              const std::vector<std::string>& command_line) {
  // What the reference frees stays with the process: else each of its calls would time the system handing out pages.
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  std::vector<CaseResult> results;
  std::unique_ptr<Runner> runner;
  {
    Progress progress(mode);
    const UntilStopped until_stopped;
    const RunEvents events{.at = [&](double done, double total, const std::string& what) { progress.at(done, total, what); },
                           .stopped = UntilStopped::stopped,
                           .announce = [&](std::size_t count, double seconds) { progress.announce(count, "case", seconds); }};
    runner = std::make_unique<Runner>(settings, events, [](Backend backend) -> Device& { return device_of(backend); });
    results = runner->run(cases);
  }
  // Sizes that nobody asked for are left to the variants that take them.
  std::erase_if(results, [](const CaseResult& result) { return result.entry.default_shape && result.measurement.declined; });
  Context context = run_context(settings, command_line);
  for (auto& entry : outcome_context(*runner)) context.push_back(std::move(entry));
  for (const auto& [name, value] : context) benchmark.add_context(name, value);
  benchmark.report(results, settings);

  std::FILE* const stream = benchmark.prints() ? stderr : stdout;
  if (!results.empty()) fmt::print(stream, "{}", run_table(results, settings.mode));
  fmt::print(stream, "{}", ceilings_text(*runner));
  if (std::string reason; !cuda_device(reason)) fmt::print(stream, "no CUDA kernel was timed: {}\n", reason);
  fmt::print(stream, "{}", dropped_text(runner->dropped(), UntilStopped::stopped() ? "because the run was asked to end"
                                                : fmt::format("for they did not fit into {:g} s", settings.budget.value_or(settings.most_seconds))));
  const std::string failed = failures(results);
  fmt::print(stream, "{}", failed);
  write_files(benchmark, results, context, stream);
  return failed.empty() && !UntilStopped::stopped() ? kOk : kMiss;
}

void add_run_command(CLI::App& program, int& status, const std::vector<std::string>& command_line) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command = program.add_subcommand(
      "run", "Check, then measure: a table, and Google Benchmark's JSON. CUDA kernels without a GPU run under the emulator, which counts\n"
             "their bytes, launches, atomics and barriers");
  flags->selection.add_to(*command, true);
  command->add_option("--opt", flags->options, "NAME=VALUE, an option for every loss selected; +NAME adds an optional input (repeat)")
      ->allow_extra_args(false)->type_name("NAME=VALUE");
  command->add_option("--out", flags->out, "file for the JSON; as --benchmark_out=FILE")->type_name("FILE");
  command->add_option("--mode", flags->mode, "steady: throughput over many calls; single: the latency of one cold call")->capture_default_str();
  command->add_option("--budget", flags->budget, "time for the whole run, as 60s or 5min: spent by worth, then where the spread is largest; what\n"
                      "does not fit is dropped and named (default: 3 s a timed case and 5 s, 285 s at most, or none)")->type_name("TIME");
  command->add_option("--patience", flags->patience, "time that each timed case may take beyond that, to be measured again until its samples are\n"
                      "clean, on a machine that others disturb (default: none)")->type_name("TIME");
  command->add_option("--seed", flags->settings.seed, "seed of the made-up data")->capture_default_str();
  command->add_flag("--progress", flags->progress, "progress on standard error, even where that is no terminal");
  command->add_flag("--allow-debug", flags->allow_debug, "time a build that is no Release build");
  command->allow_extras();
  command->footer("Flags of Google Benchmark are passed on: --benchmark_out=FILE --benchmark_filter=REGEX --benchmark_repetitions=N …\n"
                  "Names of cases: loss/variant/backend/pass/dtype/shape[/options].");
  command->callback([flags, command, &status, command_line] { status = run(*flags, command->remaining(), command_line); });
}

}  // namespace lossbench
