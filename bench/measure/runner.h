// Measures the cases of a run: group after group, within a budget, and goes back to those known least.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "bench/measure/group.h"

namespace lossbench {

/// What a run tells while it goes on.
struct RunEvents {
  /// About to do `what`: of about `total` seconds of work, `done` are behind.
  std::function<void(double done, double total, const std::string& what)> at;
  /// Asked before each piece of work: whether to begin no other, and end with what there is.
  std::function<bool()> stopped = [] { return false; };
};

class Runner {
 public:
  Runner(Settings settings, RunEvents events, DeviceFinder device_of);

  /// Results in the order of the cases. Cases with one data key must stand next to each other. Those that the budget left no time for, or that
  /// came after a stop, are missing, and are in `dropped`.
  std::vector<CaseResult> run(const std::vector<Case>& cases);

  const std::vector<std::string>& dropped() const { return dropped_; }
  CeilingsOfDevices& ceilings() { return ceilings_; }
  const Settings& settings() const { return settings_; }
  /// How far medians moved when they were measured again later: the largest |ratio - 1| of the run; 0 where nothing was.
  double revisit_spread() const { return revisit_spread_; }

 private:
  struct Piece {
    std::vector<Case> cases;
    std::vector<Measurement> results;
    double expected = 0;
    double seconds = 0;
    bool timed() const;
    /// Of the median known least; infinite where one rests on samples that are not clean.
    double uncertainty() const;
    /// Whether every figure was found again later in the run, on clean samples both times, and much the same.
    bool confirmed() const;
  };
  static std::vector<Piece> pieces_of(const std::vector<Case>& cases, const Settings& settings);
  void first_pass(std::vector<Piece>& pieces);
  void revisit(std::vector<Piece>& pieces);
  void visit_again(Piece& piece);
  /// What is known of the clock by now may flag samples anew.
  void judge(Measurement& result, Ceilings& ceilings) const;
  void close(std::vector<Piece>& pieces);
  double spent() const;      ///< host seconds since the run began
  double committed() const;  ///< and those that closing will take

  Settings settings_;
  RunEvents events_;
  DeviceFinder device_of_;
  CeilingsOfDevices ceilings_;
  std::vector<std::string> dropped_;
  double start_ = 0, revisit_spread_ = 0, planned_ = 0;
};

}  // namespace lossbench
