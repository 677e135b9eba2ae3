// Records read back, and what is claimed of two of them.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "bench/compare/comparison.h"
#include "bench/compare/report.h"
#include "core/error.h"

namespace lossbench {
namespace {

constexpr const char* kName = "l2/thrust/cpu/forward/f32/1000";

/// As Google Benchmark 1.7.1 writes it: parts of its own in names, NaN bare, errors as `error_occurred`.
constexpr const char* kOldJson = R"({
  "context": {"device": "card", "num_cpus": 2, "note": "a \"NaN\" in words"},
  "benchmarks": [
    {"name": "x", "run_name": "l2/thrust/cpu/forward/f32/1000/iterations:1/repeats:2/manual_time",
     "run_type": "iteration", "real_time": 2.0, "time_unit": "us", "GB/s": 4.0, "odd": NaN, "revisit_ratio": 1.02},
    {"name": "x", "run_name": "l2/thrust/cpu/forward/f32/1000/iterations:1/repeats:2/manual_time",
     "run_type": "iteration", "real_time": 3.0, "time_unit": "us"},
    {"name": "x_mean", "run_name": "l2/thrust/cpu/forward/f32/1000/iterations:1/repeats:2/manual_time",
     "run_type": "aggregate", "real_time": -nan},
    {"name": "l1/fused/cuda/gradient/f32/7/half=true/manual_time", "run_type": "iteration", "error_occurred": true, "error_message": "wrong"}
  ]})";

TEST(ReadRecord, WhatGoogleBenchmarkWrites) {
  const Record record = parse_record(kOldJson, "old.json");
  ASSERT_EQ(record.cases.size(), 2u);
  EXPECT_EQ(record.cases[0].name, kName);
  EXPECT_EQ(record.cases[0].seconds, (std::vector<double>{2e-6, 3e-6}));
  EXPECT_EQ(record.cases[0].counter("GB/s"), 4);
  EXPECT_TRUE(std::isnan(record.cases[0].counter("odd")));
  EXPECT_EQ(record.cases[1].name, "l1/fused/cuda/gradient/f32/7/half=true");
  EXPECT_EQ(record.cases[1].fault, "wrong");
  EXPECT_EQ(record.about("device"), "card");
  EXPECT_EQ(record.about("note"), "a \"NaN\" in words");
  EXPECT_EQ(record.about("nothing"), "");
}

TEST(ReadRecord, NewerVersionsSaySkipped) {
  const Record record = parse_record(R"({"benchmarks": [{"name": "a/b/c/d/e/f", "skipped": "error", "skip_message": "why"}]})", "new.json");
  EXPECT_EQ(record.cases.front().fault, "why");
}

TEST(ReadRecord, BadFilesAreNamed) {
  EXPECT_THROW(parse_record("{", "torn.json"), InputError);
  EXPECT_THROW(parse_record("[]", "list.json"), InputError);
  EXPECT_THROW(parse_record(R"({"benchmarks": []})", "empty.json"), InputError);
  EXPECT_THROW(read_record("/nowhere.json"), InputError);
}

RecordedCase timed(std::vector<double> seconds, double revisit = 1.001, const char* name = kName) {
  return {name, std::move(seconds), {{"revisit_ratio", revisit}}, ""};
}

Change change_between(RecordedCase before, RecordedCase after, Claim claim = {}) {
  const Record a{"a.json", {}, {std::move(before)}}, b{"b.json", {}, {std::move(after)}};
  return compare_records(a, b, claim).cases.front().change;
}

const std::vector<double> kBase = {1.000, 1.001, 1.002, 1.003, 1.004, 0.999, 0.998, 0.997, 0.996};

std::vector<double> times(std::vector<double> seconds, double factor) {
  for (double& x : seconds) x *= factor;
  return seconds;
}

TEST(Compare, ClaimsWhatIsSignificantLargeAndAboveTheSpread) {
  EXPECT_EQ(change_between(timed(kBase), timed(times(kBase, 1.05))), Change::slower);
  EXPECT_EQ(change_between(timed(kBase), timed(times(kBase, 0.95))), Change::faster);
  EXPECT_EQ(change_between(timed(kBase), timed(kBase)), Change::none);
  EXPECT_EQ(change_between(timed(kBase), timed(times(kBase, 1.008))), Change::none) << "significant, but below 1 %";
  EXPECT_EQ(change_between(timed(kBase, 1.08), timed(times(kBase, 1.05))), Change::none) << "the case differs from itself by more";
  EXPECT_EQ(change_between(timed({1, 1.01, 1.02}), timed({2, 2.01, 2.02})), Change::none) << "three repetitions prove nothing";
  EXPECT_EQ(change_between(timed(kBase), timed(times(kBase, 1.05)), {.threshold = 0.1}), Change::none);
}

