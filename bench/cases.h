// The cases of a benchmark run: loss x variant x pass x dtype x shape x options, in ladder order.
#pragma once

#include <string>
#include <vector>

#include "bench/selection.h"
#include "bench/validation_inputs.h"
#include "core/loss.h"
#include "core/variant.h"

namespace lossbench {

struct Case {
  const Loss* loss = nullptr;
  const Variant* variant = nullptr;
  Pass pass = Pass::forward;
  DType dtype = DType::f32;    ///< of real inputs
  DType element = DType::f32;  ///< of the first input: `dtype`, or a label type
  Shape shape;
  OptionSet options;
  bool default_shape = false;  ///< nobody asked for it

  /// "l2/fused/simt/gradient/f32/262144", with "/half=true" behind where options were given.
  std::string name() const;
  bool emulated() const { return variant->backend == Backend::simt; }
  /// What cases with the same inputs and reference have in common.
  std::string data_key() const;
};

/// All cases of the selection that have an implementation and a device here, those with equal data next to each other.
/// `options` is an option set for every loss chosen. Throws InputError where the selection leaves nothing.
std::vector<Case> select_cases(const Selection& selection, const std::string& options);

/// Sizes to run where none are named: past the last-level cache on the host, small where every thread is emulated.
std::vector<Shape> default_shapes(const Loss& loss, const Options& options, Backend backend);

}  // namespace lossbench
