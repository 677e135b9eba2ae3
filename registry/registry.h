// The tables of losses and variants: all that the program, the tests and other front ends need.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/loss.h"
#include "core/variant.h"

namespace lossbench {

class Registry {
 public:
  /// The tables of this build; made once.
  static const Registry& instance();

  std::span<const Loss> losses() const { return losses_; }
  std::span<const Variant> variants() const { return variants_; }

  /// Throws InputError that lists the known names.
  const Loss& loss(std::string_view name) const;

  /// Variants that have any implementation of `loss`, in ladder order.
  std::vector<const Variant*> variants_of(std::string_view loss) const;

 private:
  Registry();
  std::vector<Loss> losses_;
  std::vector<Variant> variants_;
};

/// Type of the elements a variant is chosen by: that of the problem's first input.
DType element_type(const Problem& problem);

/// The implementation of `problem`, or null with `reason` saying what is lacking and what is accepted.
const Implementation* find_implementation(const Variant& variant, const Problem& problem, std::string& reason);

/// The variant to use when the caller names none: the first of the loss's preference on `backend` that supports the problem. Null, with
/// `reasons`, where there is none.
const Variant* find_preferred(const Loss& loss, Backend backend, const Problem& problem, std::string& reasons);
/// The same; throws InputError where there is none.
const Variant& preferred_variant(const Loss& loss, Backend backend, const Problem& problem);

/// True when this build contains CUDA kernels.
bool built_with_cuda();

}  // namespace lossbench
