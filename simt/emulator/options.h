// How the emulator runs a launch: the schedule is an input, so that a result that depends on it can be found.
#pragma once

#include <cstddef>
#include <cstdint>

#include "simt/qualifiers.h"

namespace simt::inline SIMT_BUILD {

/// Which thread runs next, and in which order blocks are taken.
enum class Order : std::uint8_t {
  ascending,
  descending,
  random,  ///< random warp priorities, drawn again at each barrier: one warp may run far ahead of the others
};

/// When a bulk copy lands, of the moments at which it may.
enum class Landing : std::uint8_t {
  lazy,    ///< when no thread can go on without it: what is read or overwritten too early is seen
  eager,   ///< at once, before the thread that asked for it goes on
  random,  ///< anywhere between, in any order
};

struct Options {
  Order order = Order::ascending;
  std::uint64_t seed = 1;           ///< of the random order and the random landing
  double preempt = 0;               ///< random order: probability of a switch at each global access, atomic and fence
  Landing landing = Landing::lazy;
  unsigned os_threads = 0;          ///< 0: all cores, or just the caller's for a tiny grid
  bool count = false;               ///< count every launch, not only those inside a CountScope; see last_counters()
  std::size_t stack = 64 << 10;     ///< bytes per CUDA thread
  unsigned spin_limit = 1u << 20;   ///< rounds in which every thread only polls, before that is called an endless wait
};

/// Of the calling host thread.
Options& options();

/// Sets the options of this host thread while it lives.
class OptionsScope {
 public:
  explicit OptionsScope(const Options& next) : saved_(options()) { options() = next; }
  ~OptionsScope() { options() = saved_; }
  OptionsScope(const OptionsScope&) = delete;
  OptionsScope& operator=(const OptionsScope&) = delete;

 private:
  Options saved_;
};

}  // namespace simt::inline SIMT_BUILD
