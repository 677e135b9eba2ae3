// What the vector contender asks of a problem as a whole, and writes where nothing is to be computed.
#pragma once

#include <cstring>

#include "contenders/quotient.h"
#include "core/problem.h"

namespace lossbench::simd {

/// Bytes of all inputs and outputs.
inline std::int64_t bytes_of(const Problem& problem) {
  std::int64_t bytes = 0;
  for (const NamedArray& input : problem.inputs) bytes += input.array.bytes();
  for (const NamedArray& output : problem.outputs) bytes += output.array.bytes();
  return bytes;
}

/// The one loss of a reduction, where it is wanted.
inline void write_loss(const Problem& problem, double loss) {
  if (const Array* output = problem.output("loss")) *output->as<float>() = static_cast<float>(loss);
}

/// Nothing to average: no gradient.
inline void write_empty(const Problem& problem) {
  for (const NamedArray& output : problem.outputs)
    if (output.name != "loss" && output.array.bytes() > 0) std::memset(output.array.data, 0, static_cast<std::size_t>(output.array.bytes()));
  write_loss(problem, quotient(problem, 0, 0));
}

}  // namespace lossbench::simd