TEST(Compare, TheSpreadOfARunIsThatOfItsRevisitedCases) {
  const Record record{"a.json", {}, {timed(kBase, 1.03), timed(kBase, 0.9, "b"), {"c", kBase, {}, ""}}};
  EXPECT_NEAR(aa_spread(record), -std::log(0.9), 1e-12);
  EXPECT_EQ(aa_spread({"b.json", {}, {{"c", kBase, {}, ""}}}), 0);
}

/// A core that is shared for a whole run: the clock tells, and no difference that it may explain is claimed.
TEST(Compare, ASaggedClockExplainsMuch) {
  const auto at = [](double factor, double clock, const char* name = kName) {
    RecordedCase entry = timed(times(kBase, factor), 1.001, name);
    entry.counters["clock_MHz"] = clock;
    return entry;
  };
  EXPECT_EQ(change_between(at(1, 1780), at(1.05, 1770)), Change::slower) << "within the tolerance";
  EXPECT_EQ(change_between(at(1, 1780), at(1.5, 1250)), Change::none);
  EXPECT_EQ(change_between(at(1.5, 1250), at(1, 1780)), Change::none);
  EXPECT_EQ(change_between(at(1, 1780), at(2.2, 1250)), Change::slower) << "(1780 / 1250)² is 2.03";
  EXPECT_EQ(change_between(at(1, 1780), at(1.9, 1600)), Change::none) << "(1780 / 1600)² is 1.24, but sharing a core costs up to 2";
  EXPECT_EQ(change_between(at(1, std::nan("")), at(1.05, std::nan(""))), Change::slower) << "an unknown clock explains nothing";
  const Record quiet{"a.json", {}, {at(1, 1780)}}, shared{"b.json", {}, {at(1.5, 1250)}};
  EXPECT_NE(comparison_table(compare_records(quiet, shared, {}), quiet, shared).find("clock had sagged under 1 of 1"), std::string::npos);
  EXPECT_NE(comparison_json(compare_records(shared, quiet, {}), shared, quiet).find("\"clock_sagged\": true"), std::string::npos);
  EXPECT_EQ(comparison_table(compare_records(quiet, quiet, {}), quiet, quiet).find("sagged"), std::string::npos);
  const char* const on_gpu = "l2/fused/cuda/forward/f32/1000";
  EXPECT_EQ(change_between(at(1, 1780, on_gpu), at(1.5, 1600, on_gpu)), Change::slower);
  const Record a{"a.json", {}, {at(1, 1780), at(1, 5000, on_gpu)}}, b{"b.json", {}, {at(1.05, 1780), at(1, 5000, on_gpu)}};
  EXPECT_EQ(compare_records(a, b, {}).cases.front().change, Change::slower) << "another processor's clock says nothing";
  const Record here{"a.json", {{"cpu", "one"}}, {at(1, 1780)}}, there{"b.json", {{"cpu", "two"}}, {at(1.5, 1250)}};
  EXPECT_EQ(compare_records(here, there, {}).cases.front().change, Change::slower) << "nor that of another machine";
}

/// On the host a figure that was not found again may be that of half a core.
TEST(Compare, WhatWasSeenOnceProvesLittleOnTheHost) {
  const auto once = [](double factor, const char* name) { return RecordedCase{name, times(kBase, factor), {}, ""}; };
  const char* const on_gpu = "l2/fused/cuda/forward/f32/1000";
  EXPECT_EQ(change_between(timed(kBase), once(1.5, kName)), Change::none);
  EXPECT_EQ(change_between(once(1, kName), timed(times(kBase, 1.5))), Change::none);
  EXPECT_EQ(change_between(once(1, kName), once(2.1, kName)), Change::slower);
  EXPECT_EQ(change_between(once(1, on_gpu), once(1.5, on_gpu)), Change::slower);
}

RecordedCase counted(double bytes, double launches = 1) { return {kName, {0}, {{"emulated", 1}, {"counted_bytes", bytes}, {"launches", launches}}, ""}; }

