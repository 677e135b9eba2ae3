// The empirical part of a structural risk, as a problem of its own.
#pragma once

#include "core/loss.h"

namespace lossbench {

inline bool is_parameter(const std::string& name) { return name.starts_with("param."); }

/// The loss named by option `empirical`.
const Loss& empirical_loss(const Options& risk);
/// Its options: those given as `empirical.<option>`, and what resolving the risk found out about the others.
Options empirical_options(const Options& risk);
/// Its problem: the inputs that are no parameters, the output `empirical` under the name `loss`, and the gradients asked for. Without
/// any of these it is a forward problem.
Problem empirical_problem(const Problem& risk);

}  // namespace lossbench
