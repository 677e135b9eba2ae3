// Number types that cross module borders, by the names users type.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace lossbench {

/// f8_e4m3 has no infinity and one NaN of either sign (OCP E4M3, "fn"); f8_e5m2 is the upper half of an f16.
enum class DType : std::uint8_t { f64, f32, f16, bf16, i32, i64, f8_e4m3, f8_e5m2 };

inline constexpr std::array kRealTypes = {DType::f32, DType::f64, DType::f16, DType::bf16};
inline constexpr std::array kLabelTypes = {DType::i32, DType::i64};
/// How logits may be stored where only the value of their loss is wanted: see companion_type().
inline constexpr std::array kF8Types = {DType::f8_e4m3, DType::f8_e5m2};

constexpr std::size_t size_of(DType type) {
  switch (type) {
    case DType::f64: case DType::i64: return 8;
    case DType::f32: case DType::i32: return 4;
    case DType::f16: case DType::bf16: return 2;
    case DType::f8_e4m3: case DType::f8_e5m2: return 1;
  }
  return 0;
}

constexpr std::string_view name_of(DType type) {
  constexpr std::string_view names[] = {"f64", "f32", "f16", "bf16", "i32", "i64", "f8_e4m3", "f8_e5m2"};
  return names[static_cast<int>(type)];
}

constexpr bool is_real(DType type) { return type != DType::i32 && type != DType::i64; }
constexpr bool is_f8(DType type) { return type == DType::f8_e4m3 || type == DType::f8_e5m2; }

/// The type named `name` ("f32", "bf16", …), or nothing.
constexpr std::optional<DType> parse_dtype(std::string_view name) {
  for (DType type : {DType::f64, DType::f32, DType::f16, DType::bf16, DType::i32, DType::i64, DType::f8_e4m3, DType::f8_e5m2})
    if (name_of(type) == name) return type;
  return std::nullopt;
}

/// Names of several types, for messages.
template <std::size_t kCount>
constexpr std::array<std::string_view, kCount> names_of(const std::array<DType, kCount>& types) {
  std::array<std::string_view, kCount> names;
  for (std::size_t k = 0; k < kCount; ++k) names[k] = name_of(types[k]);
  return names;
}

/// Type of the other real arrays of a problem: its weights, its losses that are not reduced. f8 serves for logits alone.
constexpr DType companion_type(DType input) { return is_f8(input) ? DType::f32 : input; }

/// Type of a loss that has been reduced to a scalar: narrower inputs are summed and returned in f32.
constexpr DType reduced_type(DType input) { return input == DType::f64 ? DType::f64 : DType::f32; }

/// Unit roundoff u of the type: half the distance from 1 to the next number.
constexpr double unit_roundoff(DType type) {
  switch (type) {
    case DType::f64: return 0x1p-53;
    case DType::f32: return 0x1p-24;
    case DType::f16: return 0x1p-11;
    case DType::bf16: return 0x1p-8;
    case DType::f8_e4m3: return 0x1p-4;
    case DType::f8_e5m2: return 0x1p-3;
    default: return 0.0;
  }
}

/// Largest finite value of the type.
constexpr double largest(DType type) {
  switch (type) {
    case DType::f64: return 0x1.fffffffffffffp1023;
    case DType::f32: return 0x1.fffffep127;
    case DType::f16: return 65504.0;
    case DType::bf16: return 0x1.fep127;
    case DType::f8_e4m3: return 448.0;
    case DType::f8_e5m2: return 57344.0;
    default: return 0.0;
  }
}

/// Smallest positive (subnormal) value of the type: the absolute error floor of a stored result.
constexpr double smallest(DType type) {
  switch (type) {
    case DType::f64: return 0x1p-1074;
    case DType::f32: return 0x1p-149;
    case DType::f16: return 0x1p-24;
    case DType::bf16: return 0x1p-133;
    case DType::f8_e4m3: return 0x1p-9;
    case DType::f8_e5m2: return 0x1p-16;
    default: return 0.0;
  }
}

}  // namespace lossbench
