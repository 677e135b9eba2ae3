// The dtypes that the 16-bit element types of kernels stand for.
#pragma once

#include "registry/describe_variant.h"
#include "simt/simt.h"

namespace lossbench::inline SIMT_BUILD {

template <> struct ElementType<simt::half> { static constexpr DType kType = DType::f16; };
template <> struct ElementType<simt::bfloat16> { static constexpr DType kType = DType::bf16; };

}  // namespace lossbench::inline SIMT_BUILD
