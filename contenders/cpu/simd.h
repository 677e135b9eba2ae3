// Contender `simd`: vectors of the widest instruction set at hand (Google Highway, chosen at run time) on all cores.
//
//   Why      what a CPU can do: the ratio of a GPU to a CPU is worth its name only against code that uses that CPU.
//   Moves    every operand once, every gradient once; gradients go past the cache where the arrays exceed it. With gradients, operands
//            of a single row larger than the last-level cache are read twice.
//   Needs    any n, any alignment. Broadcast operands, gradients of the target and reduction none take a detour through the first-level
//            cache; softmax cross-entropy takes labels and rows of neighbouring logits; triplet_margin takes p of 1 or 2.
//   Order    fixed for a fixed length, alignment and instruction set, whatever the number of threads: sums of parts are added in order.
//   Error    as `compensated`, whatever the number of terms: two are added in float, 1u, and all else in double. Softmax adds four
//            exponentials in float, 2u, and its exponential is within 2u where the loss counts with 4u. Other rows likewise,
//            most of them all in double.
#pragma once

#include <cstdint>
#include <string>

#include "contenders/cpu/work.h"
#include "core/variant.h"

namespace lossbench::simd {

/// A pair of terms in float, then doubles: a part or slice, one pair after another at worst, and all of them. In units of u of a float.
inline double sum_ulps(std::int64_t length, DType) {
  return 1 + (double(kPart) + double(length) / double(kPart) + 32) * 0x1p-29;
}

/// The rows of the variant table that compute softmax cross-entropy, and the other losses of whole rows.
void add_softmax(Variant& variant);
void add_rows(Variant& variant);

}  // namespace lossbench::simd
