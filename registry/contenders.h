// What our kernels are held against, each a variant like any other.
#pragma once

#include <vector>

#include "core/loss.h"
#include "core/variant.h"

namespace lossbench {

/// The scalar reference as a variant of every loss: plain C++ in double, single thread.
Variant scalar_reference(const std::vector<Loss>& losses);

Variant simd_on_host();
Variant thrust_on_host();
Variant thrust_on_cuda();  ///< only in a build with CUDA
Variant cub_on_cuda();     ///< only in a build with CUDA
Variant cub_mining_on_cuda();  ///< only in a build with CUDA

}  // namespace lossbench
