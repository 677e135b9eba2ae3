// Parts of a problem, spread over the cores; what each comes to is added up in order, so that no schedule changes the sum.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "core/host_threads.h"

namespace lossbench::simd {

/// Below so many bytes the calling thread is done before another has woken up.
inline constexpr std::int64_t kWorthThreads = std::int64_t{1} << 18;

/// compute(part, thread) for every part, each on one thread; its results in `sums`, and their sum.
template <class Compute>
double sum_of_parts(std::int64_t parts, std::int64_t bytes, double* sums, const Compute& compute) {
  if (bytes < kWorthThreads || parts == 1) {
    for (std::int64_t part = 0; part < parts; ++part) sums[part] = compute(part, 0);
  } else {
    const auto one = [&](std::int64_t part, int thread) { sums[part] = compute(part, thread); };
    HostThreads::instance().run_parts(parts, std::cref(one));  // by reference: the pool's function type would allocate for so many captures
  }
  double sum = 0;
  for (std::int64_t part = 0; part < parts; ++part) sum += sums[part];
  return sum;
}

}  // namespace lossbench::simd
