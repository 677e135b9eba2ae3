// Cases as benchmarks of Google Benchmark: it does registration, repetition, statistics and JSON.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "bench/cases.h"
#include "bench/measurement.h"

namespace lossbench {

struct CaseResult {
  Case entry;
  Measurement measurement;
};

class GoogleBenchmark {
 public:
  /// Takes its flags, `--benchmark_…`. Throws InputError for anything it does not know, or that cannot work here.
  GoogleBenchmark(std::vector<std::string> flags, const std::string& json_file);

  /// Repetitions that its flags ask for, else `initial`.
  int repetitions(int initial) const;
  /// Whether its flags choose what is printed instead of the table: --benchmark_format=json, --benchmark_list_tests.
  bool prints() const { return prints_; }
  void add_context(const std::string& key, const std::string& value);

  /// Runs the cases that its filter leaves and returns their results in order. `before` is told each case.
  std::vector<CaseResult> run(const std::vector<Case>& cases, Workbench& workbench, const std::function<void(const Case&)>& before);

 private:
  std::vector<std::string> flags_;
  bool prints_ = false;
};

}  // namespace lossbench
