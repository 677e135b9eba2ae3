// What someone asks for: a loss on given arrays with given options. Everything the program computes starts as one of these.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bench/tensor.h"
#include "core/loss.h"

namespace lossbench {

struct Request {
  const Loss* loss = nullptr;
  Options options;
  Pass pass = Pass::forward;
  DType dtype = DType::f32;
  std::vector<Tensor> inputs;             ///< by the names of the loss, in any order
  std::optional<WideArray> grad_output;   ///< upstream gradient, not yet rounded: its type is that of `loss`
  std::vector<std::string> gradients;     ///< inputs whose gradient is wanted; empty in the forward pass
};

/// A request that was checked against its loss: selectors inferred, defaults filled in, outputs known.
/// `problem` points into `inputs` and has outputs without memory.
struct Resolved {
  const Loss* loss = nullptr;
  std::vector<Tensor> inputs;  ///< in the order of the loss's description, `grad_output` last
  Problem problem;

  Resolved() = default;
  Resolved(Resolved&&) = default;
  Resolved& operator=(Resolved&&) = default;

  /// The same problem as the reference sees it.
  WideProblem wide() const;
};

/// Throws InputError.
Resolved resolve(Request request);

/// Fills in the selectors that follow from the inputs given. Throws InputError where one contradicts them.
void infer_selectors(const Loss& loss, const std::vector<Tensor>& inputs, Options& options);

/// Differentiable inputs of the form that `options` select, as far as given, or the one prediction among them.
std::vector<std::string> differentiable_inputs(const Loss& loss, const Options& options, const std::vector<Tensor>& inputs,
                                               bool prediction_only);

}  // namespace lossbench
