// A run ends when it said it would, whatever the machine does, and soon after it is asked to.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "bench/measure/runner.h"
#include "registry/registry.h"
#include "tests/measure/fake_host.h"

namespace lossbench {
namespace {

constexpr double kSecondsPerValue = 3e-8;  // what inputs and references take on the fake host, half of it each
FakeHost* host = nullptr;

/// Mean of squared differences, at half of what memory does.
void honest(const Problem& problem, Workspace, Stream) {
  const std::int64_t count = problem.inputs.front().array.count();
  const float* const a = problem.input("input")->as<const float>();
  const float* const b = problem.input("target")->as<const float>();
  double sum = 0;
  for (std::int64_t i = 0; i < count; ++i) sum += (double(a[i]) - double(b[i])) * (double(a[i]) - double(b[i]));
  *problem.output("loss")->as<float>() = static_cast<float>(sum / static_cast<double>(count));
  host->work(8.0 * static_cast<double>(count) / (0.5 * host->memory_speed));
}

/// Any number that is not the next: what a machine that is shared does to whatever runs on it.
double anything(double now) { return std::fmod(std::fabs(std::sin(now * 12345.678) * 43758.5453), 1.0); }

struct Ending {
  std::vector<CaseResult> results;
  std::vector<std::string> dropped;
  double announced = 0, seconds = 0, after_stop = 0;
};

class RunEnds : public testing::Test {
 protected:
  void SetUp() override {
    host = &machine;
    loss = Registry::instance().loss("l2");
    loss.reference = [](const WideProblem& problem) {
      WideResult result = Registry::instance().loss("l2").reference(problem);
      host->work(2 * kSecondsPerValue * static_cast<double>(problem.inputs.begin()->second.count()));
      return result;
    };
    fast = variant("fast", Backend::cpu), slow = variant("slow", Backend::cpu), scalar = variant("scalar", Backend::scalar);
  }

  static Variant variant(const char* name, Backend backend) {
    Variant variant{.name = name, .backend = backend, .production = true, .sum_ulps = [](std::int64_t, DType) { return 1.0; }};
    variant.implementations.push_back({.loss = "l2", .rejects = [](const Problem&) { return std::string(); }, .run = honest});
    return variant;
  }

  /// Two shapes of three cases each.
  std::vector<Case> cases(std::int64_t count) {
    std::vector<Case> cases;
    for (const std::int64_t own : {count, 2 * count})
      for (const Variant* one : {&scalar, &fast, &slow})
        cases.push_back({&loss, one, Pass::forward, DType::f32, DType::f32, {own}, {"", Options(loss.options), {}}});
    return cases;
  }

  Ending run(const std::vector<Case>& wanted, const Settings& settings = {}, double stop_after = std::numeric_limits<double>::infinity()) {
    Ending ending;
    const double start = machine.now(), stop = start + stop_after;
    Runner runner(settings, {.stopped = [&] { return machine.now() >= stop; },
                             .announce = [&](std::size_t, double seconds) { ending.announced = seconds; },
                             .now = [&] { return machine.now(); }},
                  [&](Backend) -> Device& { return machine; });
    ending.results = runner.run(wanted);
    ending.dropped = runner.dropped();
    ending.seconds = machine.now() - start;
    ending.after_stop = machine.now() - stop;
    return ending;
  }

  void expect_as_announced(const Ending& ending) {
    EXPECT_NEAR(ending.seconds, ending.announced, ending.announced / 3);
    for (const CaseResult& result : ending.results) {
      EXPECT_EQ(result.measurement.fault, "") << result.entry.name();
      EXPECT_FALSE(result.measurement.samples.empty());
    }
  }

  FakeHost machine;
  Loss loss;
  Variant fast, slow, scalar;
};

TEST_F(RunEnds, OnAQuietMachine) {
  const Ending ending = run(cases(5000));
  EXPECT_EQ(ending.results.size(), 6u);
  EXPECT_LE(ending.seconds, 3 * 6 + 5);
  expect_as_announced(ending);
  for (const CaseResult& result : ending.results) EXPECT_NEAR(result.measurement.revisit, 1, 0.01) << "measured again";
}

/// No sample is ever clean: the probe's clock has sagged, never twice alike, and everything takes up to three times as long as the last time.
TEST_F(RunEnds, OnAMachineThatIsNeverQuiet) {
  int looks = 0;
  machine.clock = [&](double now) { return ++looks < 3 ? 3e9 : 3e9 * (0.5 + 0.3 * anything(now)); };
  machine.slowness = [](double now) { return 1 + 2 * anything(now); };
  machine.disturbs = [](double) { return true; };
  for (const std::int64_t count : {1000, 20000, 100000}) {
    const Ending ending = run(cases(count));
    EXPECT_EQ(ending.results.size(), 6u);
    EXPECT_LE(ending.seconds, 3 * 6 + 5) << count;
    expect_as_announced(ending);
  }
}

TEST_F(RunEnds, WithPatienceItTakesThatMuchLonger) {
  machine.disturbs = [](double) { return true; };
  Settings settings;
  settings.patience = 2;
  const Ending ending = run(cases(5000), settings);
  EXPECT_GT(ending.seconds, 6 * 2);
  EXPECT_LE(ending.seconds, (3 + 2) * 6 + 5);
  expect_as_announced(ending);
}

TEST_F(RunEnds, WithItsBudget) {
  for (const double slowness : {1.0, 2.0}) {
    machine.slowness = [=](double) { return slowness; };
    Settings settings;
    settings.budget = 12;
    const Ending ending = run(cases(5000), settings);
    EXPECT_LE(ending.seconds, 12);
    expect_as_announced(ending);
  }
}

/// Data that take longer to make than the cases are given: it says so.
TEST_F(RunEnds, LaterWhereDataTakeLonger) {
  machine.memory_speed = 10e9;
  machine.slowness = [](double) { return 40.0; };
  const Ending ending = run(cases(2000000));
  EXPECT_GT(ending.seconds, 3 * 6 + 5);
  expect_as_announced(ending);
}

/// Groups of twelve, which take far longer than it may take to end.
TEST_F(RunEnds, SoonWhenAskedToAtAnyMoment) {
  machine.slowness = [](double now) { return 1 + 2 * anything(now); };
  std::vector<Case> many;
  for (const Case& one : cases(20000)) many.insert(many.end(), 4, one);
  std::size_t most = 0;
  for (double stop = 0; stop < 40; stop += 3.7) {
    const Ending ending = run(many, {}, stop);
    EXPECT_LE(ending.after_stop, 2) << stop;
    EXPECT_EQ(ending.results.size() + ending.dropped.size(), many.size());
    most = std::max(most, ending.results.size());
    for (const CaseResult& result : ending.results) EXPECT_EQ(result.measurement.fault, "");
  }
  EXPECT_EQ(most, many.size());
}

}  // namespace
}  // namespace lossbench
