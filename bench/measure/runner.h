// Measures the cases of a run: by worth, within its time, and goes back to those known least until that is over.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "bench/measure/budget.h"
#include "bench/measure/group.h"

namespace lossbench {

/// What a run tells while it goes on, and asks.
struct RunEvents {
  /// About to do `what`: of about `total` seconds of work, `done` are behind.
  std::function<void(double done, double total, const std::string& what)> at = {};
  /// Asked before each step that takes long, from several threads: whether to begin no other, and end with what there is.
  std::function<bool()> stopped = [] { return false; };
  /// Before anything is measured: so many cases, in about so many seconds.
  std::function<void(std::size_t cases, double seconds)> announce = {};
  std::function<double()> now = host_now;
};

class Runner {
 public:
  Runner(Settings settings, RunEvents events, DeviceFinder device_of);

  /// Results in the order of the cases. Cases with one data key must stand next to each other. Those that there was no time for, or that
  /// were not done at a stop, are missing, and are in `dropped`.
  std::vector<CaseResult> run(const std::vector<Case>& cases);

  const std::vector<std::string>& dropped() const { return dropped_; }
  CeilingsOfDevices& ceilings() { return ceilings_; }
  const Settings& settings() const { return settings_; }
  /// How far medians moved when they were measured again later: the largest |ratio - 1| of the run; 0 where nothing was.
  double revisit_spread() const { return revisit_spread_; }

 private:
  /// Cases of one data key.
  struct Piece {
    std::vector<std::size_t> cases;
    double seconds = 0;  ///< that its last visit took beside its samples
  };
  Budget plan(const std::vector<Case>& cases);
  void first_pass(Budget& budget);
  void revisit();
  void visit(Piece& piece, const std::vector<std::size_t>& which, const Settings& settings);
  void take(std::size_t which, Measurement&& again);
  std::vector<std::size_t> to_revisit(const Piece& piece) const;
  double uncertainty(const Piece& piece) const;
  bool confirmed(const Piece& piece) const;
  std::vector<Piece*> revisit_order();
  /// What is known of the clock by now may flag samples anew.
  void judge(Measurement& result, Ceilings& ceilings) const;
  void close();
  double spent() const;      ///< seconds since the run began
  double committed() const;  ///< and those that closing will take

  Settings settings_;
  RunEvents events_;
  DeviceFinder device_of_;
  CeilingsOfDevices ceilings_;
  std::vector<Case> cases_;
  std::vector<Piece> pieces_;
  std::vector<std::optional<Measurement>> results_;
  std::vector<std::string> dropped_;
  double start_ = 0, goal_ = 0, revisit_spread_ = 0;
};

}  // namespace lossbench
