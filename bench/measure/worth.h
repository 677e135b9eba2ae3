// In which order cases are worth their time.
#pragma once

#include <vector>

#include "bench/cases.h"

namespace lossbench {

struct Worth {
  int rank = 0;        ///< the lower the sooner
  bool first = false;  ///< the one case without which its loss would not be in the run
};

/// First one case of every loss, so that none is left out; then the complete training losses with the variant that each prefers on each backend
/// and the reference; the same of all others, forward, then gradients; and last the other steps of the ladder. Where equal, complete training
/// losses come first.
std::vector<Worth> worth_of(const std::vector<Case>& cases);

}  // namespace lossbench
