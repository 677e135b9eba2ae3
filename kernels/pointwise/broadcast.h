// How the elements of a smaller array meet those of the loss: shape [C] or [B, 1, W] against [B, C, W].
#pragma once

#include <cstdint>

#include "simt/qualifiers.h"

namespace lossbench::inline SIMT_BUILD {

constexpr int kMaxBroadcastRank = 6;

/// Maps the row-major index of an element to an offset in the smaller array. `rank` 0 means the same index.
struct Broadcast {
  int rank = 0;
  std::int64_t extent[kMaxBroadcastRank] = {};  ///< of the loss, last axis first
  std::int64_t stride[kMaxBroadcastRank] = {};  ///< of the smaller array in elements, last axis first; 0 repeats

  SIMT_FN std::int64_t operator()(std::int64_t index) const {
    if (rank == 0) return index;
    std::int64_t offset = 0;
    for (int axis = 0; axis < rank; ++axis) {
      offset += index % extent[axis] * stride[axis];
      index /= extent[axis];
    }
    return offset;
  }
};

}  // namespace lossbench::inline SIMT_BUILD
