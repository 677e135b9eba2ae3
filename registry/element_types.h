// The dtypes that the 8-bit and 16-bit element types of kernels stand for.
#pragma once

#include "registry/describe_variant.h"
#include "simt/float8.h"

namespace lossbench::inline SIMT_BUILD {

template <> struct ElementType<simt::half> { static constexpr DType kType = DType::f16; };
template <> struct ElementType<simt::bfloat16> { static constexpr DType kType = DType::bf16; };
template <> struct ElementType<simt::float8_e4m3> { static constexpr DType kType = DType::f8_e4m3; };
template <> struct ElementType<simt::float8_e5m2> { static constexpr DType kType = DType::f8_e5m2; };

}  // namespace lossbench::inline SIMT_BUILD
