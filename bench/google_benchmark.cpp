#include "bench/google_benchmark.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <fstream>

#include "core/error.h"

namespace lossbench {
namespace {

constexpr std::string_view kRepetitions = "--benchmark_repetitions=";

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

void report(benchmark::State& state, const Measurement& result, const Case& entry, const Settings& settings, std::size_t repetition) {
  const double elements = static_cast<double>(result.elements);
  count(state, "elements", elements);
  count(state, "contract_bytes", static_cast<double>(result.contract_bytes));
  if (entry.variant->backend != Backend::scalar) {
    count(state, "error", result.accuracy.error);
    count(state, "bound", result.accuracy.bound);
    count(state, "error_over_bound", result.accuracy.ratio);
    count(state, "error_ulps", result.accuracy.ulps);
  }
  if (result.traffic) {
    // Time 0 and no throughput: the emulator's own time says nothing, and a prediction is no measurement.
    const double counted = static_cast<double>(result.traffic->total());
    count(state, "emulated", 1);
    count(state, "launches", static_cast<double>(result.traffic->launches));
    count(state, "counted_bytes", counted);
    count(state, "counted_bytes_per_element", counted / elements);
    count(state, "counted_over_contract", counted / static_cast<double>(result.contract_bytes));
    count(state, "predicted_us", result.predicted_seconds(settings.bandwidth) * 1e6);
    state.SetLabel("emulated: bytes counted, time predicted");
    state.SetIterationTime(0);
    return;
  }
  const double seconds = result.seconds[std::min(repetition, result.seconds.size() - 1)];
  count(state, "bytes", static_cast<double>(result.contract_bytes));
  count(state, "GB/s", static_cast<double>(result.contract_bytes) / seconds * 1e-9);
  if (entry.variant->synchronous) state.SetLabel("sync: each call returns through the host");
  state.SetIterationTime(seconds);
}

/// The one body: measures at the first repetition, then hands out one sample a repetition.
class Body {
 public:
  Body(const Case& entry, Workbench& workbench, std::vector<CaseResult>& results, const std::function<void(const Case&)>& before)
      : entry_(&entry), workbench_(&workbench), results_(&results), before_(&before) {}

  void operator()(benchmark::State& state) {
    if (repetition_ == 0) {
      (*before_)(*entry_);
      measurement_ = workbench_->measure(*entry_);
      results_->push_back({*entry_, measurement_});
    }
    const std::size_t repetition = repetition_++;
    if (!measurement_.fault.empty()) {
      state.SkipWithError(measurement_.fault.c_str());
      return;
    }
    for (auto iteration : state) {
      (void)iteration;
      report(state, measurement_, *entry_, workbench_->settings(), repetition);
    }
  }

 private:
  const Case* entry_;
  Workbench* workbench_;
  std::vector<CaseResult>* results_;
  const std::function<void(const Case&)>* before_;
  Measurement measurement_;
  std::size_t repetition_ = 0;
};

}  // namespace

GoogleBenchmark::GoogleBenchmark(std::vector<std::string> flags, const std::string& json_file) : flags_(std::move(flags)) {
  if (!json_file.empty()) {
    if (!std::ofstream(json_file, std::ios::app)) throw InputError("--out '" + json_file + "' cannot be written");
    flags_.push_back("--benchmark_out=" + json_file);
    flags_.push_back("--benchmark_out_format=json");
  }
  for (const std::string& flag : flags_) {
    if (!flag.starts_with("--benchmark_") && !flag.starts_with("--v="))
      throw InputError("unknown argument '" + flag + "'; accepted: the flags of `lossbench run --help` and --benchmark_…");
    if (flag == "--benchmark_format=csv" || flag == "--benchmark_out_format=csv")
      throw InputError(flag + " is not accepted: CSV cannot hold counters that differ between cases; accepted: console, json");
    prints_ = prints_ || flag == "--benchmark_format=json" || flag == "--benchmark_list_tests" || flag == "--benchmark_list_tests=true";
  }
  std::vector<char*> arguments = {const_cast<char*>("lossbench")};
  for (std::string& flag : flags_) arguments.push_back(flag.data());
  int count = static_cast<int>(arguments.size());
  arguments.push_back(nullptr);
  benchmark::Initialize(&count, arguments.data());
  if (count > 1) throw InputError("unknown argument '" + std::string(arguments[1]) + "'; Google Benchmark does not know it");
}

int GoogleBenchmark::repetitions(int initial) const {
  const char* const variable = std::getenv("BENCHMARK_REPETITIONS");
  std::string text = variable ? variable : "";
  for (const std::string& flag : flags_)
    if (flag.starts_with(kRepetitions)) text = flag.substr(kRepetitions.size());
  int value = initial;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return std::max(value, 1);
}

void GoogleBenchmark::add_context(const std::string& key, const std::string& value) { benchmark::AddCustomContext(key, value); }

std::vector<CaseResult> GoogleBenchmark::run(const std::vector<Case>& cases, Workbench& workbench,
                                             const std::function<void(const Case&)>& before) {
  std::vector<CaseResult> results;
  for (const Case& entry : cases)
    benchmark::RegisterBenchmark(entry.name().c_str(), Body(entry, workbench, results, before))
        ->Iterations(1)
        ->Repetitions(entry.emulated() ? 1 : workbench.settings().repetitions)
        ->UseManualTime();
  Silent silent;
  prints_ ? benchmark::RunSpecifiedBenchmarks() : benchmark::RunSpecifiedBenchmarks(&silent);
  benchmark::Shutdown();
  return results;
}

}  // namespace lossbench
