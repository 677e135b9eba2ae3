// What the tests of the reference compare with: formulas in long double, and their derivatives by finite differences.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace lossbench::test {

inline constexpr double kInf = std::numeric_limits<double>::infinity();
inline constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
inline constexpr double kU = 0x1p-53;  ///< unit roundoff of double

/// |actual - expected| <= bound; NaN fails, equal infinities pass.
inline testing::AssertionResult within(long double actual, long double expected, long double bound) {
  if (actual == expected) return testing::AssertionSuccess();
  const long double error = std::fabs(actual - expected);
  if (!(error <= bound))
    return testing::AssertionFailure() << static_cast<double>(actual) << " instead of " << static_cast<double>(expected)
                                       << ": error " << static_cast<double>(error) << ", bound " << static_cast<double>(bound);
  return testing::AssertionSuccess();
}

/// Within `ulps` roundings of the expected value itself.
inline testing::AssertionResult near(long double actual, long double expected, double ulps) {
  return within(actual, expected, ulps * kU * std::fabs(expected));
}

/// Derivative of `f` at x by the five-point rule, good to about 1e-13 of the size of f: its truncation is h⁴·f⁽⁵⁾/30 with
/// h = 2^-10, its rounding 2^-63·f/h. f must be smooth within 2h of x.
template <class F> long double slope(F f, long double x) {
  const long double h = 0x1p-10L;
  return (8 * (f(x + h) - f(x - h)) - (f(x + 2 * h) - f(x - 2 * h))) / (12 * h);
}

}  // namespace lossbench::test
