// The work of the ceilings, as each device does it. See kernels/ceilings/streams.h.
#pragma once

#include <cstddef>

namespace lossbench {

/// On the host: vectorised, on all threads or on the calling one.
void host_stream(int reads, bool writes, const void* first, const void* second, void* out, std::size_t bytes, bool all_threads);

/// On a CUDA device; `sink` is 4 bytes there.
void cuda_stream(int reads, bool writes, const void* first, const void* second, void* out, std::size_t bytes, void* sink, void* stream);
void cuda_empty(void* stream);

}  // namespace lossbench
