// Completes the description of a loss of whole rows from its entries: shapes, checks, contract and reference are the same for all.
//
// Beside what kernels/rows/make_arguments.h asks for, a row entry has
//   kRowwise = true
//   reference(options)     a callable: RowInput -> reference::RowResult, sharing no code with the functor
// and may have
//   accepts(options)       whether the options choose this form; without it an entry serves its whole loss
//   kSpecialRow            a row's own class is all that is read (options decide): reads_row(options)
//   loss_shape(problem)    of reduction none, where it is not one value a row along the first axes
//   complete_options(problem), check(problem)   as for a pointwise entry
#pragma once

#include <cmath>
#include <limits>

#include "core/error.h"
#include "kernels/rows/make_arguments.h"
#include "reference/row.h"
#include "registry/describe.h"

namespace lossbench::inline SIMT_BUILD {

/// A row as the reference is given it.
struct RowInput {
  std::vector<reference::Row> operand;
  std::int64_t label = 0;
  double factor = 1;  ///< value of the row (kRowFactor), or weight of its class (kClassWeight)
};

template <class Entry>
concept RowEntry = requires { Entry::kRowwise; };

/// Shape of the losses of all rows.
template <class Entry>
Shape row_loss_shape(const Problem& problem) {
  if constexpr (requires { Entry::loss_shape(problem); }) return Entry::loss_shape(problem);
  else {
    const Shape& shape = problem.input(Entry::kOperands[0])->shape;
    return Shape(shape.begin(), shape.end() - (shape.empty() ? 0 : 1));
  }
}

/// Whether more of a row is read than its own class.
template <class Entry>
bool entry_reads_row(const Options& options) {
  if constexpr (requires { Entry::reads_row(options); }) return Entry::reads_row(options);
  else return true;
}

template <class Entry>
void check_rows(const Problem& problem, const std::vector<InputDescription>& inputs) {
  using Functor = typename Entry::Functor;
  check_names(problem, inputs);
  check_dtypes(problem, inputs);
  const char* first = Entry::kOperands[0];
  if constexpr (requires { Entry::check_shapes(problem); }) Entry::check_shapes(problem);
  const Shape& shape = problem.input(first)->shape;
  for (const char* operand : Entry::kOperands) check_same_shape(problem, operand, first);
  const Shape rows = row_loss_shape<Entry>(problem);
  if constexpr (Functor::kLabels) {
    check_shape(problem, "target", rows, "one class a row");
    if (shape.back() == 0 && rows::rows_of<Entry>(problem).rows > 0)
      throw InputError(problem.loss + ": input '" + first + "' has no classes: " + to_string(shape));
    check_labels(problem, "target", shape.back());
  }
  if constexpr (requires { Entry::kRowFactor; }) {
    check_shape(problem, Entry::kRowFactor, rows, "one value a row");
    check_signs(problem, Entry::kRowFactor);
  }
  if constexpr (requires { Entry::kClassWeight; }) check_shape(problem, Entry::kClassWeight, {shape.back()}, "one weight a class");
  check_shape(problem, "sample_weight", rows, "one weight a row");
  check_shape(problem, "grad_output", problem.reduces() ? Shape{} : rows, "the shape of loss");
  for (const NamedArray& input : problem.inputs) check_contiguous(problem, input.name);
  if constexpr (requires { Entry::check(problem); }) Entry::check(problem);
}

/// Every operand once (or each row's own class), what rows have beside them, the loss, and the gradients of the predictions.
/// Labels and sample weights are read again where the divisor of gradients is their sum.
template <class Entry>
Contract row_contract(const Problem& problem, const std::vector<InputDescription>& inputs) {
  Contract contract;
  const std::int64_t rows = rows::rows_of<Entry>(problem).rows, size = std::int64_t(size_of(problem.dtype));
  const bool gradient = problem.pass == Pass::gradient;
  const std::int64_t twice = gradient && rows::row_divisor<Entry>(problem).weighted ? 2 : 1;
  for (const char* operand : Entry::kOperands)
    contract.entries.push_back({operand, entry_reads_row<Entry>(problem.options) ? problem.input(operand)->bytes() : rows * size, 0});
  if constexpr (Entry::Functor::kLabels) contract.entries.push_back({"target", twice * problem.input("target")->bytes(), 0});
  if constexpr (requires { Entry::kRowFactor; }) contract.entries.push_back({Entry::kRowFactor, problem.input(Entry::kRowFactor)->bytes(), 0});
  if constexpr (requires { Entry::kClassWeight; })
    if (const Array* weight = problem.input(Entry::kClassWeight)) contract.entries.push_back({Entry::kClassWeight, weight->bytes(), 0});
  if (const Array* weight = problem.input("sample_weight")) contract.entries.push_back({"sample_weight", twice * weight->bytes(), 0});
  const std::int64_t loss = problem.reduces() ? std::int64_t(size_of(reduced_type(problem.dtype))) : rows * size;
  contract.entries.push_back({"loss", 0, loss});
  if (!gradient) return contract;
  if (const Array* upstream = problem.input("grad_output")) contract.entries.push_back({"grad_output", upstream->bytes(), 0});
  for (const InputDescription& input : inputs)
    if (input.prediction && problem.input(input.name)) contract.entries.push_back({"grad_" + input.name, 0, problem.input(input.name)->bytes()});
  return contract;
}

namespace detail {

/// The named values, or nothing.
inline const std::vector<double>* values_of(const WideProblem& problem, std::string_view name) {
  const auto found = problem.inputs.find(name);
  return found == problem.inputs.end() ? nullptr : &found->second.values;
}

/// A problem with the shapes of `problem` and no data, for what looks at shapes and options only.
inline Problem shapes_of(const WideProblem& problem) {
  Problem shapes{.loss = problem.loss, .options = problem.options, .pass = problem.pass, .dtype = problem.dtype};
  for (const auto& [name, array] : problem.inputs)
    shapes.inputs.push_back({name, Array::contiguous(nullptr, array.is_label ? DType::i64 : problem.dtype, array.shape)});
  return shapes;
}

}  // namespace detail

template <class Entry>
WideResult row_reference(const WideProblem& problem) {
  using Functor = typename Entry::Functor;
  constexpr std::size_t kGradients = std::size_t(Functor::kGradients);
  const Problem shapes = detail::shapes_of(problem);
  const rows::RowShape shape = rows::rows_of<Entry>(shapes);
  const std::size_t rows = std::size_t(shape.rows), width = std::size_t(shape.width);
  const auto row_of = Entry::reference(problem.options);
  const bool gradients = problem.pass == Pass::gradient, reduces = shapes.reduces();
  const std::vector<double>* const sample_weight = detail::values_of(problem, "sample_weight");
  const std::vector<double>* const upstream = detail::values_of(problem, "grad_output");
  const std::vector<double>*row_factor = nullptr, *class_weight = nullptr;
  if constexpr (requires { Entry::kRowFactor; }) row_factor = detail::values_of(problem, Entry::kRowFactor);
  if constexpr (requires { Entry::kClassWeight; }) class_weight = detail::values_of(problem, Entry::kClassWeight);

  std::vector<double> losses(rows), conditions(rows), values[kGradients], steepness[kGradients];
  for (std::size_t k = 0; k < kGradients && gradients; ++k) values[k].resize(rows * width), steepness[k].resize(rows * width);
  reference::Sum sum, magnitude, weights;
  for (std::size_t r = 0; r < rows; ++r) {
    RowInput input;
    for (const char* operand : Entry::kOperands) input.operand.emplace_back(problem.inputs.at(operand).values.data() + r * width, width);
    if constexpr (Functor::kLabels) input.label = problem.inputs.at("target").labels[r];
    if (row_factor) input.factor = (*row_factor)[r];
    if (class_weight) input.factor = (*class_weight)[std::size_t(input.label)];
    const double weight = sample_weight ? (*sample_weight)[r] : 1.0;
    const reference::RowResult row = row_of(input);
    losses[r] = weight * row.value, conditions[r] = std::fabs(weight) * row.condition;
    sum.add(losses[r]), magnitude.add(conditions[r]), weights.add(weight);
    for (std::size_t k = 0; k < kGradients && gradients; ++k)
      for (std::size_t i = 0; i < width; ++i) {
        values[k][r * width + i] = weight * row.gradients[k].value[i];
        steepness[k][r * width + i] = std::fabs(weight) * row.gradients[k].condition[i];
      }
  }

  const rows::RowDivisor rule = rows::row_divisor<Entry>(shapes);
  const double divisor = rule.weighted ? weights.value() : rule.constant;
  const bool empty = divisor == 0;
  WideResult result;
  if (reduces) {
    const double nothing = rule.zero_if_empty ? 0.0 : std::numeric_limits<double>::quiet_NaN();
    result.outputs["loss"] = {.shape = {}, .values = {empty ? nothing : sum.value() / divisor}};
    result.condition["loss"] = {empty ? 0.0 : magnitude.value() / std::fabs(divisor)};
  } else {
    result.outputs["loss"] = {.shape = row_loss_shape<Entry>(shapes), .values = std::move(losses)};
    result.condition["loss"] = std::move(conditions);
  }
  for (std::size_t k = 0; k < kGradients && gradients; ++k) {
    for (std::size_t i = 0; i < rows * width; ++i) {
      const double factor = upstream ? (*upstream)[reduces ? 0 : i / width] : 1.0;
      values[k][i] = empty ? 0.0 : values[k][i] * (factor / divisor);
      steepness[k][i] = empty ? 0.0 : steepness[k][i] * std::fabs(factor / divisor);
    }
    const std::string name = std::string("grad_") + Entry::kOperands[k];
    result.outputs[name] = {.shape = problem.inputs.at(Entry::kOperands[k]).shape, .values = std::move(values[k])};
    result.condition[name] = std::move(steepness[k]);
  }
  return result;
}

}  // namespace lossbench::inline SIMT_BUILD
