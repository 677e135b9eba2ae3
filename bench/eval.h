// A loss on the user's own arrays.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bench/request.h"

namespace lossbench {

/// What was asked for on the command line.
struct EvalRequest {
  std::string loss;
  std::vector<std::string> inputs;   ///< NAME=FILE.npy
  std::vector<std::string> options;  ///< NAME=VALUE
  std::string variant, backend;      ///< empty: the default
  std::string dtype = "f32";
  std::optional<std::string> gradients;  ///< comma list; "*" is every differentiable input
  std::optional<std::string> out;        ///< directory for arrays
};

struct EvalResult {
  std::string loss, variant, backend, dtype;
  std::vector<Tensor> outputs;  ///< scalars have shape []
};

/// Computes everything; writes nothing. Throws InputError.
EvalResult evaluate(const EvalRequest& request);

}  // namespace lossbench
