// Comparison with the reference: what passes, what misses, and the bound itself.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "bench/accuracy.h"

namespace lossbench {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN(), kInf = std::numeric_limits<double>::infinity();

WideArray wide(std::vector<double> values) {
  WideArray array;
  array.shape = {static_cast<std::int64_t>(values.size())};
  array.values = std::move(values);
  return array;
}

/// Compares with 4 ulps of rounding, condition |expected|.
Comparison compare(const std::vector<double>& actual, const std::vector<double>& expected, DType type = DType::f32) {
  std::vector<double> condition;
  for (double x : expected) condition.push_back(std::fabs(x));
  Bound bound;
  bound.ulps = 4;
  bound.arithmetic = type == DType::f64 ? DType::f64 : DType::f32;
  bound.output = type;
  return compare_result(Tensor::narrow("x", type, wide(actual)), wide(expected), condition, bound);
}

TEST(CompareResult, EqualPasses) {
  const Comparison result = compare({1, -2, 0}, {1, -2, 0});
  EXPECT_TRUE(result.passed());
  EXPECT_EQ(result.count, 3);
  EXPECT_EQ(result.error, 0);
}

TEST(CompareResult, EmptyPasses) { EXPECT_TRUE(compare({}, {}).passed()); }

TEST(CompareResult, WithinAndBeyondTheBound) {
  // 4 u of arithmetic and u of storage, u = 2^-24: 5u·|x|, and next to nothing.
  EXPECT_TRUE(compare({1 + 4 * 0x1p-24}, {1}).passed());
  const Comparison miss = compare({1, 1 + 6 * 0x1p-24, 1}, {1, 1, 1});
  EXPECT_EQ(miss.misses, 1);
  EXPECT_EQ(miss.worst, 1);
  EXPECT_GT(miss.ratio, 1);
  EXPECT_LT(miss.ratio, 1.25);
  EXPECT_EQ(miss.ulps, 3);  // units in the last place of 1 are 2u
  EXPECT_EQ(miss.fault, "error above bound");
}

TEST(CompareResult, UlpsAreOfTheLargestReference) {
  // 2^-30 off where the reference is 2^-60: a billion of its own last places, and a 2^-7-th of the last place of 1, which is 2^-23.
  EXPECT_EQ(compare({1, 0x1p-30}, {1, 0x1p-60}).ulps, (0x1p-30 - 0x1p-60) / 0x1p-23);
  EXPECT_EQ(compare({kInf, 1 + 0x1p-22}, {kInf, 1}).ulps, 2);
}

TEST(CompareResult, NanMeetsOnlyNan) {
  EXPECT_TRUE(compare({kNan}, {kNan}).passed());
  EXPECT_FALSE(compare({kNan}, {1}).passed());
  EXPECT_FALSE(compare({1}, {kNan}).passed());
  EXPECT_FALSE(compare({kInf}, {kNan}).passed());
}

TEST(CompareResult, InfinityMeetsItsOwnSign) {
  EXPECT_TRUE(compare({kInf, -kInf}, {kInf, -kInf}).passed());
  EXPECT_FALSE(compare({-kInf}, {kInf}).passed());
  EXPECT_FALSE(compare({kInf}, {1}).passed());
  EXPECT_FALSE(compare({3e38}, {kInf}).passed());
}

TEST(CompareResult, ReferenceBeyondTheRangeMayBeInfinite) {
  EXPECT_TRUE(compare({kInf}, {1e39}).passed());
  EXPECT_FALSE(compare({-kInf}, {1e39}).passed());
  EXPECT_TRUE(compare({kInf}, {70000}, DType::f16).passed());
  EXPECT_FALSE(compare({kInf}, {60000}, DType::f16).passed());
}

TEST(CompareResult, PoisonIsNanAndSuspectWhereNanIsExpected) {
  Tensor poison = Tensor::make("x", DType::f32, {3});
  std::fill(poison.bytes.begin() + 4, poison.bytes.end(), std::byte{0xFF});
  const Comparison result = compare_result(poison, wide({0, kNan, 1}), {0, kNan, 1}, Bound{});
  EXPECT_EQ(result.misses, 1);
  EXPECT_EQ(result.worst, 2);
  EXPECT_EQ(result.suspects, 1);
  EXPECT_EQ(compare({kNan}, {kNan}).suspects, 0);
}

TEST(CompareResult, AMissOutranksALargerRatioThatPassed) {
  const Comparison result = compare({1 + 4 * 0x1p-24, kNan, 1 + 4 * 0x1p-24}, {1, 1, 1});
  EXPECT_EQ(result.misses, 1);
  EXPECT_EQ(result.worst, 1);
}

TEST(CompareResult, SizesMustAgree) {
  EXPECT_FALSE(compare({1, 2}, {1}).passed());
  EXPECT_FALSE(compare_result(Tensor::narrow("x", DType::f32, wide({1})), wide({1}), {}, Bound{}).passed());
}

TEST(CompareResult, ConditionWidensTheBound) {
  Bound bound;
  bound.ulps = 4;
  const Tensor actual = Tensor::narrow("x", DType::f32, wide({1 + 0x1p-18}));
  EXPECT_FALSE(compare_result(actual, wide({1}), {1}, bound).passed());
  EXPECT_TRUE(compare_result(actual, wide({1}), {100}, bound).passed());
}

TEST(CompareResult, ANanConditionIsNoExcuse) {
  EXPECT_FALSE(compare_result(Tensor::narrow("x", DType::f32, wide({1})), wide({1}), {kNan}, Bound{}).passed());
}

TEST(CompareResult, AnInfiniteConditionPromisesNothing) {
  EXPECT_TRUE(compare_result(Tensor::narrow("x", DType::f32, wide({5})), wide({1}), {kInf}, Bound{}).passed());
}

TEST(CompareResult, LabelsAreExact) {
  WideArray one;
  one.shape = {1};
  one.labels = {3};
  one.is_label = true;
  Bound bound;
  bound.arithmetic = DType::f64;
  bound.output = DType::i32;
  EXPECT_TRUE(compare_result(Tensor::narrow("x", DType::i32, one), wide({3}), {3}, bound).passed());
  EXPECT_FALSE(compare_result(Tensor::narrow("x", DType::i32, one), wide({4}), {4}, bound).passed());
}

TEST(Bound, TermByTerm) {
  Bound bound;
  bound.ulps = 10;
  bound.underflows = 3;
  const double expected = 10 * 0x1p-24 * 8 + 16 * 0x1p-53 * 8 + 3 * 0x1p-149 + 0x1p-24 * 2 + 0x1p-149;
  EXPECT_DOUBLE_EQ(bound.at(-2, 8, 0), expected);
}

TEST(Bound, AllowanceOnlyTightens) {
  Bound bound;
  bound.ulps = 1e6;
  bound.allowance = Allowance{1e-5, 0, 1e-6};
  EXPECT_NEAR(bound.at(2, 2, 0), 2.1e-5, 1e-12);
  bound.ulps = 1;
  EXPECT_LT(bound.at(2, 2, 0), 1e-6);
  bound.ulps = 1e6;
  bound.allowance = Allowance{0, 1e-3, 0};
  EXPECT_NEAR(bound.at(1, 5, 7), 7e-3, 1e-9);
}

TEST(Bound, AllowanceDoesNotSpeakOfTheSmallestNumbers) {
  Bound bound;
  bound.ulps = 10;
  bound.allowance = Allowance{1e-5, 0, 0};
  EXPECT_GT(bound.at(0x1p-140, 0x1p-120, 0), 0x1p-142);
}

TEST(UnitInLastPlace, OfEachType) {
  EXPECT_EQ(unit_in_last_place(DType::f32, 1), 0x1p-23);
  EXPECT_EQ(unit_in_last_place(DType::f32, -3), 0x1p-22);
  EXPECT_EQ(unit_in_last_place(DType::f64, 1), 0x1p-52);
  EXPECT_EQ(unit_in_last_place(DType::f16, 1024), 1);
  EXPECT_EQ(unit_in_last_place(DType::bf16, 256), 2);
  EXPECT_EQ(unit_in_last_place(DType::f32, 0), 0x1p-149);
  EXPECT_EQ(unit_in_last_place(DType::f16, 0x1p-24), 0x1p-24);
}

}  // namespace
}  // namespace lossbench
