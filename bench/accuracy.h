// Comparison of a result with the reference, and the bound it is held to. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bench/tensor.h"
#include "core/loss.h"
#include "core/variant.h"

namespace lossbench {

/// The accuracy that the specification asks of production variants, beside the derived bound.
struct Allowance {
  double relative = 0;     ///< times |reference|
  double of_largest = 0;   ///< times the largest finite |reference| of the array (gradients)
  double absolute = 0;
};

/// How far element j of an output may be from the reference r_j with condition c_j:
///
///   ulps·u·c_j             rounding of the terms and of their sum, in arithmetic of unit roundoff u
///   + 16·2^-53·c_j         the reference's own rounding, which matters only for f64
///   + underflows·s         each term may underflow, by at most the smallest number s of the arithmetic
///   + u_out·|r_j| + s_out  the result is stored in the output's type
///
/// and, for a production variant, no further than its allowance (but where the terms of a loss cancel: see RoundingModel).
struct Bound {
  double ulps = 0;
  double underflows = 0;
  DType arithmetic = DType::f32;
  DType output = DType::f32;
  std::optional<Allowance> allowance;

  double at(double reference, double condition, double largest_reference) const;
};

/// The bound of `variant` for one output of `problem`.
Bound bound_of(const Loss& loss, const Variant& variant, const Problem& problem, const NamedArray& output);

struct Comparison {
  std::int64_t count = 0;
  std::int64_t misses = 0;
  std::int64_t suspects = 0;  ///< NaNs of all one bits where NaN is expected: computed, or the poison outputs are filled with?
  std::int64_t worst = -1;    ///< element whose error is the largest multiple of its bound; of the misses, where there are any
  double actual = 0, expected = 0, error = 0, bound = 0;  ///< of that element
  double ratio = 0;           ///< error / bound there
  double ulps = 0;            ///< largest error in units in the last place of the largest finite |reference| of the array: near zero a gradient's
                              ///< own last place is so small that its multiple says nothing
  double relative = 0;        ///< largest |error / reference|, where the reference is not 0
  std::string fault;          ///< what is wrong about the worst element when it is a miss

  bool passed() const { return misses == 0; }
};

/// Holds every element to the bound. NaN must meet NaN and an infinity one of its sign, but a reference beyond the range of the
/// output's type may have become one. Outputs that nobody wrote are NaN (see BoundCall), so a miss where a number is expected;
/// where NaN is expected, an element that could be that filling is counted as suspect.
Comparison compare_result(const Tensor& actual, const WideArray& expected, const std::vector<double>& condition, const Bound& bound);

/// Distance from |x| to the next larger number of the type.
double unit_in_last_place(DType type, double x);

}  // namespace lossbench
