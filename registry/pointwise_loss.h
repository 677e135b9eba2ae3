// Completes the description of a pointwise loss from its entries: shapes, checks, contract and reference are the same for all.
//
// An entry binds one functor to one loss (or one form of it). Beside what kernels/pointwise/make_arguments.h asks for, it has
//   reference(options)     a callable: const double x[] (the operands of one element) -> reference::Element, sharing no code
//                          with the functor
// and may have
//   accepts(options)       whether the options choose this form; without it an entry serves its whole loss
//   condition(options)     like reference: sums of |terms| of value and gradient, where terms cancel
//   reference_term(options) operands of one element -> its term in the divisor, where divisor(problem) says `computed`
//   kNegatedTarget = true  the target's gradient is minus the prediction's
//   kSecondGradient, reference_second(options)   an input with a gradient of its own (Functor::second_gradient), and a callable like
//                          reference: operands of one element -> reference::Slope
//   complete_options(problem)  defaults that depend on others, and checks of options against each other
//   check(problem)         checks of its own, after those of shapes and dtypes
#pragma once

#include <cmath>
#include <limits>
#include <type_traits>

#include "core/error.h"
#include "kernels/pointwise/divisor_rule.h"
#include "reference/element.h"
#include "reference/sum.h"
#include "registry/describe.h"

