#include "core/host_cache.h"

#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>

namespace lossbench {

std::size_t last_level_cache_bytes() {
  static const std::size_t bytes = [] {
    // sysconf gives the sum over a whole processor on some machines.
    std::ifstream file("/sys/devices/system/cpu/cpu0/cache/index3/size");
    std::string size;
    std::getline(file, size);
    if (const long kibibytes = std::atol(size.c_str()); kibibytes > 0 && size.ends_with("K")) return static_cast<std::size_t>(kibibytes) << 10;
    const long told = sysconf(_SC_LEVEL3_CACHE_SIZE);
    return told > 0 ? static_cast<std::size_t>(told) : std::size_t{32} << 20;
  }();
  return bytes;
}

}  // namespace lossbench
