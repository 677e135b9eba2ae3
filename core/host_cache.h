// The caches of the host.
#pragma once

#include <cstddef>

namespace lossbench {

/// Bytes of the last-level cache that one core can reach; a guess of 32 MiB where the system does not say.
std::size_t last_level_cache_bytes();

}  // namespace lossbench
