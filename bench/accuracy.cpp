#include "bench/accuracy.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>

#include "bench/parallel.h"
#include "registry/registry.h"

namespace lossbench {
namespace {

constexpr double kReferenceUlps = 16;

/// Arithmetic on 16-bit inputs is done in float; labels are counted exactly, in double or as integers.
DType arithmetic_of(DType element) {
  return element == DType::f64 || !is_real(element) ? DType::f64 : DType::f32;
}

Allowance allowance_of(DType output, bool gradient) {
  switch (output) {
    case DType::f64: return {1e-10, gradient ? 1e-12 : 0, 0};
    case DType::f32: return {1e-5, gradient ? 1e-6 : 0, gradient ? 0 : 1e-6};
    case DType::f16: return {0x1p-10, gradient ? 0x1p-10 : 0, 0};
    case DType::bf16: return {0x1p-7, gradient ? 0x1p-10 : 0, 0};
    default: return {};
  }
}

/// What is wrong about one element; empty when nothing is.
std::string_view fault_of(double actual, double expected, double error, double bound, DType type) {
  if (std::isnan(expected)) return std::isnan(actual) ? "" : "NaN expected";
  if (std::isinf(expected)) return actual == expected ? "" : "an infinity is expected";
  if (std::isinf(bound)) return "";  // a finite reference with an unbounded condition promises nothing
  if (std::isnan(actual)) return "NaN where a number is expected";
  if (std::isinf(actual)) {
    const bool sign = std::signbit(actual) == std::signbit(expected);
    return sign && std::fabs(expected) + bound > largest(type) ? "" : "infinite where a number is expected";
  }
  if (!std::isfinite(bound)) return "the reference gives no condition";
  return !(error <= bound) ? "error above bound" : "";
}

}  // namespace

double unit_in_last_place(DType type, double x) {
  if (!is_real(type)) return 1;
  if (!std::isfinite(x)) return std::numeric_limits<double>::quiet_NaN();
  if (x == 0) return smallest(type);
  return std::max(std::ldexp(2 * unit_roundoff(type), std::ilogb(x)), smallest(type));
}

double Bound::at(double reference, double condition, double largest_reference) const {
  const double size = std::fabs(reference);
  const double rounding = (ulps * unit_roundoff(arithmetic) + kReferenceUlps * unit_roundoff(DType::f64)) * condition;
  const double derived = rounding + underflows * smallest(arithmetic) + unit_roundoff(output) * size + smallest(output);
  // The allowance speaks of results whose terms were normal numbers; next to the smallest ones rounding is absolute.
  const double least_normal = smallest(arithmetic) / (2 * unit_roundoff(arithmetic));
  if (!allowance || std::isinf(derived) || size < least_normal / unit_roundoff(arithmetic)) return derived;
  const double allowed = allowance->relative * size + allowance->of_largest * largest_reference + allowance->absolute +
                         smallest(output);
  return std::isnan(derived) ? derived : std::min(derived, allowed);
}

Bound bound_of(const Loss& loss, const Variant& variant, const Problem& problem, const NamedArray& output) {
  const bool gradient = output.name != "loss", extra = gradient && !output.name.starts_with("grad_");
  const std::int64_t length = std::max<std::int64_t>(loss.sum_length ? loss.sum_length(problem) : 1, 1);
  const DType element = element_type(problem);
  const double terms = gradient ? loss.rounding.gradient_ulps : loss.rounding.value_ulps;
  Bound bound;
  bound.ulps = terms + (variant.sum_ulps ? variant.sum_ulps(length, element) : 0) + 3;
  bound.underflows = is_real(element) ? (terms + 1) * static_cast<double>(length) : 0;
  bound.arithmetic = arithmetic_of(element);
  bound.output = output.array.dtype;
  if (variant.production && is_real(bound.output) && !extra && !loss.rounding.cancels) bound.allowance = allowance_of(bound.output, gradient);
  return bound;
}

namespace {

double value_at(const WideArray& array, std::size_t j) {
  return array.is_label ? static_cast<double>(array.labels[j]) : array.values[j];
}

/// The arrays of one comparison.
struct Comparable {
  const Tensor& actual;
  const WideArray& wide;  ///< `actual` widened
  const WideArray& expected;
  const std::vector<double>& condition;
  const Bound& bound;
  double peak;            ///< largest finite |expected|
  double last_place;      ///< unit in the last place of that
};

/// Enters element `j` into `result`.
void compare_element(const Comparable& arrays, std::size_t j, Comparison& result) {
  const DType type = arrays.bound.output;
  const double x = value_at(arrays.wide, j), r = value_at(arrays.expected, j);
  const double limit = arrays.bound.at(r, arrays.condition[j], arrays.peak);
  const double error = std::fabs(x - r);
  const std::string_view fault = fault_of(x, r, error, limit, type);
  result.suspects += std::isnan(r) && arrays.actual.is_poison(static_cast<std::int64_t>(j));
  const bool finite = std::isfinite(error);
  const double ratio = !finite ? (fault.empty() ? 0.0 : std::numeric_limits<double>::infinity()) : error == 0 ? 0.0 : error / limit;
  if (finite && error != 0) {
    result.ulps = std::max(result.ulps, error / arrays.last_place);
    if (r != 0) result.relative = std::max(result.relative, error / std::fabs(r));
  }
  const bool first_miss = !fault.empty() && result.misses == 0;
  result.misses += !fault.empty();
  const bool comparable = !fault.empty() || result.misses == 0;  // once something missed, only misses are of interest
  if (!first_miss && !(comparable && (result.worst < 0 || ratio > result.ratio))) return;
  result.worst = static_cast<std::int64_t>(j);
  result.actual = x, result.expected = r, result.error = error, result.bound = limit, result.ratio = ratio;
  result.fault = fault;
}

/// Adds what was found in the part of the array that follows.
void join(Comparison& result, Comparison&& part) {
  const bool worse = part.worst >= 0 && (result.worst < 0 || (part.misses > 0) > (result.misses > 0) ||
                                         ((part.misses > 0) == (result.misses > 0) && part.ratio > result.ratio));
  part.count = result.count;
  part.misses += result.misses;
  part.suspects += result.suspects;
  part.ulps = std::max(part.ulps, result.ulps);
  part.relative = std::max(part.relative, result.relative);
  if (worse) {
    result = std::move(part);
  } else {
    result.misses = part.misses, result.suspects = part.suspects, result.ulps = part.ulps, result.relative = part.relative;
  }
}

}  // namespace

Comparison compare_result(const Tensor& actual, const WideArray& expected, const std::vector<double>& condition, const Bound& bound) {
  Comparison result;
  const WideArray wide = actual.widen();
  const std::size_t count = wide.is_label ? wide.labels.size() : wide.values.size();
  result.count = static_cast<std::int64_t>(count);
  if (expected.count() != result.count || condition.size() != count) {
    result.misses = 1;
    result.fault = "the reference has " + std::to_string(expected.count()) + " elements and " + std::to_string(condition.size()) +
                   " conditions, the result " + std::to_string(count);
    return result;
  }
  double peak = 0;
  for (std::size_t j = 0; j < count; ++j)
    if (const double size = std::fabs(value_at(expected, j)); std::isfinite(size)) peak = std::max(peak, size);

  const Comparable arrays{actual, wide, expected, condition, bound, peak, unit_in_last_place(bound.output, peak)};
  std::vector<Comparison> parts(static_cast<std::size_t>(parts_of(result.count)));
  parallel_parts(result.count, [&](std::int64_t part, std::int64_t begin, std::int64_t end) {
    for (std::int64_t j = begin; j < end; ++j) compare_element(arrays, static_cast<std::size_t>(j), parts[static_cast<std::size_t>(part)]);
  });
  for (Comparison& part : parts) join(result, std::move(part));
  return result;
}

}  // namespace lossbench
