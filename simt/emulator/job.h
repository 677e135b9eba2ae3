// A launch while it runs: what its workers share.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "simt/emulator/launch.h"

namespace simt::inline SIMT_BUILD {

struct Job {
  Job(const Launch& launch_, void (*thread_)(void*), void* closure_, const Options& options_, std::uint64_t blocks_)
      : launch(launch_), thread(thread_), closure(closure_), options(options_), count(options_.count), blocks(blocks_) {}

  const Launch& launch;
  void (*thread)(void*);
  void* closure;
  Options options;
  bool count;
  std::uint64_t blocks;
  std::vector<std::uint32_t> permutation;  ///< of the blocks, in random order
  std::atomic<std::uint64_t> next{0};

  std::mutex mutex;  ///< of the members below
  std::string error;
  Counters counters;
  std::atomic<bool> failed{false};

  char started = 0, finished = 0;  ///< addresses only: order the kernel after the launch, and the host after the kernel

  void report(std::string message) {
    std::lock_guard lock(mutex);
    if (!failed.exchange(true)) error = std::move(message);
  }

  /// The block to run `turn`-th.
  std::uint64_t block_at(std::uint64_t turn) const {
    if (options.order == Order::descending) return blocks - 1 - turn;
    return permutation.empty() ? turn : permutation[turn];
  }
};

}  // namespace simt::inline SIMT_BUILD
