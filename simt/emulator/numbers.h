// Number types of the emulator: f16 and bf16 as bit patterns, with CUDA's rounding.
#pragma once

#include <cstdint>
#include <type_traits>

#include "core/float16.h"
#include "simt/qualifiers.h"

namespace simt::inline SIMT_BUILD {

struct half {
  std::uint16_t bits;
};
struct bfloat16 {
  std::uint16_t bits;
};

inline float to_float(half x) { return lossbench::from_f16_bits(x.bits); }
inline float to_float(bfloat16 x) { return lossbench::from_bf16_bits(x.bits); }
inline float to_float(float x) { return x; }
inline double to_float(double x) { return x; }

/// `x` (float or double) rounded once to T, to nearest even.
template <class T, class X>
inline T from_float(X x) {
  static_assert(std::is_floating_point_v<X>);
  if constexpr (std::is_same_v<T, half>) return half{lossbench::to_f16_bits(x)};
  else if constexpr (std::is_same_v<T, bfloat16>) return bfloat16{lossbench::to_bf16_bits(x)};
  else return static_cast<T>(x);
}

}  // namespace simt::inline SIMT_BUILD
