// Validation at sizes where the scalar reference takes too long: against a kernel in double precision that has just been held to it.
#pragma once

#include <cstdint>
#include <vector>

#include "bench/selection.h"
#include "bench/validation.h"

namespace lossbench {

/// For every loss selected and each backend that works here: the first step of the ladder that computes in f64 goes through the inputs of
/// `validate` in f64. Where it misses nothing, it is the reference for the production variants in f32, f16 and bf16, at the selection's
/// shapes or else the longest that `run` takes: the same rounded inputs, widened. It knows no condition, so results are held to the
/// accuracy that the specification asks of production variants at any length, and variants that promise less are skipped. Throws InputError.
/// The longest of some shapes that has up to `most` elements; the shortest where all have more.
Shape longest_shape(std::vector<Shape> shapes, std::int64_t most);

std::vector<ValidationLine> validate_by_device_reference(const Selection& selection, std::uint64_t seed, const ValidationEvents& events);

}  // namespace lossbench
