// Random numbers by position: element i of a stream is a hash of (seed, stream, i), the same on every machine and in any order.
#pragma once

#include <cstdint>
#include <string_view>

namespace lossbench {

class RandomStream {
 public:
  constexpr RandomStream(std::uint64_t seed, std::string_view name) : key_(mix(seed ^ 0x9e3779b97f4a7c15u)) {
    for (const char c : name) key_ = mix(key_ ^ static_cast<unsigned char>(c));
  }

  constexpr std::uint64_t bits(std::int64_t i) const { return mix(key_ + static_cast<std::uint64_t>(i) * 0x9e3779b97f4a7c15u); }
  /// In [0, 1), 32 bits of it.
  constexpr double uniform(std::int64_t i) const { return static_cast<double>(bits(i) >> 32) * 0x1p-32; }
  /// A second one, independent of uniform(i).
  constexpr double uniform2(std::int64_t i) const { return static_cast<double>(bits(i) & 0xffffffffu) * 0x1p-32; }
  constexpr std::int64_t below(std::int64_t i, std::int64_t limit) const {
    return static_cast<std::int64_t>(bits(i) % static_cast<std::uint64_t>(limit));
  }

 private:
  /// The finalizer of SplitMix64.   [Steele, Lea, Flood 2014]
  static constexpr std::uint64_t mix(std::uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
  }
  std::uint64_t key_;
};

}  // namespace lossbench
