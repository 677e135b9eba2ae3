// From a problem's named arrays to the arguments of a row kernel. Host code.
//
// A row entry of the registry says how a functor serves a loss:
//   Functor                     the mathematics
//   kLoss, kOperands            the loss's name; the inputs that are the functor's operands, in order
//   bind(problem)               the functor with its options
//   kRowFactor, kClassWeight    optional: the input with one value a row, or one a class
//   rows_of(problem)            optional: rows and their width, where it is not the last axis
// Class indices are the input `target`, sample weights the input `sample_weight`.
#pragma once

#include <string>

#include "kernels/pointwise/make_arguments.h"
#include "kernels/rows/arguments.h"

namespace lossbench::inline SIMT_BUILD::rows {

struct RowShape {
  std::int64_t rows, width;
};

/// Rows along the last axis.
inline RowShape rows_along_last_axis(const Shape& shape) {
  const std::int64_t width = shape.empty() ? 1 : shape.back();
  std::int64_t rows = 1;
  for (std::size_t axis = 0; axis + 1 < shape.size(); ++axis) rows *= shape[axis];
  return {rows, width};
}

template <class Entry>
RowShape rows_of(const Problem& problem) {
  if constexpr (requires { Entry::rows_of(problem); }) return Entry::rows_of(problem);
  else return rows_along_last_axis(problem.input(Entry::kOperands[0])->shape);
}

/// Count of rows, first dimension, sum of sample weights, or 1.
template <class Entry>
RowDivisor row_divisor(const Problem& problem) {
  RowDivisor divisor;
  const Shape& shape = problem.input(Entry::kOperands[0])->shape;
  divisor.zero_if_empty = problem.options.has("empty") && problem.options.word("empty") == "zero";
  if (problem.reduction() == Reduction::mean) divisor.constant = double(rows_of<Entry>(problem).rows);
  if (problem.reduction() == Reduction::batch) divisor.constant = shape.empty() ? 1.0 : double(shape.front());
  divisor.weighted = problem.reduction() == Reduction::mean && problem.input("sample_weight") != nullptr;
  return divisor;
}

template <class Entry, class T>
RowArguments<typename Entry::Functor, T> make_row_arguments(const Problem& problem) {
  using Functor = typename Entry::Functor;
  RowArguments<Functor, T> arguments;
  arguments.loss = Entry::bind(problem);
  const RowShape shape = rows_of<Entry>(problem);
  arguments.rows = shape.rows, arguments.width = shape.width;
  arguments.in_phase = true;
  const auto line_up = [&](auto array) {
    if (array) arguments.in_phase = arguments.in_phase && array.misalignment() == arguments.operands[0].misalignment();
  };
  for (int k = 0; k < Functor::kOperands; ++k) {
    arguments.operands[k] = handle<const T>(problem.inputs, Entry::kOperands[std::size_t(k)]);
    line_up(arguments.operands[k]);
  }
  if constexpr (Functor::kLabels) {
    if (problem.input("target")->dtype == DType::i32) arguments.labels.narrow = handle<const std::int32_t>(problem.inputs, "target");
    else arguments.labels.wide = handle<const std::int64_t>(problem.inputs, "target");
  }
  if constexpr (requires { Entry::kRowFactor; }) arguments.row_factor = handle<const T>(problem.inputs, Entry::kRowFactor);
  if constexpr (requires { Entry::kClassWeight; }) arguments.class_weight = handle<const T>(problem.inputs, Entry::kClassWeight);
  arguments.sample_weight = handle<const T>(problem.inputs, "sample_weight");
  arguments.divisor = row_divisor<Entry>(problem);
  if (problem.reduces()) arguments.reduced_loss = handle<Reduced<T>>(problem.outputs, "loss");
  else arguments.row_loss = handle<T>(problem.outputs, "loss");
  if (problem.pass == Pass::gradient) {
    if (problem.reduces()) arguments.upstream = handle<const Reduced<T>>(problem.inputs, "grad_output");
    else arguments.row_upstream = handle<const T>(problem.inputs, "grad_output");
    for (int k = 0; k < Functor::kGradients; ++k) {
      arguments.gradients[k] = handle<T>(problem.outputs, "grad_" + std::string(Entry::kOperands[std::size_t(k)]));
      line_up(arguments.gradients[k]);
    }
  }
  return arguments;
}

}  // namespace lossbench::inline SIMT_BUILD::rows
