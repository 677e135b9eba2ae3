// The exponentials and logarithms of the vector contender, for every instruction set that this machine has, against those of the C
// library in double, over a sample of all floats.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "contenders/cpu/targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tests/simd_math_test.cpp"
#include "hwy/foreach_target.h"

#include "contenders/cpu/vector_math-inl.h"
#include "contenders/cpu/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lossbench::simd::HWY_NAMESPACE {
namespace {

void exp_array(const float* x, float* y, std::int64_t count) {
  for (std::int64_t i = 0; i < count; i += kLanes) hn::StoreU(exp(Floats(), load(x + i)), Floats(), y + i);
}
void log_array(const float* x, float* y, std::int64_t count) {
  for (std::int64_t i = 0; i < count; i += kLanes) hn::StoreU(log(Floats(), load(x + i)), Floats(), y + i);
}
void log_of_complement_array(const float* x, float* y, std::int64_t count) {
  for (std::int64_t i = 0; i < count; i += kLanes) hn::StoreU(log_of_complement(Floats(), load(x + i)), Floats(), y + i);
}
void log1p_array(const float* x, float* y, std::int64_t count) {
  for (std::int64_t i = 0; i < count; i += kLanes) hn::StoreU(log1p_of_unit(Floats(), load(x + i)), Floats(), y + i);
}
void bf16_array(const float* x, float* y, std::int64_t count) {
  std::vector<std::uint16_t> words(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; i += 2 * kLanes)
    store(load(x + i), load(x + i + kLanes), reinterpret_cast<BFloat16*>(words.data()) + i, false);
  for (std::int64_t i = 0; i < count; ++i) y[i] = words[static_cast<std::size_t>(i)];
}

}  // namespace
}  // namespace lossbench::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "core/float16.h"

namespace lossbench::simd {
namespace {

HWY_EXPORT(exp_array);
HWY_EXPORT(log_array);
HWY_EXPORT(log_of_complement_array);
HWY_EXPORT(log1p_array);
HWY_EXPORT(bf16_array);

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr std::uint32_t kStride = 4099;   // of the bit patterns looked at
constexpr std::size_t kMostLanes = 64;

/// Floats from `least` to `most`, both of one sign, and their ends; a whole number of vectors.
std::vector<float> sample(float least, float most) {
  std::vector<float> x;
  std::uint32_t from = std::bit_cast<std::uint32_t>(least), to = std::bit_cast<std::uint32_t>(most);
  if (from > to) std::swap(from, to);
  for (std::uint64_t bits = from; bits <= to; bits += kStride) x.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
  do x.push_back(std::bit_cast<float>(to)); while (x.size() % kMostLanes != 0);
  return x;
}

using Function = void (*)(const float*, float*, std::int64_t);

/// Largest error in units in the last place of the exact result.
double worst_ulps(Function function, double (*exact)(double), const std::vector<float>& x) {
  std::vector<float> y(x.size());
  function(x.data(), y.data(), static_cast<std::int64_t>(x.size()));
  double worst = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double want = exact(x[i]);
    if (static_cast<double>(y[i]) == want || (std::isnan(want) && std::isnan(y[i]))) continue;
    if (std::fabs(want) > std::numeric_limits<float>::max() && std::isinf(y[i])) continue;
    const double unit = std::ldexp(1.0, std::max(std::ilogb(want), -126) - 23);
    const double error = std::fabs(y[i] - want) / unit;
    if (!(error <= worst)) worst = error;
  }
  return worst;
}

/// Runs the test for each instruction set.
template <class Test>
void on_every_target(const Test& test) {
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    SCOPED_TRACE(hwy::TargetName(target));
    hwy::SetSupportedTargetsForTest(target);
    test();
    hwy::SetSupportedTargetsForTest(0);
  }
}

TEST(VectorMath, Exp) {
  on_every_target([] {
    for (const auto& [least, most] : {std::pair{0.0f, kInfinity}, {-0.0f, -kInfinity}}) {
      const double worst = worst_ulps(HWY_DYNAMIC_DISPATCH(exp_array), std::exp, sample(least, most));
      EXPECT_TRUE(worst <= 1.5) << worst;
    }
  });
}

TEST(VectorMath, Log) {
  on_every_target([] {
    const double worst = worst_ulps(HWY_DYNAMIC_DISPATCH(log_array), std::log, sample(0.0f, kInfinity));
    EXPECT_TRUE(worst <= 1.0) << worst;
    EXPECT_EQ(worst_ulps(HWY_DYNAMIC_DISPATCH(log_array), std::log, sample(-1e-45f, -kInfinity)), 0);  // NaN
  });
}

TEST(VectorMath, LogOfComplement) {
  on_every_target([] {
    const auto exact = [](double p) { return std::log1p(-p); };
    for (const auto& [least, most] : {std::pair{0.0f, 1.0f}, {-0.0f, -kInfinity}, {1.0f, kInfinity}}) {
      const double worst = worst_ulps(HWY_DYNAMIC_DISPATCH(log_of_complement_array), exact, sample(least, most));
      EXPECT_TRUE(worst <= 2.0) << worst;
    }
  });
}

TEST(VectorMath, Log1pOfTheUnitInterval) {
  on_every_target([] {
    const double worst = worst_ulps(HWY_DYNAMIC_DISPATCH(log1p_array), std::log1p, sample(0.0f, 1.0f));
    EXPECT_TRUE(worst <= 2.0) << worst;
  });
}

TEST(VectorMath, NanStaysNan) {
  on_every_target([] {
    for (const std::uint32_t bits : {0x7fc00000u, 0x7fffffffu, 0x7f800001u, 0xffc00000u, 0xffffffffu}) {
      const std::vector<float> x(kMostLanes, std::bit_cast<float>(bits));
      std::vector<float> y(x.size());
      for (const Function function : {HWY_DYNAMIC_DISPATCH(exp_array), HWY_DYNAMIC_DISPATCH(log_array),
                                      HWY_DYNAMIC_DISPATCH(log_of_complement_array), HWY_DYNAMIC_DISPATCH(log1p_array)}) {
        function(x.data(), y.data(), static_cast<std::int64_t>(x.size()));
        for (const float each : y) EXPECT_TRUE(std::isnan(each)) << std::hex << bits;
      }
    }
  });
}

TEST(VectorMath, RoundsToBf16AsScalarCodeDoes) {
  on_every_target([] {
    std::vector<float> x = sample(0.0f, std::bit_cast<float>(0x7fffffffu)), y(x.size());
    for (std::size_t i = 0; i < x.size(); i += 3) x[i] = -x[i];
    for (std::uint32_t i = 0; i < 64; ++i) x[i] = std::bit_cast<float>(0x3f800000u + (i << 14));  // ties
    HWY_DYNAMIC_DISPATCH(bf16_array)(x.data(), y.data(), static_cast<std::int64_t>(x.size()));
    for (std::size_t i = 0; i < x.size(); ++i) ASSERT_EQ(y[i], to_bf16_bits(x[i])) << x[i];
  });
}

}  // namespace
}  // namespace lossbench::simd
#endif
