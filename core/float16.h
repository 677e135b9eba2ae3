// f16 and bf16 as bit patterns: conversions from and to float and double that any compiler can do.
// Each conversion rounds once, to nearest even. A double that went through float first could be rounded twice.
#pragma once

#include <bit>
#include <cstdint>

namespace lossbench {

namespace float16_detail {

/// Rounds `x` to a 16-bit format of `kFraction` stored fraction bits. NaN becomes 0x7fff, as CUDA's conversions make it.
template <int kFraction>
constexpr std::uint16_t narrow(double x) {
  constexpr int kBias = (1 << (14 - kFraction)) - 1;
  constexpr int kLeast = 1 - kBias;  // exponent of the smallest normal number
  constexpr std::uint64_t kHidden = std::uint64_t{1} << 52;
  constexpr std::uint32_t kInfinity = ((1u << (15 - kFraction)) - 1) << kFraction;

  const std::uint64_t bits = std::bit_cast<std::uint64_t>(x);
  const std::uint32_t sign = static_cast<std::uint32_t>(bits >> 63) << 15;
  const std::uint64_t magnitude = bits & ~(std::uint64_t{1} << 63);
  if (magnitude > 0x7ff0000000000000u) return 0x7fff;

  const int exponent = static_cast<int>(magnitude >> 52) - 1023;
  if (exponent > kBias) return static_cast<std::uint16_t>(sign | kInfinity);
  const int shift = 52 - kFraction + (exponent < kLeast ? kLeast - exponent : 0);
  if (shift > 53) return static_cast<std::uint16_t>(sign);  // below half of the smallest subnormal

  const std::uint64_t significand = (magnitude & (kHidden - 1)) | kHidden;
  const std::uint64_t half = std::uint64_t{1} << (shift - 1);
  const std::uint64_t rest = significand & (2 * half - 1);
  std::uint64_t kept = significand >> shift;
  if (rest > half || (rest == half && (kept & 1))) ++kept;
  // The hidden bit, where there is one, adds one to the exponent field; a carry out of the fraction does too, up to infinity.
  std::uint32_t word = static_cast<std::uint32_t>(kept);
  if (exponent >= kLeast) word += static_cast<std::uint32_t>(exponent - kLeast) << kFraction;
  return static_cast<std::uint16_t>(sign | word);
}

}  // namespace float16_detail

constexpr std::uint16_t to_f16_bits(double x) { return float16_detail::narrow<10>(x); }
constexpr std::uint16_t to_f16_bits(float x) { return float16_detail::narrow<10>(static_cast<double>(x)); }
constexpr std::uint16_t to_bf16_bits(double x) { return float16_detail::narrow<7>(x); }

/// bf16 is the upper half of a float, so from float the rounding is one addition.
constexpr std::uint16_t to_bf16_bits(float x) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(x);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return 0x7fff;
  return static_cast<std::uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1)) >> 16);
}

constexpr float from_bf16_bits(std::uint16_t bits) { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); }

constexpr float from_f16_bits(std::uint16_t bits) {
  const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000u) << 16;
  const std::uint32_t exponent = (bits >> 10) & 31u;
  const std::uint32_t fraction = bits & 0x3ffu;
  if (exponent == 31) return std::bit_cast<float>(fraction ? 0x7fffffffu : sign | 0x7f800000u);
  if (exponent != 0) return std::bit_cast<float>(sign | ((exponent + 112) << 23) | (fraction << 13));
  const float magnitude = static_cast<float>(fraction) * 0x1p-24f;
  return sign ? -magnitude : magnitude;
}

}  // namespace lossbench
