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
#include <span>
#include <string>
#include <type_traits>

#include "core/error.h"
#include "core/problem.h"
#include "kernels/pointwise/arguments.h"
#include "kernels/pointwise/divisor_rule.h"

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

/// All but the functor, the same for every loss: pointwise_arrays.h has the text, which is compiled once for each element type. `operands` are the
/// names of the inputs that go to `to`.
template <class T>
PointwiseArrays<T> pointwise_arrays(const Problem& problem, std::span<const char* const> operands, const char* second_gradient,
                                    const DivisorRule& rule, Operand<T>* to);

template <class Entry, class T>
PointwiseArguments<typename Entry::Functor, T> make_arguments(const Problem& problem) {
  PointwiseArguments<typename Entry::Functor, T> arguments{};
  static_cast<PointwiseArrays<T>&>(arguments) =
      pointwise_arrays<T>(problem, Entry::kOperands, second_gradient_input<Entry>(), divisor_rule<Entry>(problem), arguments.operands);
  arguments.loss = Entry::bind(problem);
  return arguments;
}

}  // namespace lossbench::inline SIMT_BUILD
