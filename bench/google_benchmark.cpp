#include "bench/google_benchmark.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <regex>

#include "bench/figure_quality.h"
#include "bench/measure/statistics.h"
#include "core/error.h"

namespace lossbench {
namespace {

/// Prints nothing: results are ours to print. A file reporter still gets every run.
class Silent final : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>&) override {}
};

/// JSON has no NaN or inf, which Google Benchmark writes bare: such a counter is left out.
void count(benchmark::State& state, const char* name, double value) {
  if (std::isfinite(value)) state.counters[name] = value;
}

void count_time(benchmark::State& state, const Measurement& result) {
  const std::vector<double> seconds = seconds_of(result.samples);
  count(state, "bytes", static_cast<double>(result.contract_bytes));
  count(state, "p5_us", quantile(seconds, 0.05) * 1e6);
  count(state, "p95_us", quantile(seconds, 0.95) * 1e6);
  count(state, "samples", static_cast<double>(result.samples.size()));
  count(state, "uncertainty", result.uncertainty());
  count(state, "converged", !result.caveats.not_converged);
  count(state, "ceiling_GB/s", result.ceiling > 0 ? result.ceiling * 1e-9 : std::nan(""));
  count(state, "percent_of_ceiling", 100 * result.share_of_ceiling());
  count(state, "clock_MHz", result.clock > 0 ? result.clock * 1e-6 : std::nan(""));
  count(state, "input_sets", static_cast<double>(result.sets));
  count(state, "calls_per_sample", static_cast<double>(result.calls));
  count(state, "launches", static_cast<double>(result.launches));
  count(state, "throttled_share", share_of(result.samples, &Sample::throttled));
  count(state, "disturbed_share", share_of(result.samples, &Sample::disturbed));
  if (result.revisit > 0) count(state, "revisit_ratio", result.revisit);
  const Caveats& caveats = result.caveats;
  for (const auto& [set, name] : {std::pair{caveats.drift, "drift"}, {caveats.throttled, "throttled"}, {caveats.disturbed, "disturbed"},
                                  {caveats.bimodal, "bimodal"}, {caveats.cached, "cached"}})
    if (set) count(state, name, 1);
}

void report(benchmark::State& state, const CaseResult& entry, const Settings& settings, double seconds) {
  const Measurement& result = entry.measurement;
  const Variant& variant = *entry.entry.variant;
  count(state, "elements", static_cast<double>(result.elements));
  count(state, "contract_bytes", static_cast<double>(result.contract_bytes));
  count(state, "order", static_cast<double>(variant.order));
  if (variant.backend != Backend::scalar) {
    count(state, "error", result.accuracy.error);
    count(state, "bound", result.accuracy.bound);
    count(state, "error_over_bound", result.accuracy.ratio);
    count(state, "error_ulps_of_largest", result.accuracy.ulps);
  }
  if (result.traffic) {
    // Time 0 and no throughput: the emulator's own time says nothing.
    const double counted = static_cast<double>(result.traffic->total());
    count(state, "emulated", 1);
    count(state, "launches", static_cast<double>(result.traffic->launches));
    count(state, "counted_bytes", counted);
    count(state, "counted_bytes_per_element", counted / static_cast<double>(result.elements));
    count(state, "counted_over_contract", counted / static_cast<double>(result.contract_bytes));
    count(state, "atomics", static_cast<double>(result.traffic->atomics));
    count(state, "atomics_on_one_address", static_cast<double>(result.traffic->atomics_on_one_address));
    count(state, "barriers_in_one_block", static_cast<double>(result.traffic->barriers_in_one_block));
    state.SetLabel("emulated: counted, not timed");
    state.SetIterationTime(0);
    return;
  }
  count_time(state, result);
  count(state, "GB/s", static_cast<double>(result.contract_bytes) / seconds * 1e-9);
  if (variant.synchronous) state.SetLabel("sync: each call returns through the host");
  else if (settings.mode == Mode::single) state.SetLabel("single: one call that finds its arrays out of the cache");
  state.SetIterationTime(seconds);
}

/// A repetition hands out the median of its share of the samples. There are as many in every run, since their number is part of the name.
class Body {
 public:
  Body(const CaseResult& entry, const Settings& settings)
      : entry_(&entry), settings_(settings), seconds_(repetition_medians(entry.measurement.samples, settings.rounds)) {}

