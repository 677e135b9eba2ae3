// f8 as bit patterns: conversions that any compiler can do. Those from a number round once, to nearest even.
//
//   e4m3   4 bits of exponent, 3 of fraction; up to 448; no infinity, NaN at 0x7f and 0xff (OCP, also called e4m3fn)
//   e5m2   5 bits of exponent, 2 of fraction: the upper half of an f16; up to 57344
#pragma once

#include <cstdint>

#include "core/float16.h"

namespace lossbench {

/// Read as an f16, the same bits stand for 2^-8 of the number, subnormal ones too.
constexpr float from_e4m3_bits(std::uint8_t bits) {
  if ((bits & 0x7f) == 0x7f) return std::bit_cast<float>(0x7fffffffu);
  return from_f16_bits(static_cast<std::uint16_t>((bits & 0x80) << 8 | (bits & 0x7f) << 7)) * 0x1p8f;
}
constexpr float from_e5m2_bits(std::uint8_t bits) { return from_f16_bits(static_cast<std::uint16_t>(bits << 8)); }

namespace float8_detail {

/// `x` in a format whose positive numbers are the codes 0 to `largest`, in order. What would round to the number after those becomes the
/// code after those: NaN in e4m3, infinity in e5m2. NaN becomes 0x7f.
constexpr std::uint8_t narrow(double x, float (*widen)(std::uint8_t), int largest) {
  const std::uint8_t sign = std::bit_cast<std::uint64_t>(x) >> 63 ? 0x80 : 0;
  if (x != x) return 0x7f;
  const double magnitude = sign ? -x : x;
  const auto value = [&](int code) {
    const auto number = [&](int known) { return static_cast<double>(widen(static_cast<std::uint8_t>(known))); };
    return code <= largest ? number(code) : 2 * number(largest) - number(largest - 1);
  };
  int low = 0, high = largest + 1;
  while (high - low > 1) {
    const int middle = (low + high) / 2;
    (value(middle) <= magnitude ? low : high) = middle;
  }
  const double tie = (value(low) + value(high)) / 2;  // exact: one more bit
  const bool up = magnitude > tie || (magnitude == tie && low % 2 == 1);
  return static_cast<std::uint8_t>(sign | (up ? high : low));
}

}  // namespace float8_detail

constexpr std::uint8_t to_e4m3_bits(double x) { return float8_detail::narrow(x, from_e4m3_bits, 0x7e); }
constexpr std::uint8_t to_e5m2_bits(double x) { return float8_detail::narrow(x, from_e5m2_bits, 0x7b); }

}  // namespace lossbench
