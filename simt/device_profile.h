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
  int compute_capability = 0;  ///< 90 for 9.0: clusters and bulk copies need 90
  int max_cluster = 1;         ///< blocks of a cluster; beyond 8 a launch must ask (Launch::non_portable_cluster)
};

/// The current CUDA device, asked once; or the one device the emulator models, so that grids do not depend on the host.
const DeviceProfile& device();

}  // namespace simt::inline SIMT_BUILD
