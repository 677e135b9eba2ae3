// The generated tables of variants, one per build of the kernels.
#pragma once

#include <initializer_list>
#include <vector>

#include "core/variant.h"

namespace lossbench {

std::vector<Variant> simt_variants();
std::vector<Variant> cuda_variants();  ///< only in a build with CUDA

/// One variant from its parts, which differ in dtype.
[[maybe_unused]] static Variant merge(std::initializer_list<Variant> parts) {
  Variant whole = *parts.begin();
  whole.implementations.clear();
  for (const Variant& part : parts)
    whole.implementations.insert(whole.implementations.end(), part.implementations.begin(), part.implementations.end());
  return whole;
}

}  // namespace lossbench
