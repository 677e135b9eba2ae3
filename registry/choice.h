// Which variant computes a problem, where the caller names one, a backend, both or neither.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/loss.h"
#include "core/variant.h"

namespace lossbench {

/// Throws InputError.
Backend parse_backend(std::string_view name);

struct Choice {
  const Variant* variant;
  const Implementation* implementation;
};

/// The variant and implementation for a resolved problem. A named variant is taken from the first of `backends` that has it; an empty
/// name takes the loss's preference on the first of them where any variant serves the problem. Throws InputError.
Choice choose_variant(const Loss& loss, const Problem& problem, const std::string& variant_name, std::span<const Backend> backends);

}  // namespace lossbench
