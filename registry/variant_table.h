// The generated tables of variants, one per build of the kernels.
#pragma once

#include <vector>

#include "core/variant.h"

namespace lossbench {

std::vector<Variant> simt_variants();
std::vector<Variant> cuda_variants();  ///< only in a build with CUDA

}  // namespace lossbench
