// One case: made ready, gated, then timed or counted, then gated again.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bench/accuracy.h"
#include "bench/cases.h"
#include "bench/emulator.h"
#include "bench/request.h"

namespace lossbench {

struct Settings {
  std::uint64_t seed = 1;
  int repetitions = 9;
  double bandwidth = 4.8e12;  ///< bytes per second that predicted times assume
};

/// Inputs and reference that cases of one data key share.
struct CaseData {
  std::string key;
  Resolved resolved;
  WideProblem wide;
  WideResult reference;
};

struct Measurement {
  std::string fault;            ///< why there is no figure; empty when there is one
  std::vector<double> seconds;  ///< per call, one a repetition; empty under the emulator
  std::optional<Traffic> traffic;  ///< what the emulator counted
  std::int64_t elements = 0;
  std::int64_t contract_bytes = 0;
  Comparison accuracy;          ///< of the output with the largest error / bound

  double gigabytes_per_second() const;
  /// Counted bytes over the stated bandwidth, in seconds.
  double predicted_seconds(double bandwidth) const;
};

/// Measures cases one after the other; keeps the data of the last one.
class Workbench {
 public:
  explicit Workbench(Settings settings) : settings_(settings) {}

  /// Never throws: what goes wrong is the measurement's fault.
  Measurement measure(const Case& entry);
  const Settings& settings() const { return settings_; }

 private:
  const CaseData& data_of(const Case& entry);
  void measure_into(Measurement& result, const Case& entry);

  Settings settings_;
  std::unique_ptr<CaseData> data_;
};

}  // namespace lossbench
