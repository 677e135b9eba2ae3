// The arrays and the divisor of a pointwise kernel's arguments. Host code, compiled once for each element type: see make_arguments.h.
#pragma once

#include "kernels/pointwise/broadcast_map.h"
#include "kernels/pointwise/make_arguments.h"

namespace lossbench::inline SIMT_BUILD {

template <class T>
PointwiseArrays<T> pointwise_arrays(const Problem& problem, std::span<const char* const> operands, const char* second_gradient,
                                    const DivisorRule& rule, Operand<T>* to) {
  PointwiseArrays<T> arrays;
  const Array& first = *problem.input(operands[0]);
  arrays.count = first.count();
  bool in_phase = true;
  const auto line_up = [&](auto handle) {
    if (handle) in_phase = in_phase && handle.misalignment() == to[0].values.misalignment();
  };
  for (std::size_t k = 0; k < operands.size(); ++k) {
    to[k].values = handle<const T>(problem.inputs, operands[k]);
    if (const Array* array = problem.input(operands[k])) to[k].broadcast = broadcast_map(*array, first.shape);
    in_phase = in_phase && to[k].broadcast.rank == 0;
    line_up(to[k].values);
  }

  arrays.divisor.constant = rule.constant;
  arrays.divisor.at_least_one = rule.at_least_one;
  arrays.divisor.zero_if_empty = problem.options.has("empty") && problem.options.word("empty") == "zero";

  if (problem.reduction() == Reduction::none) {
    arrays.elementwise_loss = handle<T>(problem.outputs, "loss");
    arrays.elementwise_upstream = handle<const T>(problem.inputs, "grad_output");
  } else {
    arrays.reduced_loss = handle<Reduced<T>>(problem.outputs, "loss");
    arrays.upstream = handle<const Reduced<T>>(problem.inputs, "grad_output");
  }
  if (problem.pass == Pass::gradient) {
    arrays.gradient = handle<T>(problem.outputs, "grad_" + std::string(operands[0]));
    arrays.second_gradient = handle<T>(problem.outputs, "grad_" + std::string(second_gradient));
    line_up(arrays.gradient);
    line_up(arrays.second_gradient);
  }
  line_up(arrays.elementwise_loss);
  arrays.in_phase = in_phase;
  return arrays;
}

}  // namespace lossbench::inline SIMT_BUILD
