// The header of a .npy file: a Python dict literal with 'descr', 'fortran_order' and 'shape'.
#pragma once

#include <string>
#include <string_view>

#include "core/array.h"

namespace lossbench {

struct NpyHeader {
  std::string descr;
  bool fortran_order = false;
  Shape shape;
};

/// Throws InputError with `label` in front.
NpyHeader parse_npy_header(std::string_view text, const std::string& label);

}  // namespace lossbench
