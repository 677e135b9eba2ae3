// The description of the penalty on parameters, and what the structural risk borrows of it.
#pragma once

#include "core/loss.h"
#include "reference/regularization.h"

namespace lossbench {

Loss regularization();

/// `kind`, `lambda` and `half`.
std::vector<OptionDescription> penalty_options();
void check_penalty_options(const Problem& problem);
reference::PenaltyOptions penalty_of(const Options& options);

/// Enters value and gradients of the penalty on the inputs that `is_parameter`. Returns the value.
double enter_penalty(const WideProblem& problem, bool (*is_parameter)(const std::string&), WideResult& result);

/// A spread of sizes for made-up tensors: w0 has the shape of the case.
Shape made_up_tensor(const std::string& word, const Shape& shape);

}  // namespace lossbench
