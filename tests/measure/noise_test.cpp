// What a run says of the machine's noise.
#include "bench/measure/noise.h"

#include <gtest/gtest.h>

namespace lossbench {
namespace {

CaseResult with(std::vector<Sample> samples) {
  CaseResult result;
  result.measurement.samples = std::move(samples);
  return result;
}

TEST(Noise, SharesOfAllSamples) {
  const Sample clean{.seconds = 1}, disturbed{.seconds = 2, .disturbed = true}, throttled{.seconds = 2, .throttled = true};
  const Sample both{.seconds = 3, .disturbed = true, .throttled = true};
  const Noise noise = noise_of({with({clean, clean, clean, clean}), with({}), with({disturbed, throttled, throttled, both})});
  EXPECT_EQ(noise.cases, 2u);
  EXPECT_EQ(noise.samples, 8u);
  EXPECT_DOUBLE_EQ(noise.clean, 0.5);
  EXPECT_DOUBLE_EQ(noise.disturbed, 0.25);
  EXPECT_DOUBLE_EQ(noise.throttled, 0.375);
  EXPECT_GT(noise.uncertainty, 0);
}

TEST(Noise, OfNothingIsNone) {
  EXPECT_EQ(noise_of({}).samples, 0u);
  EXPECT_EQ(noise_of({with({})}).clean, 1);
}

}  // namespace
}  // namespace lossbench
