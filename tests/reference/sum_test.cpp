// Accurate summation, against exact integer sums.
#include "reference/sum.h"

#include <cstdint>
#include <random>
#include <vector>

#include "tests/reference/check.h"

namespace lossbench::reference {
namespace {

using namespace lossbench::test;

double sum_of(const std::vector<double>& terms) {
  Sum sum;
  for (const double term : terms) sum.add(term);
  return sum.value();
}

// Terms of full 53-bit precision in [1, 2) as integers over 2^52, so that their sum is known exactly.
TEST(Sum, TenMillionTermsToTheLastDigits) {
  std::mt19937_64 random(7);
  Sum sum;
  unsigned __int128 exact = 0;
  for (int i = 0; i < 10'000'000; ++i) {
    const std::uint64_t bits = (std::uint64_t{1} << 52) | (random() >> 12);
    exact += bits;
    sum.add(std::ldexp(static_cast<double>(bits), -52));
  }
  EXPECT_TRUE(near(sum.value(), std::ldexp(static_cast<long double>(exact), -52), 8));
}

// Equal terms that are not exact in binary: roundings of a plain running sum all go the same way.
TEST(Sum, EqualTerms) {
  Sum sum;
  for (int i = 0; i < 10'000'000; ++i) sum.add(0.1);
  EXPECT_TRUE(near(sum.value(), 10'000'000 * static_cast<long double>(0.1), 8));
}

TEST(Sum, LargeTermsCancel) {
  std::vector<double> terms(64 * 100);
  for (std::size_t i = 0; i < terms.size(); ++i) terms[i] = i % 128 < 64 ? 1e15 : -1e15;
  for (int i = 0; i < 64; ++i) terms.push_back(0.25);
  EXPECT_EQ(sum_of(terms), 16);
}

TEST(Sum, SmallTermsBesideALargeOne) {
  std::vector<double> terms = {1e17};
  for (int i = 0; i < 63; ++i) terms.push_back(0);
  for (int i = 0; i < 64'000; ++i) terms.push_back(0.125);
  for (int i = 0; i < 63; ++i) terms.push_back(0);
  terms.push_back(-1e17);
  EXPECT_EQ(sum_of(terms), 8'000);
}

// The compensation must be taken from whichever of total and term is the smaller.
TEST(Sum, ALargeTermAfterSmallOnes) {
  std::vector<double> terms(64, 0.125);
  for (const double large : {1e17, -1e17}) {
    terms.push_back(large);
    for (int i = 0; i < 63; ++i) terms.push_back(0);
  }
  EXPECT_EQ(sum_of(terms), 8);
}

TEST(Sum, LengthsAroundABlock) {
  for (const int n : {0, 1, 2, 31, 63, 64, 65, 127, 128, 129, 1000}) {
    Sum one_by_one;
    std::vector<double> terms;
    for (int i = 1; i <= n; ++i) {
      terms.push_back(i);
      one_by_one.add(i);
      EXPECT_EQ(one_by_one.value(), 0.5 * i * (i + 1)) << n;  // asking in between changes nothing
    }
    for (const std::size_t head : {0, 1, 5, 64}) {
      if (head > terms.size()) continue;
      Sum in_spans;
      in_spans.add(std::span(terms).first(head));
      in_spans.add(std::span(terms).subspan(head));
      EXPECT_EQ(in_spans.value(), 0.5 * n * (n + 1)) << n << " from " << head;
    }
  }
}

TEST(Sum, SpanAndSingleTermsAgreeBitForBit) {
  std::mt19937 random(3);
  std::normal_distribution<double> normal;
  std::vector<double> terms(1003);
  for (double& term : terms) term = normal(random);
  Sum spans;
  spans.add(std::span(terms).first(70));
  spans.add(std::span(terms).subspan(70, 1));
  spans.add(std::span(terms).subspan(71));
  EXPECT_EQ(spans.value(), sum_of(terms));
}

// Whether the special term sits in a full block or in the rest, and whether finite terms follow it.
TEST(Sum, InfinityAndNan) {
  for (const std::size_t n : {1, 64, 65, 300}) {
    for (const std::size_t at : {std::size_t{0}, n / 2, n - 1}) {
      std::vector<double> terms(n, 1.5);
      for (const double special : {kInf, -kInf}) {
        terms[at] = special;
        EXPECT_EQ(sum_of(terms), special) << n << " " << at;
      }
      terms[at] = kNan;
      EXPECT_TRUE(std::isnan(sum_of(terms))) << n << " " << at;
    }
  }
  std::vector<double> both(200, 0);
  both[10] = kInf;
  both[150] = -kInf;
  EXPECT_TRUE(std::isnan(sum_of(both)));
  both[150] = kInf;
  EXPECT_EQ(sum_of(both), kInf);
}

}  // namespace
}  // namespace lossbench::reference
