// Problems widened to double on the host: what the scalar reference sees, and what results are compared in.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/problem.h"

namespace lossbench {

/// A host array in the widest type of its kind: `values` for real arrays, `labels` for integer ones. Row-major.
struct WideArray {
  Shape shape = {};
  std::vector<double> values = {};
  std::vector<std::int64_t> labels = {};
  bool is_label = false;

  std::int64_t count() const { return count_of(shape); }
};

using WideArrays = std::map<std::string, WideArray, std::less<>>;

/// The same problem for the reference: inputs exactly as the variant sees them (already rounded to `dtype`), in double.
struct WideProblem {
  std::string loss = {};
  Options options = {};
  Pass pass = Pass::forward;
  DType dtype = DType::f32;
  WideArrays inputs = {};
  std::vector<std::string> wanted = {};  ///< output names to compute: "loss", "grad_input", …
};

/// What the reference computed, by output name. `condition` has, for each output, the sum of the absolute values of the terms
/// each element is made of; rounding errors are relative to it (it equals |value| where nothing cancels).
struct WideResult {
  WideArrays outputs = {};
  std::map<std::string, std::vector<double>, std::less<>> condition;
};

}  // namespace lossbench
