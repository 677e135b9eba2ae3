// From the strides of an array to its Broadcast. Host code that knows no device.
#pragma once

#include "core/array.h"
#include "kernels/pointwise/broadcast.h"

namespace lossbench::inline SIMT_BUILD {

/// How an array of `shape` (right-aligned, extents equal or 1) meets elements of `full`. Equal shapes need no map.
inline Broadcast broadcast_map(const Array& array, const Shape& full) {
  Broadcast map;
  if (array.shape == full && array.is_contiguous()) return map;
  map.rank = int(full.size());
  for (int axis = 0; axis < map.rank; ++axis) {
    const std::size_t from_end = std::size_t(axis) + 1;
    map.extent[axis] = full[full.size() - from_end];
    const bool present = from_end <= array.shape.size();
    const std::size_t at = present ? array.shape.size() - from_end : 0;
    map.stride[axis] = present && array.shape[at] != 1 ? array.strides[at] : 0;
  }
  return map;
}

}  // namespace lossbench::inline SIMT_BUILD
