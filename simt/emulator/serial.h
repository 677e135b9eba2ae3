// What a launch cannot do side by side, however many threads it has: atomics on one address take turns, and so do the barriers of a block.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "simt/qualifiers.h"

namespace simt::inline SIMT_BUILD {

/// Atomics on global arrays, by address.
using AtomicsByAddress = std::unordered_map<const void*, std::uint64_t>;

struct SerialWork {
  std::uint64_t atomics = 0;   ///< on global arrays, the most on one address
  std::uint64_t barriers = 0;  ///< __syncthreads(), the most that one block passed
};

/// The most in any one launch that this host thread counted, since somebody last reset it.
SerialWork& most_serial_work();

}  // namespace simt::inline SIMT_BUILD
