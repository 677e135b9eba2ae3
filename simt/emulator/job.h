// A launch while it runs: what its workers share.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "simt/emulator/launch.h"
#include "simt/emulator/traffic.h"

namespace simt::inline SIMT_BUILD {

struct Job {
  Job(const Launch& launch_, void (*thread_)(void*), void* closure_, const Options& options_, std::uint64_t gangs_)
      : launch(launch_), thread(thread_), closure(closure_), options(options_), count(options_.count), gangs(gangs_) {}

  const Launch& launch;
  void (*thread)(void*);
  void* closure;
  Options options;
  bool count;
  std::uint64_t gangs;  ///< clusters; without clusters, blocks
  std::vector<std::uint32_t> permutation;  ///< of the gangs, in random order
  std::atomic<std::uint64_t> next{0};

  std::mutex mutex;  ///< of the members below
  std::string error;
  Counters counters;
  AtomicsByAddress atomics;
  std::uint64_t most_barriers = 0;
  std::atomic<bool> failed{false};

  char started = 0, finished = 0;  ///< addresses only: order the kernel after the launch, and the host after the kernel

  void report(std::string message) {
    std::lock_guard lock(mutex);
    if (!failed.exchange(true)) error = std::move(message);
  }

  /// The gang to run `turn`-th.
  std::uint64_t gang_at(std::uint64_t turn) const {
    if (options.order == Order::descending) return gangs - 1 - turn;
    return permutation.empty() ? turn : permutation[turn];
  }
};

}  // namespace simt::inline SIMT_BUILD
