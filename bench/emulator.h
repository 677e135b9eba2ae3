// What the program asks of the emulator beside running kernels.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

namespace lossbench {

struct Traffic {
  std::map<std::string, std::int64_t> bytes;  ///< loaded and stored, by array
  std::int64_t launches = 0;
  std::int64_t atomics = 0;                 ///< on global arrays, one per thread
  std::int64_t atomics_on_one_address = 0;  ///< the most in one launch: those take turns
  std::int64_t barriers_in_one_block = 0;   ///< the most that any block passes
  std::int64_t total() const {
    std::int64_t sum = 0;
    for (const auto& [name, count] : bytes) sum += count;
    return sum;
  }
};

/// Runs `work` and returns the traffic of the kernels it launched in the emulator.
Traffic count_traffic(const std::function<void()>& work);

/// Keeps the launches of this host thread on it while it lives, for callers that are many threads themselves.
class OneThreadLaunches {
 public:
  OneThreadLaunches();
  ~OneThreadLaunches();
  OneThreadLaunches(const OneThreadLaunches&) = delete;
  OneThreadLaunches& operator=(const OneThreadLaunches&) = delete;

 private:
  unsigned saved_;
};

/// Host threads that may launch at the same time: all cores; one under ThreadSanitizer, which has too few fibers for more.
unsigned launching_threads();

}  // namespace lossbench
