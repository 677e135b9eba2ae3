// f8 numbers in kernels: storage that widens to float. Apart from the other number types, because few kernels read them and CUDA's header
// for them is long.
#pragma once

#include <cstdint>
#include <type_traits>

#include "simt/simt.h"

#if defined(__CUDACC__)
#include <cuda_fp8.h>
#else
#include "core/float8.h"
#endif

namespace simt::inline SIMT_BUILD {

struct float8_e4m3 {
  std::uint8_t bits;
};
struct float8_e5m2 {
  std::uint8_t bits;
};

template <class T>
constexpr bool kIsFloat8 = std::is_same_v<T, float8_e4m3> || std::is_same_v<T, float8_e5m2>;

#if defined(__CUDACC__)
SIMT_FN float to_float(float8_e4m3 x) { return __half2float(__half(__nv_cvt_fp8_to_halfraw(x.bits, __NV_E4M3))); }
SIMT_FN float to_float(float8_e5m2 x) { return __half2float(__half(__nv_cvt_fp8_to_halfraw(x.bits, __NV_E5M2))); }
#else
inline float to_float(float8_e4m3 x) { return lossbench::from_e4m3_bits(x.bits); }
inline float to_float(float8_e5m2 x) { return lossbench::from_e5m2_bits(x.bits); }
#endif

}  // namespace simt::inline SIMT_BUILD
