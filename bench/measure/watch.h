// What everything that takes long looks at: the clock of the run, and whether somebody asked it to end.
#pragma once

#include <functional>

#include "bench/host_clock.h"

namespace lossbench {

/// Leaves the work at hand. No std::exception: no case fails by it.
struct Stopped {};

/// Tests put a clock of their own in the place of the host's.
struct Watch {
  std::function<double()> now = host_now;
  /// Asked from several threads.
  std::function<bool()> stopped = [] { return false; };

  /// Called before each step that takes long: throws Stopped where no other may begin.
  void look() const {
    if (stopped()) throw Stopped();
  }
};

}  // namespace lossbench
