// Contender `simd`: vectors of the widest instruction set at hand (Google Highway, chosen at run time) on all cores.
//
//   Why      what a CPU can do: the ratio of a GPU to a CPU is worth its name only against code that uses that CPU.
//   Moves    every operand once, every gradient once; gradients go past the cache where the arrays exceed it.
//   Needs    any n, any alignment. Broadcast operands, gradients of the target and reduction none take a detour through the first-level
//            cache; softmax cross-entropy takes labels and rows of neighbouring logits.
//   Order    fixed for a fixed length, alignment and instruction set, whatever the number of threads: sums of parts are added in order.
//   Error    as `compensated`, whatever the number of terms: two are added in float, 1u, and all else in double. Softmax adds four
//            exponentials in float, 2u, and its exponential is within 2u where the loss counts with 4u.
#pragma once

#include <cstdint>
#include <string>

#include "contenders/cpu/work.h"
#include "core/variant.h"

namespace lossbench::simd {

/// A pair of terms in float, then doubles: a part, one pair after another at worst, and the parts. In units of u of a float.
inline double sum_ulps(std::int64_t length, DType) {
  return 1 + (double(kPart) + double(length) / double(kPart) + 32) * 0x1p-29;
}

/// The rows of the variant table that compute softmax cross-entropy, and the other losses of whole rows.
void add_softmax(Variant& variant);
void add_rows(Variant& variant);

}  // namespace lossbench::simd
