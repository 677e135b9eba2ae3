// Building blocks of loss descriptions: options many losses share, and the checks of shapes, dtypes and labels.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/loss.h"

namespace lossbench {

OptionDescription reduction_option(std::string initial = "mean");
OptionDescription empty_option(std::string initial = "nan");

/// The upstream gradient, an optional input of every loss that has a gradient.
InputDescription grad_output_input();

/// Every required input is there and every input is one of `inputs`; names the culprit and the accepted names.
void check_names(const Problem& problem, const std::vector<InputDescription>& inputs);

/// Real inputs have the problem's dtype, labels are i32 or i64. An f8 is accepted where the loss takes it, for the first input and
/// without a gradient.
void check_dtypes(const Problem& problem, const std::vector<InputDescription>& inputs, bool takes_f8 = false);

void check_same_shape(const Problem& problem, std::string_view input, std::string_view as);
/// `input` (if given) is right-aligned with `as`, every extent equal or 1.
void check_broadcast(const Problem& problem, std::string_view input, std::string_view as);
/// `input` (if given) has exactly this shape; `meaning` explains it: "one weight a class".
void check_shape(const Problem& problem, std::string_view input, const Shape& shape, std::string_view meaning);
void check_contiguous(const Problem& problem, std::string_view input);

/// Every value of a host array is -1 or +1.
void check_signs(const Problem& problem, std::string_view input);
/// Every value of a host array is 0 or 1.
void check_bits(const Problem& problem, std::string_view input);
/// No value of a host array is negative; NaN may be.
void check_not_negative(const Problem& problem, std::string_view input);
/// Every value of a host array is in [0, classes), or is `ignored`; names index and value of the first that is not.
void check_labels(const Problem& problem, std::string_view input, std::int64_t classes, const std::int64_t* ignored = nullptr);

/// Element `i` of a host array of any type, widened.
double real_at(const Array& array, std::int64_t i);
std::int64_t label_at(const Array& array, std::int64_t i);

}  // namespace lossbench
