// The scalar reference of softmax cross-entropy as a loss: rows of reference/softmax_cross_entropy.h, divisors and outputs.
#pragma once

#include <string_view>

#include "core/loss.h"

namespace lossbench {

/// [N, C, d1, …] without its classes: the shape of labels and of the loss of every position.
Shape positions_of_logits(const Shape& logits);

/// Whether option `outputs` names this one.
bool wants_output(const Options& options, std::string_view output);

WideResult softmax_reference(const WideProblem& problem);

}  // namespace lossbench