  std::size_t repetitions() const { return std::max<std::size_t>(seconds_.size(), 1); }

  void operator()(benchmark::State& state) {
    const double seconds = seconds_.empty() ? 0 : seconds_[std::min(repetition_++, seconds_.size() - 1)];
    if (!entry_->measurement.fault.empty()) return state.SkipWithError(entry_->measurement.fault.c_str());
    for (auto iteration : state) {
      (void)iteration;
      report(state, *entry_, settings_, seconds);
    }
  }

 private:
  const CaseResult* entry_;
  Settings settings_;
  std::vector<double> seconds_;
  std::size_t repetition_ = 0;
};

}  // namespace

GoogleBenchmark::GoogleBenchmark(std::vector<std::string> flags, const std::string& json_file) : flags_(std::move(flags)) {
  if (!json_file.empty()) {
    if (!std::ofstream(json_file, std::ios::app)) throw InputError("--out '" + json_file + "' cannot be written");
    flags_.push_back("--benchmark_out=" + json_file);
    flags_.push_back("--benchmark_out_format=json");
  }
  for (const std::string& given : flags_) {
    if (!given.starts_with("--benchmark_") && !given.starts_with("--v="))
      throw InputError("unknown argument '" + given + "'; accepted: the flags of `lossbench run --help` and --benchmark_…");
    if (given == "--benchmark_format=csv" || given == "--benchmark_out_format=csv")
      throw InputError(given + " is not accepted: CSV cannot hold counters that differ between cases; accepted: console, json");
    lists_ = lists_ || given == "--benchmark_list_tests" || given == "--benchmark_list_tests=true";
    prints_ = prints_ || given == "--benchmark_format=json" || given == "--benchmark_list_tests" || given == "--benchmark_list_tests=true";
  }
  std::vector<char*> arguments = {const_cast<char*>("lossbench")};
  for (std::string& given : flags_) arguments.push_back(given.data());
  int count = static_cast<int>(arguments.size());
  arguments.push_back(nullptr);
  benchmark::Initialize(&count, arguments.data());
  if (count > 1) throw InputError("unknown argument '" + std::string(arguments[1]) + "'; Google Benchmark does not know it");
}

std::string GoogleBenchmark::flag(std::string_view name) const {
  std::string variable = "BENCHMARK_";
  for (const char c : name) variable += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  const char* const value = std::getenv(variable.c_str());
  std::string text = value ? value : "";
  const std::string start = "--benchmark_" + std::string(name) + "=";
  for (const std::string& given : flags_)
    if (given.starts_with(start)) text = given.substr(start.size());
  return text;
}

int GoogleBenchmark::repetitions(int initial) const {
  const std::string text = flag("repetitions");
  int value = initial;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return std::max(value, 1);
}

bool GoogleBenchmark::wants(const std::string& name) const {
  std::string filter = flag("filter");
  if (filter.empty() || filter == "all") return true;
  const bool without = filter.front() == '-';
  if (without) filter.erase(0, 1);
  try {
    return std::regex_search(name, std::regex(filter, std::regex::extended)) != without;
  } catch (const std::regex_error&) {
    throw InputError("--benchmark_filter '" + filter + "' is no regular expression");
  }
}

std::string GoogleBenchmark::json_file() const {
  return flag("out_format").empty() || flag("out_format") == "json" ? flag("out") : std::string();
}

void GoogleBenchmark::add_context(const std::string& key, const std::string& value) { benchmark::AddCustomContext(key, value); }

void GoogleBenchmark::report(const std::vector<CaseResult>& results, const Settings& settings) {
  for (const CaseResult& result : results) {
    const Body body(result, settings);
    const int repetitions = static_cast<int>(body.repetitions());
    benchmark::RegisterBenchmark(result.entry.name().c_str(), body)->Iterations(1)->Repetitions(repetitions)->UseManualTime();
  }
  Silent silent;
  prints_ ? benchmark::RunSpecifiedBenchmarks() : benchmark::RunSpecifiedBenchmarks(&silent);
  benchmark::Shutdown();
}

}  // namespace lossbench
