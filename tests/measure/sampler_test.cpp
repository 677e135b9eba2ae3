// Sampler, stop rule and clock check on made-up clocks: quiet, noisy, drifting, throttled, preempted.
#include "bench/measure/sampler.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "bench/measure/statistics.h"
#include "bench/measure/stop_rule.h"

namespace lossbench {
namespace {

constexpr SamplerSettings kNoWarmUp = {.warm_up_seconds = 0, .longest_warm_up = 0};

TEST(Sampler, SamplesAreTimePerCall) {
  ClockCheck clock;
  Sampler sampler([] { return Timing{2e-3, 2e-3, 0, false}; }, 8, kNoWarmUp, clock);
  sampler.round(3);
  sampler.round(2);
  ASSERT_EQ(sampler.samples().size(), 5u);
  EXPECT_DOUBLE_EQ(sampler.samples()[0].seconds, 2.5e-4);
  EXPECT_EQ(sampler.samples()[2].round, 0);
  EXPECT_EQ(sampler.samples()[4].round, 1);
  EXPECT_DOUBLE_EQ(sampler.spent(), 1e-2);
}

TEST(Sampler, WarmsUpUntilTheClockSettles) {
  double now = 0;
  // An idle card: a sixth of its clock, rising for half a second.
  const auto speed = [&] { return std::min(1.98e9, 0.33e9 + now * 4e9); };
  ClockCheck clock;
  Sampler sampler([&] { return now += 0.01, Timing{0.01, 0.01, speed(), false}; }, 1,
                  {.warm_up_seconds = 0.2, .longest_warm_up = 5}, clock);
  sampler.warm_up();
  EXPECT_GE(speed(), 1.9e9);
  EXPECT_LE(now, 0.6);
}

TEST(Sampler, AnUnknownClockEndsWarmUpByTime) {
  double now = 0;
  ClockCheck clock;
  Sampler sampler([&] { return now += 0.01, Timing{0.01, 0.01, 0, false}; }, 1, {.warm_up_seconds = 0.2, .longest_warm_up = 5}, clock);
  sampler.warm_up();
  EXPECT_NEAR(now, 0.2, 0.011);
}

TEST(Sampler, AClockThatNeverSettlesDoesNotHoldItForever) {
  int reading = 0;
  ClockCheck clock;
  Sampler sampler([&] { return Timing{0.01, 0.01, ++reading % 2 ? 1e9 : 2e9, false}; }, 1, {.warm_up_seconds = 0.2, .longest_warm_up = 1}, clock);
  sampler.warm_up();
  EXPECT_NEAR(sampler.spent(), 1, 0.02);
}

TEST(Sampler, ThrottledSamplesAreFlaggedAndKept) {
  int taken = 0;
  // Every third sample runs at four fifths of the clock, and takes longer for it.
  ClockCheck clock;
  Sampler sampler([&] { return ++taken % 3 == 0 ? Timing{1.25e-3, 1.25e-3, 1.6e9, false} : Timing{1e-3, 1e-3, 2e9, false}; }, 1, kNoWarmUp, clock);
  sampler.round(14);
  int throttled = 0;
  for (const Sample& sample : sampler.samples()) throttled += sample.throttled;
  EXPECT_EQ(sampler.samples().size(), 14u);
  EXPECT_EQ(throttled, 4);
  EXPECT_DOUBLE_EQ(median(seconds_of(sampler.samples())), 1e-3);
}

/// A host whose core is shared half of the time: readings of the clock come close to the highest then too, but not quite there.
TEST(Sampler, OnAHostALittleLackTellsOfASharedCore) {
  int taken = 0;
  const auto work = [&] { return ++taken % 2 == 0 ? Timing{1.3e-3, 1.3e-3, 3.215e9, false} : Timing{1e-3, 1e-3, 3.238e9, false}; };
  ClockCheck host(ClockCheck::host_top), card;
  Sampler on_host(work, 1, kNoWarmUp, host), on_card(work, 1, kNoWarmUp, card);
  for (Sampler* sampler : {&on_host, &on_card})
    for (int round = 0; round < 6; ++round) sampler->round(10);
  EXPECT_EQ(spotless_count(on_host.samples()), 30u);
  EXPECT_DOUBLE_EQ(repetition_medians(on_host.samples(), 1).front(), 1e-3);
  EXPECT_EQ(clean_count(on_host.samples()), on_host.samples().size());
  EXPECT_EQ(spotless_count(on_card.samples()), 60u);
}

/// A clock that has come down for good: what is within the tolerance then counts.
TEST(Sampler, WhereFewAreSpotlessTheCleanOnesCount) {
  int taken = 0;
  ClockCheck host(ClockCheck::host_top);
  Sampler sampler([&] { return Timing{1e-3, 1e-3, ++taken < 3 ? 3.3e9 : 3.25e9, false}; }, 1, kNoWarmUp, host);
  for (int round = 0; round < 9; ++round) sampler.round(3);
  EXPECT_EQ(seconds_of(sampler.samples()).size(), 27u);
}

TEST(Sampler, WhereMostAreDisturbedAllCount) {
  int taken = 0;
  ClockCheck clock;
  Sampler sampler([&] { return Timing{1e-3 * ++taken, 1e-3, 0, taken > 1}; }, 1, kNoWarmUp, clock);
  sampler.round(6);
  EXPECT_EQ(seconds_of(sampler.samples()).size(), 6u);
}

TEST(Sampler, ARoundEndsWithItsTime) {
  ClockCheck clock;
  Sampler sampler([] { return Timing{1e-3, 1e-3, 0, true}; }, 1, kNoWarmUp, clock);
  sampler.round(5, 2.5e-3);
  EXPECT_EQ(sampler.samples().size(), 3u);
  sampler.round(5, 0);
  EXPECT_EQ(sampler.samples().size(), 4u) << "one is always taken";
}

TEST(Sampler, TheFastestStretchIsTheSample) {
  const double seconds[] = {3e-3, 1e-3, 2e-3, 7e-3, 5e-3, 6e-3};
  int taken = 0;
  ClockCheck clock;
  Sampler sampler([&] { return Timing{seconds[taken++], 8e-3, 0, false}; }, 2, {.warm_up_seconds = 0, .longest_warm_up = 0, .stretches = 3}, clock);
  sampler.round(2);
  ASSERT_EQ(sampler.samples().size(), 2u);
  EXPECT_DOUBLE_EQ(sampler.samples()[0].seconds, 0.5e-3);
  EXPECT_DOUBLE_EQ(sampler.samples()[1].seconds, 2.5e-3);
  EXPECT_DOUBLE_EQ(sampler.spent(), 6 * 8e-3) << "all that was waited for";
  EXPECT_DOUBLE_EQ(sampler.device_seconds(), 6e-3);
}

TEST(Sampler, AClockThatSaggedBeforeTheFirstSampleIsFoundOut) {
  ClockCheck clock;
  Sampler earlier([] { return Timing{1e-3, 1e-3, 2e9, false}; }, 1, kNoWarmUp, clock);
  earlier.round(1);
  Sampler later([] { return Timing{1.25e-3, 1.25e-3, 1.6e9, false}; }, 1, kNoWarmUp, clock);
  later.round(1);
  EXPECT_FALSE(enough_clean(later.samples()));
}

TEST(Samples, RepetitionMedians) {
  const std::vector<Sample> samples = {{.seconds = 1}, {.seconds = 3}, {.seconds = 2}, {.seconds = 9, .disturbed = true}, {.seconds = 5},
                                       {.seconds = 20}, {.seconds = 6}};
  EXPECT_EQ(repetition_medians(samples, 2), (std::vector<double>{2, 6}));  // 1 3 2, 5 20 6
  EXPECT_EQ(repetition_medians(samples, 9).size(), 6u);
}

/// Visits of nine samples each that took so long; those of a visit at 0 were all disturbed.
std::vector<Sample> visits(const std::vector<double>& seconds) {
  std::vector<Sample> samples;
  for (std::size_t visit = 0; visit < seconds.size(); ++visit)
    for (int i = 0; i < 9; ++i)
      samples.push_back({.seconds = std::max(seconds[visit], 1.0), .visit = static_cast<int>(visit), .disturbed = seconds[visit] == 0});
  return samples;
}

TEST(Samples, ACaseIsFoundAgainOrNot) {
  EXPECT_EQ(found_again(visits({})), 0);
  EXPECT_EQ(found_again(visits({2})), 0) << "one visit";
  EXPECT_EQ(found_again(visits({2, 0})), 0) << "one clean visit";
  EXPECT_DOUBLE_EQ(found_again(visits({2, 2.2})), 1.1);
  EXPECT_DOUBLE_EQ(found_again(visits({0, 4, 0, 3})), 0.75) << "from the first clean one";
  EXPECT_DOUBLE_EQ(found_again(visits({2, 2.02, 3, 2})), 1.01) << "one of several that was off";
  EXPECT_DOUBLE_EQ(found_again(visits({3, 2, 2, 2.1})), 2.0 / 3) << "the first was";
  std::vector<Sample> few = visits({2, 3});
  for (std::size_t i = 9; i < 14; ++i) few[i].throttled = true;
  EXPECT_EQ(found_again(few), 0) << "four clean samples of nine";
}

/// Samples that `rule` needs in noise of that size, at 1 ms each.
std::size_t samples_needed(const StopRule& rule, double noise, Verdict& verdict, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal(1, noise);
  std::vector<double> samples;
  do samples.push_back(normal(random));
  while ((verdict = rule.judge(samples, 1e-3 * static_cast<double>(samples.size()))) == Verdict::more);
  return samples.size();
}

TEST(StopRule, QuietCasesStopAtTheLeastNoisyOnesGoOn) {
  Verdict verdict{};
  EXPECT_EQ(samples_needed({}, 0.001, verdict, 1), 30u);
  EXPECT_EQ(verdict, Verdict::converged);
  // 1.57·IQR/√N <= 0.5 % with an IQR of 1.35·2 % is N = 72.
  const std::size_t noisy = samples_needed({}, 0.02, verdict, 1);
  EXPECT_EQ(verdict, Verdict::converged);
  EXPECT_GT(noisy, 35u);
  EXPECT_LT(noisy, 150u);
  EXPECT_EQ(samples_needed({}, 0.3, verdict, 1), 2000u);
  EXPECT_EQ(verdict, Verdict::out_of_time);
}

TEST(StopRule, OneCallLongerThanAllTheTimeIsOneSample) {
  EXPECT_EQ((StopRule{}.judge({3.0}, 3.0)), Verdict::out_of_time);
}

/// What convergence promises: the median of a converged case is within a percent of the truth.
TEST(StopRule, AConvergedMedianIsRight) {
  int far = 0;
  for (std::uint32_t seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    std::lognormal_distribution<double> noise(0, 0.03);
    std::vector<double> samples;
    do samples.push_back(noise(random));
    while (StopRule{}.judge(samples, 0) == Verdict::more);
    far += std::fabs(median(samples) - 1) > 0.01;
  }
  EXPECT_LE(far, 4);
}

/// Half of the time everything takes three times as long. Of the medians, one lies in the quiet rounds and the other in the loud ones, since
/// `b` has twice as many samples in those; each round by itself says 0.8.
TEST(Samples, RatioByRoundsIsThatOfTheSameMoments) {
  std::vector<Sample> a, b;
  for (int round = 0; round < 9; ++round) {
    const double slowness = round % 2 ? 3 : 1;
    for (int i = 0; i < 4; ++i) a.push_back({.seconds = 1.0 * slowness, .round = round});
    for (int i = 0; i < (round % 2 ? 8 : 2); ++i) b.push_back({.seconds = 0.8 * slowness, .round = round});
  }
  b.push_back({.seconds = 77, .round = 9});  // `a` took no part in that one
  EXPECT_NEAR(ratio_by_rounds(a, b), 0.8, 1e-12);
  EXPECT_GT(median(seconds_of(b)) / median(seconds_of(a)), 2);
  EXPECT_TRUE(std::isnan(ratio_by_rounds(a, {})));
}

}  // namespace
}  // namespace lossbench
