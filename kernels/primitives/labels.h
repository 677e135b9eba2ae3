// Class labels of either integer type, chosen at run time: one kernel serves both.
#pragma once

#include <cstdint>

#include "simt/simt.h"

namespace lossbench::inline SIMT_BUILD {

/// Exactly one of the two handles is set.
struct Labels {
  simt::Global<const std::int32_t> narrow;
  simt::Global<const std::int64_t> wide;

  __device__ __forceinline__ std::int64_t operator[](std::int64_t i) const {
    return narrow ? std::int64_t(simt::load(narrow, i)) : simt::load(wide, i);
  }
};

}  // namespace lossbench::inline SIMT_BUILD
