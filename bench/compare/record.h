// A recorded run, read back from Google Benchmark's JSON.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace lossbench {

struct RecordedCase {
  std::string name;                        ///< loss/variant/backend/pass/dtype/shape[/options]
  std::vector<double> seconds;             ///< of each repetition; all 0 under the emulator
  std::map<std::string, double> counters;  ///< of the first repetition
  std::string fault;                       ///< why there is no figure

  bool emulated() const { return counters.contains("emulated"); }
  bool on_gpu() const { return name.find("/cuda/") != std::string::npos; }
  /// NaN where it was not recorded.
  double counter(const std::string& name) const;
};

struct Record {
  std::string file;
  std::map<std::string, std::string> context;
  std::vector<RecordedCase> cases;         ///< in the order of the file

  const RecordedCase* find(const std::string& name) const;
  /// Empty where it was not recorded.
  std::string about(const std::string& key) const;
};

/// Throws InputError where the file cannot be read, is no JSON, or holds no case. Takes what Google Benchmark really writes: NaN bare,
/// parts of its own in names, `error_occurred` in older versions and `skipped` in newer ones.
Record read_record(const std::string& file);

/// The same from text; `file` is named in errors.
Record parse_record(const std::string& text, const std::string& file);

}  // namespace lossbench
