// f16 and bf16 conversions: every 16-bit pattern, every tie and neighbour of a tie, subnormals and overflow.
//
// The check decodes patterns by arithmetic (sign · fraction · 2^exponent) and rounds by search among neighbours; it shares no
// bit manipulation with the code under test.
#include "core/float16.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

using namespace lossbench;

namespace {

struct Format {
  const char* name;
  int fraction_bits;
  int exponent_bits;
  std::uint16_t (*from_double)(double);
  std::uint16_t (*from_float)(float);
  float (*to_float)(std::uint16_t);

  int bias() const { return (1 << (exponent_bits - 1)) - 1; }
  unsigned infinity() const { return ((1u << exponent_bits) - 1) << fraction_bits; }

  double decode(unsigned bits) const {
    const unsigned exponent = (bits & 0x7fff) >> fraction_bits, fraction = bits & ((1u << fraction_bits) - 1);
    const double sign = bits & 0x8000 ? -1.0 : 1.0;
    if (exponent == (1u << exponent_bits) - 1) return fraction ? std::nan("") : sign * std::numeric_limits<double>::infinity();
    const int power = (exponent ? static_cast<int>(exponent) : 1) - bias() - fraction_bits;
    return sign * std::ldexp(static_cast<double>(fraction + (exponent ? 1u << fraction_bits : 0u)), power);
  }
};

const Format kF16{"f16", 10, 5, to_f16_bits, to_f16_bits, from_f16_bits};
const Format kBf16{"bf16", 7, 8, to_bf16_bits, to_bf16_bits, from_bf16_bits};

class Float16 : public testing::TestWithParam<const Format*> {};

TEST_P(Float16, WidensEveryPatternExactly) {
  const Format& format = *GetParam();
  for (unsigned bits = 0; bits < 0x10000; ++bits) {
    const double expected = format.decode(bits);
    const float got = format.to_float(static_cast<std::uint16_t>(bits));
    if (std::isnan(expected)) {
      EXPECT_TRUE(std::isnan(got)) << std::hex << bits;
    } else {
      EXPECT_EQ(static_cast<double>(got), expected) << std::hex << bits;
      EXPECT_EQ(std::signbit(got), (bits & 0x8000) != 0) << std::hex << bits;
    }
  }
}

TEST_P(Float16, EveryPatternComesBack) {
  const Format& format = *GetParam();
  for (unsigned bits = 0; bits < 0x10000; ++bits) {
    const double value = format.decode(bits);
    const unsigned expected = std::isnan(value) ? 0x7fffu : bits;  // one NaN, as CUDA has it
    EXPECT_EQ(format.from_double(value), expected) << std::hex << bits;
    EXPECT_EQ(format.from_float(static_cast<float>(value)), expected) << std::hex << bits;
  }
}

TEST_P(Float16, RoundsToNearestEven) {
  const Format& format = *GetParam();
  for (unsigned sign : {0u, 0x8000u}) {
    for (unsigned bits = 0; bits < format.infinity(); ++bits) {  // between each value and the next; the last is the overflow
      const unsigned next = bits + 1;
      const double low = format.decode(bits);
      const double high = next == format.infinity() ? 2 * low - format.decode(bits - 1) : format.decode(next);
      const double middle = (low + high) / 2;  // exact: one more bit
      const double s = sign ? -1.0 : 1.0;
      const auto expect = [&](double value, unsigned expected) {
        EXPECT_EQ(format.from_double(s * value), sign | expected) << std::hex << bits << ' ' << value;
      };
      expect(middle, bits % 2 ? next : bits);
      expect(std::nextafter(middle, 0.0), bits);
      expect(std::nextafter(middle, high), next);
      expect(std::nextafter(high, 0.0), next);
      expect(std::nextafter(low, high), bits);

      const float tie = static_cast<float>(middle);
      if (static_cast<double>(tie) == middle && tie != 0.0f) {
        const auto of_float = [&](float value) { return format.from_float(sign ? -value : value); };
        EXPECT_EQ(of_float(tie), sign | (bits % 2 ? next : bits)) << std::hex << bits;
        EXPECT_EQ(of_float(std::nextafter(tie, 0.0f)), sign | bits) << std::hex << bits;
        EXPECT_EQ(of_float(std::nextafter(tie, std::numeric_limits<float>::infinity())), sign | next) << std::hex << bits;
      }
    }
  }
}

TEST_P(Float16, OverflowsToInfinityAndUnderflowsToZero) {
  const Format& format = *GetParam();
  const unsigned infinity = format.infinity();
  const double largest = std::numeric_limits<double>::max(), inf = std::numeric_limits<double>::infinity();
  for (const double value : {largest, inf, std::ldexp(1.0, format.bias() + 1), 1e300}) {
    EXPECT_EQ(format.from_double(value), infinity);
    EXPECT_EQ(format.from_double(-value), infinity | 0x8000u);
  }
  const double least = format.decode(1);
  constexpr double kTiny = std::numeric_limits<double>::denorm_min(), kNormal = std::numeric_limits<double>::min();
  for (const double value : {0.0, kTiny, kNormal, least / 2, least / 1024}) {
    EXPECT_EQ(format.from_double(value), 0u);
    EXPECT_EQ(format.from_double(-value), 0x8000u);
  }
  EXPECT_EQ(format.from_double(std::nextafter(least / 2, 1.0)), 1u);
  EXPECT_EQ(format.from_double(-std::nan("")), 0x7fffu);
  EXPECT_EQ(format.from_float(std::numeric_limits<float>::signaling_NaN()), 0x7fffu);
}

TEST_P(Float16, RoundsOnceWhereTwoRoundingsDiffer) {
  const Format& format = *GetParam();
  // A tie plus less than half a unit in the last place of float: by way of float it would be the tie, and round down to even.
  const double value = 1.0 + std::ldexp(1.0, -format.fraction_bits - 1) + 0x1p-40;
  EXPECT_EQ(format.from_double(value), format.from_double(1.0) + 1u);
  EXPECT_EQ(format.from_float(static_cast<float>(value)), format.from_double(1.0));
}

TEST_P(Float16, FloatAndDoubleAgreeOnFloats) {
  const Format& format = *GetParam();
  std::uint32_t bits = 0;  // a walk through all exponents and both signs, prime to 2^32
  for (int i = 0; i < 2'000'000; ++i, bits += 2'654'435'761u) {
    const float value = std::bit_cast<float>(bits);
    EXPECT_EQ(format.from_float(value), format.from_double(static_cast<double>(value))) << std::hex << bits;
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, Float16, testing::Values(&kF16, &kBf16), [](const auto& test) { return test.param->name; });

}  // namespace
