// From a problem's named arrays to the arguments of a pointwise kernel. Host code.
//
// An entry of the registry says how a functor serves a loss:
//   Functor                       the mathematics
//   kLoss, kOperands              the loss's name; the inputs that are the functor's operands, in order
//   bind(problem)                 the functor with its options
//   divisor(problem)              optional: a divisor other than the count of elements
//   kSecondGradient               optional: the input that the second gradient is of; "target" without
#pragma once

#include <array>
#include <string>
#include <type_traits>

#include "core/error.h"
#include "core/problem.h"
#include "kernels/pointwise/arguments.h"
#include "kernels/pointwise/broadcast_map.h"
#include "kernels/pointwise/divisor.h"

namespace lossbench::inline SIMT_BUILD {

/// The handle of a named array, or a null one. Extent: what the strides reach.
template <class T>
simt::Global<T> handle(const Array* array, const std::string& name) {
  if (!array) return {};
  std::int64_t extent = array->count() ? 1 : 0;
  for (std::size_t axis = 0; axis < array->shape.size() && extent; ++axis) extent += (array->shape[axis] - 1) * array->strides[axis];
  return simt::global(array->as<T>(), extent, name.c_str());
}

/// The name of the array's entry in the problem, which outlives the call, for counters and errors.
template <class T>
simt::Global<T> handle(const std::vector<NamedArray>& arrays, std::string_view name) {
  for (const NamedArray& entry : arrays)
    if (entry.name == name) return handle<T>(&entry.array, entry.name);
  return {};
}

template <class Entry>
constexpr const char* second_gradient_input() {
  if constexpr (requires { Entry::kSecondGradient; }) return Entry::kSecondGradient;
  else return "target";
}

template <class Entry, class T>
PointwiseArguments<typename Entry::Functor, T> make_arguments(const Problem& problem) {
  PointwiseArguments<typename Entry::Functor, T> arguments{};
  arguments.loss = Entry::bind(problem);
  const Array& first = *problem.input(Entry::kOperands[0]);
  arguments.count = first.count();
  bool in_phase = true;
  const auto line_up = [&](auto handle) {
    if (handle) in_phase = in_phase && handle.misalignment() == arguments.operands[0].values.misalignment();
  };
  for (std::size_t k = 0; k < Entry::kOperands.size(); ++k) {
    Operand<T>& operand = arguments.operands[k];
    operand.values = handle<const T>(problem.inputs, Entry::kOperands[k]);
    if (const Array* array = problem.input(Entry::kOperands[k])) operand.broadcast = broadcast_map(*array, first.shape);
    in_phase = in_phase && operand.broadcast.rank == 0;
    line_up(operand.values);
  }

  const DivisorRule rule = divisor_rule<Entry>(problem);
  arguments.divisor.constant = rule.constant;
  arguments.divisor.at_least_one = rule.at_least_one;
  arguments.divisor.zero_if_empty = problem.options.has("empty") && problem.options.word("empty") == "zero";

  if (problem.reduction() == Reduction::none) {
    arguments.elementwise_loss = handle<T>(problem.outputs, "loss");
    arguments.elementwise_upstream = handle<const T>(problem.inputs, "grad_output");
  } else {
    arguments.reduced_loss = handle<Reduced<T>>(problem.outputs, "loss");
    arguments.upstream = handle<const Reduced<T>>(problem.inputs, "grad_output");
  }
  if (problem.pass == Pass::gradient) {
    arguments.gradient = handle<T>(problem.outputs, "grad_" + std::string(Entry::kOperands[0]));
    arguments.second_gradient = handle<T>(problem.outputs, "grad_" + std::string(second_gradient_input<Entry>()));
    line_up(arguments.gradient);
    line_up(arguments.second_gradient);
  }
  line_up(arguments.elementwise_loss);
  arguments.in_phase = in_phase;
  return arguments;
}

}  // namespace lossbench::inline SIMT_BUILD
