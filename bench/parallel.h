// A loop over a range on all cores, for making and comparing large arrays.
#pragma once

#include <algorithm>
#include <cstdint>
#include <thread>
#include <vector>

namespace lossbench {

/// Least elements that are worth a thread.
inline constexpr std::int64_t kParallelGrain = std::int64_t{1} << 16;

/// How many parts a range is split into.
inline std::int64_t parts_of(std::int64_t count) {
  const std::int64_t cores = std::max<std::int64_t>(std::thread::hardware_concurrency(), 1);
  return std::clamp<std::int64_t>(count / kParallelGrain, 1, cores);
}

/// Calls body(part, begin, end) for consecutive parts of [0, count), at the same time.
template <class Body>
void parallel_parts(std::int64_t count, const Body& body) {
  const std::int64_t parts = parts_of(count);
  const auto begin = [&](std::int64_t part) { return count / parts * part + std::min(part, count % parts); };
  std::vector<std::jthread> threads;
  for (std::int64_t part = 1; part < parts; ++part) threads.emplace_back([&, part] { body(part, begin(part), begin(part + 1)); });
  body(0, 0, begin(1));
}

/// Calls body(begin, end) for parts of [0, count) at the same time.
template <class Body>
void parallel_for(std::int64_t count, const Body& body) {
  parallel_parts(count, [&](std::int64_t, std::int64_t begin, std::int64_t end) { body(begin, end); });
}

}  // namespace lossbench
