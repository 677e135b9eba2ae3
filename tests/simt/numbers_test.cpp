// Number types and intrinsics of the emulator, inside kernels. (The conversions themselves: tests/float16_test.cpp.)
#include <cmath>

#include "simt/float8.h"
#include "tests/simt/support.h"

using namespace simt_test;
using simt::Global;

namespace {

template <class T>
__global__ void round_trip(Global<const T> in, Global<T> out) {
  const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  const simt::Vec<T, 4> values = simt::load<4>(in, i * 4);
  simt::Vec<T, 4> back;
  for (int k = 0; k < 4; ++k) back[k] = simt::from_float<T>(2.0f * simt::to_float(values[k]));
  simt::store(out, i * 4, back);
}

template <class T>
void expect_doubled() {
  DeviceArray<T> in("in", 128), out("out", 128);
  for (int i = 0; i < 128; ++i) in[i] = simt::from_float<T>(static_cast<float>(i) * 0.25f - 16.0f);
  simt::launch({"round_trip", 1, 32}, round_trip<T>, in.input(), out.handle());
  for (int i = 0; i < 128; ++i) EXPECT_EQ(simt::to_float(out[i]), static_cast<float>(i) * 0.5f - 32.0f);
}

TEST(Numbers, TravelThroughKernels) {
  expect_doubled<float>();
  expect_doubled<simt::half>();
  expect_doubled<simt::bfloat16>();
}

template <class T>
__global__ void widen(Global<const T> in, Global<float> out) {
  const simt::Vec<T, 16> values = simt::load<16>(in, threadIdx.x * 16);
  for (int k = 0; k < 16; ++k) simt::store(out, threadIdx.x * 16 + k, simt::to_float(values[k]));
}

/// What every code of an f8 stands for, by its definition; all but the NaNs, which are what `is_nan` says.
template <class T, class IsNan>
void expect_widened(int fraction_bits, int bias, IsNan is_nan) {
  DeviceArray<T> in("in", 256);
  DeviceArray<float> out("out", 256);
  for (int code = 0; code < 256; ++code) in[code] = T{static_cast<std::uint8_t>(code)};
  simt::launch({"widen", 1, 16}, widen<T>, in.input(), out.handle());
  for (int code = 0; code < 256; ++code) {
    const int exponent = (code & 0x7f) >> fraction_bits, fraction = code & ((1 << fraction_bits) - 1);
    const double size = std::ldexp((exponent ? 1 << fraction_bits : 0) + fraction, std::max(exponent, 1) - bias - fraction_bits);
    const double number = exponent == 31 ? HUGE_VAL : size;  // which only e5m2 has
    EXPECT_TRUE(is_nan(code & 0x7f) ? std::isnan(out[code]) : out[code] == (code & 0x80 ? -number : number)) << code << ": " << out[code];
  }
}

TEST(Numbers, EveryF8CodeTravelsSixteenAtATime) {
  expect_widened<simt::float8_e4m3>(3, 7, [](int magnitude) { return magnitude == 0x7f; });
  expect_widened<simt::float8_e5m2>(2, 15, [](int magnitude) { return magnitude > 0x7c; });
}

TEST(Numbers, RoundOnceFromDouble) {
  // Above the middle of two neighbours by less than a float can tell: rounding to float first would make it a tie, and go down.
  EXPECT_EQ(simt::from_float<simt::half>(1.0 + 0x1p-11 + 0x1p-40).bits, 0x3c01);
  EXPECT_EQ(simt::from_float<simt::bfloat16>(1.0 + 0x1p-8 + 0x1p-40).bits, 0x3f81);
  EXPECT_EQ(simt::from_float<float>(0.1), 0.1f);
  EXPECT_EQ(simt::from_float<double>(0.1f), static_cast<double>(0.1f));
}

__global__ void shuffle_halves(Global<const simt::half> in, Global<simt::half> out) {
  simt::store(out, threadIdx.x, __shfl_down_sync(0xffffffffu, simt::load(in, threadIdx.x), 1));
}

TEST(Numbers, OfTwoBytesCanBeShuffled) {
  DeviceArray<simt::half> in("in", 32), out("out", 32);
  for (int i = 0; i < 32; ++i) in[i] = simt::from_float<simt::half>(static_cast<float>(i));
  simt::launch({"shuffle_halves", 1, 32}, shuffle_halves, in.input(), out.handle());
  for (int i = 0; i < 32; ++i) EXPECT_EQ(simt::to_float(out[i]), static_cast<float>(std::min(i + 1, 31)));
}

TEST(Intrinsics, RoundAsTheirNamesSay) {
  const float a = 1.0f + 0x1p-12f, b = 1.0f + 0x1p-23f;
  volatile float product = a * a;
  EXPECT_EQ(__fmaf_rn(a, a, -1.0f), 0x1p-11f + 0x1p-24f);
  EXPECT_EQ(__fadd_rn(__fmul_rn(a, a), -1.0f), product - 1.0f);
  EXPECT_NE(__fmaf_rn(a, a, -1.0f), __fadd_rn(__fmul_rn(a, a), -1.0f));
  EXPECT_EQ(__fdiv_rn(b, 3.0f), b / 3.0f);
  EXPECT_EQ(__fma_rn(0.1, 10.0, -1.0), std::fma(0.1, 10.0, -1.0));
}

TEST(Intrinsics, CountBits) {
  EXPECT_EQ(__popc(0xf0f00001u), 9);
  EXPECT_EQ(__popcll(~0ull), 64);
  EXPECT_EQ(__clz(1), 31);
  EXPECT_EQ(__clz(0), 32);
  EXPECT_EQ(__clzll(1), 63);
  EXPECT_EQ(__ffs(0x10), 5);
  EXPECT_EQ(__ffs(0), 0);
  EXPECT_EQ(__float_as_uint(1.0f), 0x3f800000u);
  EXPECT_EQ(__uint_as_float(0x40000000u), 2.0f);
  EXPECT_EQ(__float_as_int(-0.0f), static_cast<int>(0x80000000u));
  EXPECT_EQ(__longlong_as_double(__double_as_longlong(3.25)), 3.25);
}

TEST(Intrinsics, ApproximateOnesAreTheAccurateOnesHere) {
  EXPECT_EQ(__expf(0.5f), std::exp(0.5f));
  EXPECT_EQ(__logf(3.0f), std::log(3.0f));
  EXPECT_EQ(__powf(2.0f, 3.0f), 8.0f);
  EXPECT_EQ(rsqrtf(4.0f), 0.5f);
}

}  // namespace
