// A fiber: a stack and a place to continue. One per CUDA thread, switched with Boost.Context.
#pragma once

#include <boost/context/detail/fcontext.hpp>
#include <cstddef>
#include <utility>
#include <vector>

#include "simt/emulator/sanitizers.h"

namespace simt::inline SIMT_BUILD {

struct Fiber {
  boost::context::detail::fcontext_t context = nullptr;
  char* stack_low = nullptr;
  char* stack_top = nullptr;
  // AddressSanitizer's and ThreadSanitizer's view of it
  void* fake_stack = nullptr;
  const void* known_low = nullptr;
  std::size_t known_size = 0;
  void* race_fiber = nullptr;
};

using FiberEntry = void (*)(boost::context::detail::transfer_t);

/// Makes the fiber start at `entry` when next switched to; whatever it was doing is forgotten.
void restart(Fiber& fiber, FiberEntry entry);

/// Leaves `from`, continues `to`. Returns when something switches back to `from`.
void switch_fiber(Fiber& from, Fiber& to);

/// The first thing `entry` must call, with its argument: completes the switch that started the fiber.
void complete_switch(Fiber& self, boost::context::detail::transfer_t transfer);

/// Stacks with a guard page below each, so that a kernel that overflows its stack is a SIGSEGV and not a riddle.
class Stacks {
 public:
  Stacks() = default;
  Stacks(const Stacks&) = delete;
  Stacks& operator=(const Stacks&) = delete;
  ~Stacks();

  /// Maps `count` stacks of `bytes` each and gives them to fibers[0 … count-1]; `first` is the number of stacks made before.
  template <class Range>
  void give(Range&& fibers, std::size_t first, std::size_t count, std::size_t bytes) {
    char* memory = map(count, bytes);
    for (std::size_t i = 0; i < count; ++i) place(fibers[first + i], memory, i, first + i, bytes);
  }
  void clear();

 private:
  char* map(std::size_t count, std::size_t bytes);
  static void place(Fiber& fiber, char* memory, std::size_t slot, std::size_t number, std::size_t bytes);
  std::vector<std::pair<char*, std::size_t>> maps_;
};

}  // namespace simt::inline SIMT_BUILD
