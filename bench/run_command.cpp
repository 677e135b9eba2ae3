// `lossbench run`: gate, measure, print a table, write Google Benchmark's JSON.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "bench/build_info.h"
#include "bench/commands.h"
#include "bench/device.h"
#include "bench/google_benchmark.h"
#include "bench/progress.h"
#include "bench/run_table.h"
#include "bench/table.h"
#include "core/error.h"
#include "registry/registry.h"

namespace lossbench {
namespace {

struct Flags {
  SelectionFlags selection;
  std::vector<std::string> options;
  std::string out;
  Settings settings;
  bool progress = false, allow_debug = false;
};

/// What a case costs beside others, in seconds on a slow core: enough for an estimate of the time left.
double expected_cost(const Case& entry) {
  const double elements = static_cast<double>(count_of(entry.shape));
  return entry.emulated() ? 0.05 + 4e-7 * elements : 0.3 + 3e-7 * elements;
}

void refuse_debug_timing(const std::vector<Case>& cases, bool allowed) {
  if (build_info().release() || allowed) return;
  for (const Case& entry : cases)
    if (!entry.emulated())
      throw InputError("this is a " + build_info().build_type + " build, and its times would mean nothing; accepted: a Release build, "
                       "--backend simt, or --allow-debug");
}

std::string device_name() {
  std::string reason;
  Device* const device = cuda_device(reason);
  return device ? device->name() : "none: " + reason;
}

void describe(GoogleBenchmark& benchmark, const Flags& flags, const std::vector<std::string>& command_line) {
  const BuildInfo& build = build_info();
  std::string line;
  for (const std::string& argument : command_line) line += (line.empty() ? "" : " ") + argument;
  benchmark.add_context("lossbench_version", build.version);
  benchmark.add_context("commit", build.commit.empty() ? "unknown" : build.commit);
  benchmark.add_context("compiler", build.compiler);
  benchmark.add_context("flags", build.flags);
  benchmark.add_context("build_type", build.build_type);
  benchmark.add_context("cuda_built", built_with_cuda() ? "yes" : "no");
  benchmark.add_context("device", device_name());
  benchmark.add_context("emulated_bandwidth_bytes_per_second", fmt::format("{:.6g}", flags.settings.bandwidth));
  benchmark.add_context("seed", std::to_string(flags.settings.seed));
  benchmark.add_context("command_line", line);
}

int run(Flags& flags, const std::vector<std::string>& benchmark_flags, const std::vector<std::string>& command_line) {
  const Selection selection = flags.selection.parse();
  std::string options;
  for (const std::string& option : flags.options) options += (options.empty() ? "" : " ") + option;
  const std::vector<Case> cases = select_cases(selection, options);
  refuse_debug_timing(cases, flags.allow_debug);

  GoogleBenchmark benchmark(benchmark_flags, flags.out);
  flags.settings.repetitions = benchmark.repetitions(flags.settings.repetitions);
  describe(benchmark, flags, command_line);
  Workbench workbench(flags.settings);
  double total = 0, done = 0, current = 0;
  for (const Case& entry : cases) total += expected_cost(entry);
  std::vector<CaseResult> results;
  {
    Progress progress(flags.progress ? Progress::Mode::on : Progress::Mode::automatic, total);
    results = benchmark.run(cases, workbench, [&](const Case& entry) {
      done += current;
      current = expected_cost(entry);
      progress.at(done, entry.name());
    });
  }
  std::FILE* const stream = benchmark.prints() ? stderr : stdout;
  if (!results.empty()) fmt::print(stream, "{}", run_table(results, flags.settings.bandwidth));
  if (!built_with_cuda() || device_name().starts_with("none")) fmt::print(stream, "cuda: {};\n      its kernels ran under the emulator.\n", device_name());
  const std::string failed = failures(results);
  fmt::print(stream, "{}", failed);
  if (!flags.out.empty()) fmt::print(stream, "JSON: {}\n", flags.out);
  return failed.empty() ? kOk : kMiss;
}

}  // namespace

void add_run_command(CLI::App& program, int& status, const std::vector<std::string>& command_line) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command = program.add_subcommand(
      "run", "Check, then measure: a table, and Google Benchmark's JSON. CUDA kernels without a GPU run under the emulator, for their\n"
             "counted bytes and the time those predict");
  flags->selection.add_to(*command, true);
  command->add_option("--opt", flags->options, "NAME=VALUE, an option for every loss selected; +NAME adds an optional input (repeat)")
      ->allow_extra_args(false)->type_name("NAME=VALUE");
  command->add_option("--out", flags->out, "file for the JSON; as --benchmark_out=FILE")->type_name("FILE");
  command->add_option("--seed", flags->settings.seed, "seed of the made-up data")->capture_default_str();
  command->add_option("--bandwidth", flags->settings.bandwidth, "bytes per second that predicted times assume (default: H200 datasheet)")
      ->check(CLI::PositiveNumber)->capture_default_str();
  command->add_flag("--progress", flags->progress, "progress on standard error, even where that is no terminal");
  command->add_flag("--allow-debug", flags->allow_debug, "time a build that is no Release build");
  command->allow_extras();
  command->footer("Flags of Google Benchmark are passed on: --benchmark_out=FILE --benchmark_filter=REGEX --benchmark_repetitions=N …\n"
                  "Names of cases: loss/variant/backend/pass/dtype/shape[/options].");
  command->callback([flags, command, &status, command_line] { status = run(*flags, command->remaining(), command_line); });
}

}  // namespace lossbench
