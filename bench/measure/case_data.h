// Inputs that the cases of one data key share: several sets, each from a seed of its own, with what the reference makes of them.
#pragma once

#include <cstdint>
#include <vector>

#include "bench/cases.h"
#include "bench/request.h"

namespace lossbench {

struct InputSet {
  Resolved resolved;
  WideResult reference;
};

/// Input set number `set` of a case: a function of the case's data key, the seed and the number alone.
Resolved make_inputs(const Case& entry, std::uint64_t seed, int set);

/// Sets 0 … count-1 with their references, made on all cores.
std::vector<InputSet> make_input_sets(const Case& entry, std::uint64_t seed, int count);

}  // namespace lossbench
