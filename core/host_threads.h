// Threads of the host, one pinned to each core that the process may use: for whatever is timed on the CPU with more than one.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace lossbench {

/// A pool whose members never move between cores. Part 0 runs on the calling thread, which is pinned for the time of a call.
class HostThreads {
 public:
  /// The pool of this process, made at first use; its threads sleep between calls.
  static HostThreads& instance();
  ~HostThreads();

  int size() const { return static_cast<int>(cores_.size()); }
  /// Calls body(part) for every part in [0, size()), each on its own core, and waits for all. A caller that finds the pool at work for
  /// another does all parts itself, one after another. Not to be called from a body.
  void run(const std::function<void(int part)>& body);
  /// The same for consecutive parts of [0, count), which begin at multiples of `grain`: the part of one core is the same for equal
  /// counts, so that memory it touched first is touched by it again.
  void run_range(std::int64_t count, std::int64_t grain, const std::function<void(std::int64_t begin, std::int64_t end)>& body);

  /// Calls body(part, thread) once for every part in [0, parts). Each thread begins with a share of its own, the same for equal counts, and
  /// then helps the others with theirs, so that nobody waits long for a core that another process uses too. A pool at work as in run().
  void run_parts(std::int64_t parts, const std::function<void(std::int64_t part, int thread)>& body);

  /// Keeps the calling thread on one core while it lives. Threads that it starts meanwhile inherit that core, so contenders with
  /// threads of their own use this pool instead.
  class Pin {
   public:
    Pin();
    ~Pin();
    Pin(const Pin&) = delete;
    Pin& operator=(const Pin&) = delete;

   private:
    struct Mask;
    std::unique_ptr<Mask> saved_;
  };

 private:
  HostThreads();
  void run_alone(const std::function<void(int part)>& body);
  struct State;
  std::vector<int> cores_;
  std::unique_ptr<State> state_;
};

}  // namespace lossbench
