// Host arrays that own their bytes, in any dtype: how data stand before a device gets them and after it gave them back.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/array.h"
#include "core/wide.h"

namespace lossbench {

struct Tensor {
  std::string name;
  DType dtype = DType::f32;
  Shape shape;
  std::vector<std::byte> bytes;

  /// Room for `shape`, all zero bytes.
  static Tensor make(std::string name, DType dtype, Shape shape);
  /// `wide` rounded once to `dtype`, to nearest even. Labels of a label dtype are copied; labels of a real dtype are converted.
  static Tensor narrow(std::string name, DType dtype, const WideArray& wide);

  /// Every element in the widest type of its kind, unchanged.
  WideArray widen() const;
  std::int64_t count() const { return count_of(shape); }
  /// A view. It never is null, so that an empty array can be told from an absent one.
  Array array() const;
  /// True where the element's bytes are all 0xFF: what outputs are filled with before a run.
  bool is_poison(std::int64_t index) const;
};

/// `value` as the nearest number of `dtype`.
double rounded_to(DType dtype, double value);

}  // namespace lossbench
