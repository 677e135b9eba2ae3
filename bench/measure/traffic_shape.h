// The shape of a case's traffic, which decides the ceiling that it is held against.
#pragma once

#include <array>
#include <string_view>

#include "core/loss.h"

namespace lossbench {

enum class TrafficShape { read, read2, copy, read2_write };  ///< 1R, 2R, 1R+1W, 2R+1W: arrays of equal size

inline constexpr std::array kTrafficShapes = {TrafficShape::read, TrafficShape::read2, TrafficShape::copy, TrafficShape::read2_write};

constexpr std::string_view name_of(TrafficShape shape) {
  constexpr std::string_view names[] = {"1R", "2R", "1R+1W", "2R+1W"};
  return names[static_cast<int>(shape)];
}
constexpr int reads_of(TrafficShape shape) { return shape == TrafficShape::read || shape == TrafficShape::copy ? 1 : 2; }
constexpr int arrays_of(TrafficShape shape) { return reads_of(shape) + (shape == TrafficShape::copy || shape == TrafficShape::read2_write); }
constexpr bool writes(TrafficShape shape) { return arrays_of(shape) > reads_of(shape); }

/// The shape nearest to a contract: it writes where at least a twentieth of the bytes are written; it reads two arrays where the
/// second largest array read has at least a quarter of the bytes of the largest.
TrafficShape traffic_shape(const Contract& contract);

}  // namespace lossbench
