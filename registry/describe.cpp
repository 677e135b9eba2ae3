#include "registry/describe.h"

#include <algorithm>

#include "core/error.h"
#include "core/float8.h"

namespace lossbench {

OptionDescription reduction_option(std::string initial) {
  return OptionDescription::choice("reduction", std::move(initial), {"none", "sum", "mean", "batch"},
                                   "what the elementwise losses become: themselves, their sum, their mean, their sum over the "
                                   "first dimension's size");
}

OptionDescription empty_option(std::string initial) {
  return OptionDescription::choice("empty", std::move(initial), {"nan", "zero"}, "the loss where the divisor is 0");
}

InputDescription grad_output_input() {
  return {.name = "grad_output", .content = Content::real, .shape = "shape of loss", .meaning = "upstream gradient, default 1",
          .optional = true};
}

void check_names(const Problem& problem, const std::vector<InputDescription>& inputs) {
  std::vector<std::string> names;
  for (const InputDescription& input : inputs) names.push_back(input.signature());
  for (const NamedArray& given : problem.inputs) {
    const auto same = [&](const InputDescription& input) { return input.matches(given.name); };
    if (std::none_of(inputs.begin(), inputs.end(), same))
      throw InputError(problem.loss + ": unknown input '" + given.name + "'; it takes " + comma_list(names));
  }
  const auto is_given = [&](const InputDescription& input) {
    return std::any_of(problem.inputs.begin(), problem.inputs.end(), [&](const NamedArray& given) { return input.matches(given.name); });
  };
  for (const InputDescription& input : inputs)
    if (!input.optional && !is_given(input))
      throw InputError(problem.loss + ": input '" + input.signature() + "' is missing; it takes " + comma_list(names));
}

void check_dtypes(const Problem& problem, const std::vector<InputDescription>& inputs, bool takes_f8) {
  if (is_f8(problem.dtype) && (!takes_f8 || problem.pass == Pass::gradient))
    throw InputError(problem.loss + ": dtype " + std::string(name_of(problem.dtype)) +
                     (takes_f8 ? " has a value only; accepted with gradients" : " is not accepted; accepted") + ": " + comma_list(names_of(kRealTypes)));
  for (const NamedArray& given : problem.inputs) {
    auto input = std::find_if(inputs.begin(), inputs.end(), [&](const InputDescription& entry) { return entry.name == given.name; });
    if (input == inputs.end())
      input = std::find_if(inputs.begin(), inputs.end(), [&](const InputDescription& entry) { return entry.matches(given.name); });
    if (input == inputs.end()) continue;
    const Array* array = &given.array;
    if (is_label(input->content)) {
      if (is_real(array->dtype))
        throw InputError(problem.loss + ": input '" + given.name + "' is " + std::string(name_of(array->dtype)) +
                         "; labels are i32 or i64");
    } else if (given.name == "grad_output" && problem.reduces()) {
      if (array->dtype != reduced_type(problem.dtype))
        throw InputError(problem.loss + ": input 'grad_output' is " + std::string(name_of(array->dtype)) + "; the loss is " +
                         std::string(name_of(reduced_type(problem.dtype))));
    } else if (const DType expected = given.name == inputs.front().name ? problem.dtype : companion_type(problem.dtype); array->dtype != expected) {
      throw InputError(problem.loss + ": input '" + given.name + "' is " + std::string(name_of(array->dtype)) + "; the problem's dtype is " +
                       std::string(name_of(problem.dtype)) + (expected == problem.dtype ? "" : ", so it must be " + std::string(name_of(expected))));
    }
  }
}

void check_same_shape(const Problem& problem, std::string_view input, std::string_view as) {
  const Array *array = problem.input(input), *other = problem.input(as);
  if (array && other && array->shape != other->shape)
    throw InputError(problem.loss + ": input '" + std::string(input) + "' has shape " + to_string(array->shape) + "; it must be " +
                     to_string(other->shape) + ", the shape of '" + std::string(as) + "'");
}

void check_broadcast(const Problem& problem, std::string_view input, std::string_view as) {
  const Array *array = problem.input(input), *other = problem.input(as);
  if (!array || !other) return;
  bool fits = array->shape.size() <= other->shape.size();
  for (std::size_t k = 1; fits && k <= array->shape.size(); ++k) {
    const std::int64_t extent = array->shape[array->shape.size() - k];
    fits = extent == 1 || extent == other->shape[other->shape.size() - k];
  }
  if (!fits)
    throw InputError(problem.loss + ": input '" + std::string(input) + "' has shape " + to_string(array->shape) +
                     "; it must be broadcastable to " + to_string(other->shape) + ", the shape of '" + std::string(as) + "'");
}

void check_shape(const Problem& problem, std::string_view input, const Shape& shape, std::string_view meaning) {
  const Array* array = problem.input(input);
  if (array && array->shape != shape)
    throw InputError(problem.loss + ": input '" + std::string(input) + "' has shape " + to_string(array->shape) + "; it must be " +
                     to_string(shape) + " (" + std::string(meaning) + ")");
}

void check_contiguous(const Problem& problem, std::string_view input) {
  const Array* array = problem.input(input);
  if (array && !array->is_contiguous())
    throw InputError(problem.loss + ": input '" + std::string(input) + "' must be contiguous, row-major");
}

namespace {

/// Where element `i` of the array is, in row-major order: elements from its start.
std::int64_t offset_of(const Array& array, std::int64_t i) {
  if (array.is_contiguous()) return i;
  std::int64_t offset = 0;
  for (std::size_t axis = array.shape.size(); axis-- > 0; i /= array.shape[axis]) offset += i % array.shape[axis] * array.strides[axis];
  return offset;
}

}  // namespace

double real_at(const Array& array, std::int64_t i) {
  const std::int64_t at = offset_of(array, i);
  switch (array.dtype) {
    case DType::f64: return array.as<double>()[at];
    case DType::f32: return array.as<float>()[at];
    case DType::f16: return from_f16_bits(array.as<std::uint16_t>()[at]);
    case DType::bf16: return from_bf16_bits(array.as<std::uint16_t>()[at]);
    case DType::f8_e4m3: return from_e4m3_bits(array.as<std::uint8_t>()[at]);
    case DType::f8_e5m2: return from_e5m2_bits(array.as<std::uint8_t>()[at]);
    default: return static_cast<double>(label_at(array, i));
  }
}

std::int64_t label_at(const Array& array, std::int64_t i) {
  const std::int64_t at = offset_of(array, i);
  return array.dtype == DType::i32 ? array.as<std::int32_t>()[at] : array.as<std::int64_t>()[at];
}

namespace {

/// Every value of a host array satisfies `legal`; names index and value of the first that does not.
template <class Legal>
void check_values(const Problem& problem, std::string_view input, Legal legal, const char* accepted) {
  const Array* array = problem.input(input);
  if (!array || array->where != Where::host) return;
  for (std::int64_t i = 0; i < array->count(); ++i) {
    const double value = real_at(*array, i);
    if (!legal(value))
      throw InputError(problem.loss + ": input '" + std::string(input) + "' is " + to_string(OptionValue(value)) + " at index " +
                       std::to_string(i) + "; accepted are " + accepted);
  }
}

}  // namespace

void check_signs(const Problem& problem, std::string_view input) {
  check_values(problem, input, [](double value) { return value == 1 || value == -1; }, "-1 and 1");
}

void check_bits(const Problem& problem, std::string_view input) {
  check_values(problem, input, [](double value) { return value == 1 || value == 0; }, "0 and 1");
}

void check_not_negative(const Problem& problem, std::string_view input) {
  check_values(problem, input, [](double value) { return !(value < 0); }, "numbers >= 0");
}

void check_labels(const Problem& problem, std::string_view input, std::int64_t classes, const std::int64_t* ignored) {
  const Array* array = problem.input(input);
  if (!array || array->where != Where::host) return;
  for (std::int64_t i = 0; i < array->count(); ++i) {
    const std::int64_t label = label_at(*array, i);
    if ((label >= 0 && label < classes) || (ignored && label == *ignored)) continue;
    throw InputError(problem.loss + ": input '" + std::string(input) + "' is " + std::to_string(label) + " at index " +
                     std::to_string(i) + "; accepted are 0 to " + std::to_string(classes - 1) +
                     (ignored ? " and the ignored " + std::to_string(*ignored) : std::string()));
  }
}

}  // namespace lossbench
