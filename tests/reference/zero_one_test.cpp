// Zero-one decisions, their ties and their NaN.
#include "reference/zero_one.h"

#include <vector>

#include "tests/reference/check.h"

namespace lossbench::reference {
namespace {

using namespace lossbench::test;

TEST(ZeroOne, Labels) {
  EXPECT_EQ(zero_one_labels(3, 3), 0);
  EXPECT_EQ(zero_one_labels(-1, 3), 1);
  EXPECT_EQ(zero_one_labels(std::int64_t{1} << 53, (std::int64_t{1} << 53) + 1), 1);  // equal as doubles
}

TEST(ZeroOne, SignOfZeroIsMinusOne) {
  EXPECT_EQ(zero_one_sign(0.5, 1), 0);
  EXPECT_EQ(zero_one_sign(0.5, -1), 1);
  EXPECT_EQ(zero_one_sign(-1e-300, -1), 0);
  for (const double zero : {0.0, -0.0}) {
    EXPECT_EQ(zero_one_sign(zero, -1), 0);
    EXPECT_EQ(zero_one_sign(zero, 1), 1);
  }
  EXPECT_EQ(zero_one_sign(kInf, 1), 0);
  EXPECT_EQ(zero_one_sign(-kInf, 1), 1);
  EXPECT_TRUE(std::isnan(zero_one_sign(kNan, 1)));
  EXPECT_TRUE(std::isnan(zero_one_sign(kNan, -1)));
  EXPECT_TRUE(std::isnan(zero_one_sign(1, kNan)));
}

TEST(ZeroOne, ToleranceCountsEqualityAndNan) {
  EXPECT_EQ(zero_one_tolerance(1.25, 1, 0.5), 0);
  EXPECT_EQ(zero_one_tolerance(0.75, 1, 0.5), 0);
  EXPECT_EQ(zero_one_tolerance(1.5, 1, 0.5), 1);
  EXPECT_EQ(zero_one_tolerance(0.5, 1, 0.5), 1);
  EXPECT_EQ(zero_one_tolerance(kNan, 1, 0.5), 1);
  EXPECT_EQ(zero_one_tolerance(1, kNan, 0.5), 1);
  EXPECT_EQ(zero_one_tolerance(kInf, kInf, 0.5), 1);
}

TEST(ZeroOne, ArgmaxTakesTheLowestOfEqual) {
  const std::vector<double> tie = {1, 7, 7, 2};
  EXPECT_EQ(argmax(tie), 1);
  EXPECT_EQ(zero_one_argmax(tie, 1), 0);
  EXPECT_EQ(zero_one_argmax(tie, 2), 1);
  EXPECT_EQ(zero_one_argmax(std::vector<double>{-kInf, -kInf}, 0), 0);
  EXPECT_EQ(zero_one_argmax(std::vector<double>{-0.0, 0.0}, 0), 0);
  EXPECT_EQ(zero_one_argmax(std::vector<double>{-3}, 0), 0);
  EXPECT_EQ(zero_one_argmax(std::vector<double>{1, kInf, kInf}, 1), 0);
}

TEST(ZeroOne, NanInTheRow) {
  for (const std::vector<double>& row : {std::vector<double>{kNan, 1, 2}, {1, kNan, 2}, {3, 1, kNan}, {kNan, kNan, kNan}})
    for (const std::int64_t target : {0, 1, 2}) EXPECT_TRUE(std::isnan(zero_one_argmax(row, target)));
  EXPECT_EQ(argmax(std::vector<double>{kNan, 1, 2}), 2);
  EXPECT_EQ(argmax(std::vector<double>{3, kNan, 2}), 0);
  EXPECT_EQ(argmax(std::vector<double>{kNan, kNan}), 0);
}

TEST(ZeroOne, SubsetIsWrongWhenAnyLabelIs) {
  const std::vector<std::int64_t> a = {0, 1, 1}, first = {1, 1, 1}, last = {0, 1, 0};
  EXPECT_EQ(zero_one_subset(a, a), 0);
  EXPECT_EQ(zero_one_subset(a, first), 1);
  EXPECT_EQ(zero_one_subset(a, last), 1);
  EXPECT_EQ(zero_one_subset({}, {}), 0);
}

}  // namespace
}  // namespace lossbench::reference
