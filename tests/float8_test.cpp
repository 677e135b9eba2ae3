// f8 conversions: every code, every tie and neighbour of a tie, overflow.
//
// The check decodes codes by arithmetic (sign · fraction · 2^exponent), where the code under test goes by way of f16. Where the toolkit's
// header is there, its conversions are a second witness.
#include "core/float8.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#if __has_include(<cuda_fp8.h>)
#include <cuda_fp8.h>
#define HAS_TOOLKIT 1
#else
#define HAS_TOOLKIT 0
#endif

using namespace lossbench;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Format {
  const char* name;
  int fraction_bits;
  bool has_infinity;  ///< and NaNs behind it; else all ones is the one NaN
  float (*widen)(std::uint8_t);
  std::uint8_t (*narrow)(double);

  int exponent_bits() const { return 7 - fraction_bits; }
  int bias() const { return (1 << (exponent_bits() - 1)) - 1; }
  unsigned largest() const { return has_infinity ? (((1u << exponent_bits()) - 1) << fraction_bits) - 1 : 0x7e; }

  double decode(unsigned code) const {
    const unsigned magnitude = code & 0x7f, exponent = magnitude >> fraction_bits, fraction = magnitude & ((1u << fraction_bits) - 1);
    const double sign = code & 0x80 ? -1.0 : 1.0;
    if (magnitude > largest()) return has_infinity && magnitude == largest() + 1 ? sign * kInfinity : std::nan("");
    const unsigned hidden = exponent ? 1u << fraction_bits : 0;
    return sign * std::ldexp(double(fraction + hidden), int(exponent ? exponent : 1) - bias() - fraction_bits);
  }
};

const Format kE4m3{"e4m3", 3, false, from_e4m3_bits, to_e4m3_bits};
const Format kE5m2{"e5m2", 2, true, from_e5m2_bits, to_e5m2_bits};

class Float8 : public testing::TestWithParam<const Format*> {};

TEST_P(Float8, WidensEveryCodeExactly) {
  const Format& format = *GetParam();
  for (unsigned code = 0; code < 256; ++code) {
    const double expected = format.decode(code);
    const float got = format.widen(std::uint8_t(code));
    if (std::isnan(expected)) {
      EXPECT_TRUE(std::isnan(got)) << std::hex << code;
    } else {
      EXPECT_EQ(double(got), expected) << std::hex << code;
      EXPECT_EQ(std::signbit(got), code >= 0x80) << std::hex << code;
    }
  }
}

TEST_P(Float8, KnownNumbers) {
  const Format& format = *GetParam();
  const bool e4m3 = &format == &kE4m3;
  EXPECT_EQ(format.widen(std::uint8_t(format.largest())), e4m3 ? 448.0f : 57344.0f);
  EXPECT_EQ(format.widen(1), e4m3 ? 0x1p-9f : 0x1p-16f);
  EXPECT_EQ(format.widen(e4m3 ? 0x38 : 0x3c), 1.0f);
}

TEST_P(Float8, EveryNumberComesBack) {
  const Format& format = *GetParam();
  for (unsigned code = 0; code < 256; ++code) {
    const double value = format.decode(code);
    EXPECT_EQ(format.narrow(value), std::isnan(value) ? 0x7fu : code) << std::hex << code;
  }
}

TEST_P(Float8, RoundsToNearestEven) {
  const Format& format = *GetParam();
  for (const unsigned sign : {0u, 0x80u})
    for (unsigned code = 0; code <= format.largest(); ++code) {  // between each number and the next; the last is the overflow
      const double low = format.decode(code);
      const double high = code == format.largest() ? 2 * low - format.decode(code - 1) : format.decode(code + 1);
      const double middle = (low + high) / 2, s = sign ? -1.0 : 1.0;
      const auto expect = [&](double value, unsigned expected) {
        EXPECT_EQ(format.narrow(s * value), sign | expected) << std::hex << code << ' ' << value;
      };
      expect(middle, code % 2 ? code + 1 : code);
      expect(std::nextafter(middle, 0.0), code);
      expect(std::nextafter(middle, kInfinity), code + 1);
      expect(std::nextafter(low, kInfinity), code);
      expect(std::nextafter(high, 0.0), code + 1);
    }
}

/// e4m3 has no infinity to overflow to.
TEST_P(Float8, OverflowsAndUnderflows) {
  const Format& format = *GetParam();
  for (const double value : {1e5, std::numeric_limits<double>::max(), kInfinity}) {
    EXPECT_EQ(format.narrow(value), format.largest() + 1);
    EXPECT_EQ(format.narrow(-value), format.largest() + 0x81);
  }
  for (const double value : {0.0, 1e-300, std::numeric_limits<double>::denorm_min()}) {
    EXPECT_EQ(format.narrow(value), 0u);
    EXPECT_EQ(format.narrow(-value), 0x80u);
  }
}

#if HAS_TOOLKIT
TEST_P(Float8, TheToolkitAgrees) {
  const Format& format = *GetParam();
  const __nv_fp8_interpretation_t kind = &format == &kE4m3 ? __NV_E4M3 : __NV_E5M2;
  for (unsigned code = 0; code < 256; ++code) {
    const float theirs = from_f16_bits(static_cast<std::uint16_t>(__half_raw(__nv_cvt_fp8_to_halfraw(static_cast<__nv_fp8_storage_t>(code), kind)).x));
    const float ours = format.widen(std::uint8_t(code));
    EXPECT_TRUE(std::isnan(ours) ? std::isnan(theirs) : ours == theirs) << std::hex << code;
  }
  std::uint32_t bits = 0;  // a walk through all exponents and both signs, prime to 2^32
  for (int i = 0; i < 100'000; ++i, bits += 2'654'435'761u) {
    const double value = double(std::bit_cast<float>(bits));
    const unsigned ours = format.narrow(value), theirs = __nv_cvt_double_to_fp8(value, __NV_NOSAT, kind);
    if (std::isnan(format.decode(ours))) EXPECT_TRUE(std::isnan(format.decode(theirs))) << value;
    else EXPECT_EQ(ours, theirs) << value;
  }
}
#endif

INSTANTIATE_TEST_SUITE_P(Formats, Float8, testing::Values(&kE4m3, &kE5m2), [](const auto& test) { return test.param->name; });

}  // namespace
