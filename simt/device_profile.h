// The figures of a device that grids and block sizes are chosen by.
#pragma once

#include <cstddef>
#include <string>

#include "simt/qualifiers.h"

namespace simt::inline SIMT_BUILD {

struct DeviceProfile {
  std::string name;
  int sm_count = 0;
  int max_threads_per_sm = 0;
  std::size_t shared_bytes_per_block = 0;  ///< dynamic shared memory a kernel can opt in to
  std::size_t l2_bytes = 0;
};

/// The current CUDA device, asked once; or the one device the emulator models, so that grids do not depend on the host.
const DeviceProfile& device();

}  // namespace simt::inline SIMT_BUILD
