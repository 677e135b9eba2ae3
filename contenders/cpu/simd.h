// Contender `simd`: vectors of the widest instruction set at hand (Google Highway, chosen at run time) on all cores.
//
//   Why      what a CPU can do: the ratio of a GPU to a CPU is worth its name only against code that uses that CPU.
//   Moves    every operand once, every gradient once; gradients go past the cache where the arrays exceed it.
//   Needs    any n, any alignment. Broadcast operands, gradients of the target and reduction none take a detour through the first-level
//            cache; softmax cross-entropy takes labels and rows of neighbouring logits.
//   Order    fixed for a fixed length, alignment and instruction set, whatever the number of threads: sums of parts are added in order.
//   Error    as `compensated`: terms are added in double, whatever their number. Softmax adds four exponentials in float before that,
//            2u; its exponential is within 2u where the loss counts with 4u.
#pragma once

#include <cstdint>
#include <string>

#include "core/variant.h"
#include "contenders/cpu/work.h"

namespace lossbench::simd {

/// Doubles: a part, one element after another at worst, and the parts. In units of u of a float.
inline double sum_ulps(std::int64_t length, DType) {
  return 1 + (double(kPart) + double(length) / double(kPart) + 32) * 0x1p-29;
}

/// The rows of the variant table that compute softmax cross-entropy.
void add_softmax(Variant& variant);

}  // namespace lossbench::simd