namespace lossbench::inline SIMT_BUILD {

template <class Entry>
bool entry_accepts(const Options& options) {
  if constexpr (requires { Entry::accepts(options); }) return Entry::accepts(options);
  else return true;
}

template <class Entry>
DivisorRule rule_of(const Problem& problem) {
  if constexpr (requires { Entry::divisor(problem); }) return Entry::divisor(problem);
  else return reduction_divisor(problem);
}

/// Shapes, dtypes and contiguity of a problem of one entry.
template <class Entry>
void check_pointwise(const Problem& problem, const std::vector<InputDescription>& inputs) {
  check_names(problem, inputs);
  check_dtypes(problem, inputs);
  const char* first = Entry::kOperands[0];
  for (const InputDescription& input : inputs) {
    const Shape loss_shape = problem.reduction() == Reduction::none ? problem.input(first)->shape : Shape{};
    if (input.name == "grad_output") check_shape(problem, input.name, loss_shape, "the shape of loss");
    else if (input.optional) check_broadcast(problem, input.name, first);
    else check_same_shape(problem, input.name, first);
    if (!input.optional || input.name == "grad_output") check_contiguous(problem, input.name);
    if (input.content == Content::sign) check_signs(problem, input.name);
    if (input.content == Content::bit) check_bits(problem, input.name);
  }
  const Array *one = problem.input(first), *two = problem.input(Entry::kOperands[1]);
  if (!is_real(one->dtype) && one->dtype != two->dtype)
    throw InputError(problem.loss + ": inputs '" + first + "' and '" + Entry::kOperands[1] + "' must both be i32 or both be i64");
  if constexpr (requires { Entry::check(problem); }) Entry::check(problem);
}

/// Bytes of every operand, of the one that decides the divisor again, of the loss and of the prediction's gradient.
template <class Entry>
Contract pointwise_contract(const Problem& problem) {
  Contract contract;
  for (std::size_t k = 0; k < Entry::kOperands.size(); ++k) {
    const Array* array = problem.input(Entry::kOperands[k]);
    if (!array) continue;
    std::int64_t reads = 1;
    if constexpr (requires { Entry::Functor::kDivisorOperand; })
      if (k == std::size_t(Entry::Functor::kDivisorOperand) && rule_of<Entry>(problem).computed) reads = 2;
    contract.entries.push_back({Entry::kOperands[k], reads * array->bytes(), 0});
  }
  const std::int64_t count = problem.inputs.front().array.count();
  const bool none = problem.reduction() == Reduction::none;
  const std::int64_t loss_bytes = none ? count * std::int64_t(size_of(problem.dtype)) : std::int64_t(size_of(reduced_type(problem.dtype)));
  contract.entries.push_back({"loss", 0, loss_bytes});
  if (problem.pass == Pass::gradient) {
    if (const Array* upstream = problem.input("grad_output")) contract.entries.push_back({"grad_output", upstream->bytes(), 0});
    contract.entries.push_back({std::string("grad_") + Entry::kOperands[0], 0, problem.inputs.front().array.bytes()});
  }
  return contract;
}

/// Values of an optional array at the elements of the loss: right-aligned broadcast.
inline std::vector<double> spread(const WideArray& array, const Shape& full) {
  const std::int64_t count = count_of(full);
  std::vector<double> values(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) {
    std::int64_t rest = i, offset = 0, stride = 1;
    for (std::size_t k = 1; k <= full.size(); ++k) {
      const std::int64_t extent = full[full.size() - k], at = rest % extent;
      rest /= extent;
      if (k > array.shape.size()) continue;
      const std::int64_t own = array.shape[array.shape.size() - k];
      if (own != 1) offset += at * stride;
      stride *= own;
    }
    values[std::size_t(i)] = array.values[std::size_t(offset)];
  }
  return values;
}

template <class Entry>
WideResult pointwise_reference(const WideProblem& problem) {
  constexpr std::size_t kOperands = Entry::kOperands.size();
  const WideArray& first = problem.inputs.at(Entry::kOperands[0]);
  const std::size_t count = static_cast<std::size_t>(first.count());
  std::vector<double> owned[kOperands];
  const double* operands[kOperands] = {};
  for (std::size_t k = 0; k < kOperands; ++k) {
    const auto found = problem.inputs.find(Entry::kOperands[k]);
    if (found == problem.inputs.end()) continue;
    const WideArray& array = found->second;
    if (array.is_label) owned[k].assign(array.labels.begin(), array.labels.end());
    else if (array.shape != first.shape) owned[k] = spread(array, first.shape);
    operands[k] = owned[k].empty() ? array.values.data() : owned[k].data();
  }
  const auto element_at = [&](std::size_t i, double* x) {
    for (std::size_t k = 0; k < kOperands; ++k) x[k] = operands[k] ? operands[k][i] : 1.0;
  };

  Problem shapes{.loss = problem.loss, .options = problem.options, .pass = problem.pass, .dtype = problem.dtype};
  for (const char* name : Entry::kOperands)
    if (const auto found = problem.inputs.find(name); found != problem.inputs.end())
      shapes.inputs.push_back({name, Array::contiguous(nullptr, problem.dtype, found->second.shape)});
  const Reduction reduction = shapes.reduction();
  const auto loss_of = Entry::reference(problem.options);

  double divisor = 1;
  if (reduction != Reduction::none) {
    const DivisorRule rule = rule_of<Entry>(shapes);
    divisor = rule.constant;
    if constexpr (requires { Entry::reference_term(problem.options); }) {
      if (rule.computed) {
        const auto term_of = Entry::reference_term(problem.options);
        reference::Sum sum;
        double x[kOperands];
        for (std::size_t i = 0; i < count; ++i) element_at(i, x), sum.add(term_of(x));
        divisor = sum.value();
      }
    }
    if (rule.at_least_one) divisor = std::fmax(1.0, divisor);
  }
  const bool empty = divisor == 0;

  const auto upstream = problem.inputs.find("grad_output");
  const bool weighted = upstream != problem.inputs.end(), none = reduction == Reduction::none;
  const bool gradients = problem.pass == Pass::gradient;

  WideResult result;
  std::vector<double> losses(none ? count : 0), conditions(none ? count : 0), gradient(gradients ? count : 0), steepness(gradients ? count : 0);
  constexpr bool kHasSecond = requires { Entry::kSecondGradient; };
  std::vector<double> second(kHasSecond ? gradient.size() : 0), second_steepness(second.size());
  reference::Sum sum, magnitude;
  double x[kOperands];
  for (std::size_t i = 0; i < count; ++i) {
    element_at(i, x);
    const reference::Element element = loss_of(x);
    reference::Element condition{std::fabs(element.value), std::fabs(element.gradient)};
    if constexpr (requires { Entry::condition(problem.options); }) condition = Entry::condition(problem.options)(x);
    if (none) losses[i] = element.value, conditions[i] = condition.value;
    else sum.add(element.value), magnitude.add(condition.value);
    if (gradients) {
      const double factor = weighted ? upstream->second.values[none ? i : 0] : 1.0;
      gradient[i] = empty ? 0.0 : element.gradient * factor / divisor;
      steepness[i] = empty ? 0.0 : condition.gradient * std::fabs(factor / divisor);
      if constexpr (kHasSecond) {
        const reference::Slope slope = Entry::reference_second(problem.options)(x);
        second[i] = empty ? 0.0 : slope.gradient * factor / divisor;
        second_steepness[i] = empty ? 0.0 : slope.condition * std::fabs(factor / divisor);
      }
    }
  }

  if (none) {
    result.outputs["loss"] = {.shape = first.shape, .values = std::move(losses)};
    result.condition["loss"] = std::move(conditions);
  } else {
    const bool zero = problem.options.has("empty") && problem.options.word("empty") == "zero";
    const double value = empty ? (zero ? 0.0 : std::numeric_limits<double>::quiet_NaN()) : sum.value() / divisor;
    result.outputs["loss"] = {.shape = {}, .values = {value}};
    result.condition["loss"] = {empty ? 0.0 : magnitude.value() / std::fabs(divisor)};
  }
  if (gradients) {
    if constexpr (requires { Entry::kNegatedTarget; }) {
      std::vector<double> negated(gradient.size());
      for (std::size_t i = 0; i < gradient.size(); ++i) negated[i] = -gradient[i];
      result.outputs["grad_target"] = {.shape = first.shape, .values = std::move(negated)};
      result.condition["grad_target"] = steepness;
    }
    if constexpr (kHasSecond) {
      const std::string name = std::string("grad_") + Entry::kSecondGradient;
      result.outputs[name] = {.shape = first.shape, .values = std::move(second)};
      result.condition[name] = std::move(second_steepness);
    }
    const std::string name = std::string("grad_") + Entry::kOperands[0];
    result.outputs[name] = {.shape = first.shape, .values = std::move(gradient)};
    result.condition[name] = std::move(steepness);
  }
  return result;
}

}  // namespace lossbench::inline SIMT_BUILD
