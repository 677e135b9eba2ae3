// Progress of long work on standard error: what is being done, how much is done, and an estimate of what is left.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace lossbench {

class Progress {
 public:
  enum class Mode { automatic, on, off };  ///< automatic: only on a terminal

  explicit Progress(Mode mode, double total = 0);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// What is to come, and how long it will take: a line of its own, wherever that goes, since it is short.
  void announce(std::size_t count, const std::string& what, double seconds);
  /// About to do `what`, with `done` of the total behind. The total is in any unit of expected cost.
  void at(double done, const std::string& what);
  /// The same where the total is only an estimate, which gets better as work goes on.
  void at(double done, double total, const std::string& what) { total_ = total, at(done, what); }

 private:
  using Clock = std::chrono::steady_clock;
  bool shown_, terminal_;
  double total_;
  Clock::time_point start_ = Clock::now(), last_{};
  std::size_t width_ = 0;
};

}  // namespace lossbench
