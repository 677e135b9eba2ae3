// Results as benchmarks of Google Benchmark: it does names, filters, repetitions, statistics and JSON.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "bench/measure/measurement.h"
#include "bench/measure/settings.h"

namespace lossbench {

class GoogleBenchmark {
 public:
  /// Takes its flags, `--benchmark_…`. Throws InputError for anything it does not know, or that cannot work here.
  GoogleBenchmark(std::vector<std::string> flags, const std::string& json_file);

  /// Repetitions that its flags ask for, else `initial`.
  int repetitions(int initial) const;
  /// Whether its flags choose what is printed instead of the table: --benchmark_format=json, --benchmark_list_tests.
  bool prints() const { return prints_; }
  /// Whether nothing is to be measured: --benchmark_list_tests.
  bool only_lists() const { return lists_; }
  /// Whether --benchmark_filter leaves a case: a regular expression, or one to leave out after a '-'.
  bool wants(const std::string& name) const;
  void add_context(const std::string& key, const std::string& value);
  /// Where the JSON goes; empty where it goes nowhere.
  std::string json_file() const;

  /// Reports results that were measured before: the samples of a case are dealt out to its repetitions, whose value is their median.
  void report(const std::vector<CaseResult>& results, const Settings& settings);

 private:
  std::string flag(std::string_view name) const;

  std::vector<std::string> flags_;
  bool prints_ = false, lists_ = false;
};

}  // namespace lossbench
