// The array descriptor that every module border speaks; it maps one-to-one to a DLPack tensor.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include "core/dtype.h"

namespace lossbench {

enum class Where : std::uint8_t { host, cuda };

using Shape = std::vector<std::int64_t>;

/// Number of elements of `shape`; 1 for a scalar (rank 0).
inline std::int64_t count_of(std::span<const std::int64_t> shape) {
  std::int64_t count = 1;
  for (std::int64_t extent : shape) count *= extent;
  return count;
}

/// "[2, 3]", as printed in messages.
inline std::string to_string(std::span<const std::int64_t> shape) {
  std::string text = "[";
  for (std::size_t axis = 0; axis < shape.size(); ++axis) text += (axis ? ", " : "") + std::to_string(shape[axis]);
  return text + "]";
}

/// A view of an n-dimensional array. Owns nothing. Strides count elements; stride 0 broadcasts.
struct Array {
  void* data = nullptr;
  DType dtype = DType::f32;
  Where where = Where::host;
  Shape shape;
  Shape strides;

  static Array contiguous(void* data, DType dtype, Shape shape, Where where = Where::host) {
    Array array{data, dtype, where, std::move(shape), {}};
    array.strides.resize(array.shape.size());
    std::int64_t stride = 1;
    for (std::size_t axis = array.shape.size(); axis-- > 0;) {
      array.strides[axis] = stride;
      stride *= array.shape[axis];
    }
    return array;
  }

  std::int64_t count() const { return count_of(shape); }
  std::int64_t bytes() const { return count() * static_cast<std::int64_t>(size_of(dtype)); }

  bool is_contiguous() const {
    std::int64_t stride = 1;
    for (std::size_t axis = shape.size(); axis-- > 0;) {
      if (shape[axis] != 1 && strides[axis] != stride) return false;
      stride *= shape[axis];
    }
    return true;
  }

  template <class T>
  T* as() const { return static_cast<T*>(data); }
};

}  // namespace lossbench