TEST(Compare, CountsNeedNoStatistics) {
  EXPECT_EQ(change_between(counted(1000), counted(1001)), Change::more_bytes);
  EXPECT_EQ(change_between(counted(1000), counted(999)), Change::fewer_bytes);
  EXPECT_EQ(change_between(counted(1000), counted(1000, 2)), Change::more_bytes);
  EXPECT_EQ(change_between(counted(1000), counted(1000)), Change::none);
}

TEST(Compare, FailuresAndStrangers) {
  const RecordedCase failed{kName, {}, {}, "wrong"};
  EXPECT_EQ(change_between(timed(kBase), failed), Change::broken);
  EXPECT_EQ(change_between(failed, timed(kBase)), Change::fixed);
  EXPECT_EQ(change_between(failed, failed), Change::both_failed);
  const RecordComparison comparison = compare_records({"a.json", {}, {timed(kBase, 1, "x")}}, {"b.json", {}, {timed(kBase, 1, "y")}}, {});
  EXPECT_EQ(comparison.only_before, std::vector<std::string>{"x"});
  EXPECT_EQ(comparison.only_after, std::vector<std::string>{"y"});
  EXPECT_FALSE(comparison.regressed());
}

TEST(Compare, RunsThatCannotBeComparedAreRefusedByName) {
  const Record here{"a.json", {{"cpu", "one"}, {"flags", "-O2"}, {"mode", "steady"}}, {}};
  EXPECT_EQ(incomparable(here, here, {}), "");
  const Record there{"b.json", {{"cpu", "two"}, {"flags", "-O2"}, {"mode", "steady"}}, {}};
  EXPECT_NE(incomparable(here, there, {}).find("cpu is 'one' and 'two'"), std::string::npos);
  EXPECT_EQ(incomparable(here, there, {"device"}), "");
  const Record built{"c.json", {{"cpu", "one"}, {"flags", "-O3"}, {"mode", "steady"}}, {}};
  EXPECT_NE(incomparable(here, built, {"device"}).find("--across build"), std::string::npos);
  const Record cold{"d.json", {{"cpu", "one"}, {"flags", "-O2"}, {"mode", "single"}}, {}};
  EXPECT_NE(incomparable(here, cold, {"device", "build"}), "");
}

/// Two runs of the same program on a noisy GPU: within a run rounds are alike, between runs the machine has changed. The revisits of
/// some cases are what tells.
TEST(Compare, SameProgramOnANoisyMachine) {
  std::mt19937 random(11);
  std::normal_distribution<double> normal;
  const auto record = [&](const char* file, double slowdown) {
    Record run{file, {}, {}};
    for (int i = 0; i < 100; ++i) {
      RecordedCase entry{"l2/v" + std::to_string(i) + "/cuda/forward/f32/1000", {}, {}, ""};
      const double then = std::exp(0.03 * normal(random)), later = std::exp(0.03 * normal(random));
      for (int r = 0; r < 9; ++r) entry.seconds.push_back(slowdown * then * std::exp(0.005 * normal(random)));
      if (i % 8 == 0) entry.counters["revisit_ratio"] = later / then;
      run.cases.push_back(std::move(entry));
    }
    return run;
  };
  const Record a = record("a.json", 1), b = record("b.json", 1), slower = record("c.json", 1.25);
  EXPECT_GE(compare_records(a, b, {}).count(Change::none), 90);
  const auto unvisited = [](Record run) {
    for (RecordedCase& entry : run.cases) entry.counters.erase("revisit_ratio");
    return run;
  };
  EXPECT_LE(compare_records(unvisited(a), unvisited(b), {}).count(Change::none), 60) << "without the A/A spread the same runs differ";
  EXPECT_GE(compare_records(a, slower, {}).count(Change::slower), 95);
}

TEST(CompareReport, SaysWhatChanged) {
  const Record a{"a.json", {{"commit", "aaa"}}, {timed(kBase), timed(kBase, 1.001, "same")}};
  const Record b{"b.json", {{"commit", "bbb"}}, {timed(times(kBase, 1.1)), timed(kBase, 1.001, "same")}};
  const RecordComparison comparison = compare_records(a, b, {});
  EXPECT_EQ(comparison_summary(comparison, a, b), "1 slower, 1 no difference");
  EXPECT_NE(comparison_table(comparison, a, b).find("+10.0 %"), std::string::npos);
  EXPECT_NE(comparison_markdown(comparison, a, b).find("**slower**"), std::string::npos);
  EXPECT_NE(comparison_json(comparison, a, b).find("\"regressed\": true"), std::string::npos);
}

}  // namespace
}  // namespace lossbench
