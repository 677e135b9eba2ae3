// Inputs that the cases of one data key share: several sets, each from a seed of its own, with what the reference makes of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "bench/cases.h"
#include "bench/measure/watch.h"
#include "bench/request.h"

namespace lossbench {

struct InputSet {
  Resolved resolved;
  WideResult reference;
};

/// Bytes that so many arrays take, which hold the sets in turn.
std::size_t memory_for(const std::vector<InputSet>& sets, std::size_t arrays);

/// Input set number `set` of a case: a function of the case's data key, the seed and the number alone.
Resolved make_inputs(const Case& entry, std::uint64_t seed, int set);

/// Sets that are worth making where calls rotate through `wanted` sets of arrays of so many bytes each: making them, and their
/// references above all, takes longer than timing them. Where there are fewer, arrays hold them in turn.
int sets_to_make(std::size_t bytes, int wanted);

/// As many sets as `count` asks for when it has seen the first, at least one, with their references, made on all cores.
std::vector<InputSet> make_input_sets(const Case& entry, std::uint64_t seed, const Watch& watch, const std::function<int(const Resolved& first)>& count);

}  // namespace lossbench
