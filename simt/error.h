// What a launch throws when the kernel, the device or the request is at fault.
#pragma once

#include <stdexcept>

#include "simt/qualifiers.h"

namespace simt::inline SIMT_BUILD {

/// One line: the kernel, and from the emulator also block, thread and source line.
struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace simt::inline SIMT_BUILD
