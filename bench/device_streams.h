// The work of the ceilings, as each device does it. See kernels/ceilings/streams.h.
#pragma once

#include <cstddef>

namespace lossbench {

/// How the host may go about it; none is always the fastest. Short arrays are read before another thread has woken up. With `hints`, reads are
/// announced some way ahead, and writes go past the cache, which then need not read what they overwrite.
struct HostWay {
  bool all_threads;
  bool hints;
};

/// On the host: vectorised. `bytes` is a multiple of 4096, and `out` on a boundary of 64.
void host_stream(int reads, bool writes, const void* first, const void* second, void* out, std::size_t bytes, HostWay way);

/// On a CUDA device; `sink` is 4 bytes there.
void cuda_stream(int reads, bool writes, const void* first, const void* second, void* out, std::size_t bytes, void* sink, void* stream);
void cuda_empty(void* stream);

}  // namespace lossbench
