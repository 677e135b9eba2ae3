// From named arrays, options and the gradients that are wanted to a problem that variants can compute.
#pragma once

#include <string>
#include <vector>

#include "core/loss.h"

namespace lossbench {

/// Fills in the selectors that follow from the inputs given, puts the inputs in the order of the loss's description, and checks all of it
/// (Loss::resolve). Throws InputError.
void resolve_problem(const Loss& loss, Problem& problem);

/// Lists the outputs of a resolved problem, contiguous and without memory: `loss`, what the loss gives beside it, and the gradients of these
/// inputs. Throws InputError for a gradient that the loss does not have.
void add_outputs(const Loss& loss, const std::vector<std::string>& gradients, Problem& problem);

/// Type of the elements of `loss` of a resolved problem.
DType loss_type(const Problem& problem);

/// Differentiable inputs of the form that the options select, as far as given, or the predictions among them.
std::vector<std::string> differentiable_inputs(const Loss& loss, const Problem& problem, bool prediction_only);

}  // namespace lossbench
