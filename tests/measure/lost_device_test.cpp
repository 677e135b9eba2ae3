// A kernel that leaves its memory takes the device with it. What was measured before must be kept, who did it must be named, and those that
// come after must say that they were not run.
#include <gtest/gtest.h>

#include "bench/measure/runner.h"
#include "bench/run_context.h"
#include "registry/registry.h"
#include "tests/measure/fake_device.h"

namespace lossbench {
namespace {

void honest(const Problem& problem, Workspace, Stream stream) {
  const std::int64_t count = problem.inputs.front().array.count();
  fake_cuda::launch(stream, 8.0 * static_cast<double>(count) / 0.9e9, [problem, count] {
    static int turn = 0;
    fake_cuda::machine().now += 1e-7 * (turn++ % 7);  // what never varies is never visited again
    const float* const a = problem.input("input")->as<const float>();
    const float* const b = problem.input("target")->as<const float>();
    double sum = 0;
    for (std::int64_t i = 0; i < count; ++i) sum += (double(a[i]) - double(b[i])) * (double(a[i]) - double(b[i]));
    *problem.output("loss")->as<float>() = static_cast<float>(sum / static_cast<double>(count));
  });
}

int calls_until_it_leaves = 0;
void leaves_its_memory(const Problem& problem, Workspace workspace, Stream stream) {
  honest(problem, workspace, stream);
  fake_cuda::launch(stream, 1e-6, [] { fake_cuda::machine().lost = --calls_until_it_leaves < 0; });
}

Variant variant_of(const char* name, void (*run)(const Problem&, Workspace, Stream), int launches) {
  Variant variant{.name = name, .backend = Backend::cuda, .production = true, .sum_ulps = [](std::int64_t, DType) { return 1.0; }};
  variant.implementations.push_back({.loss = "l2", .rejects = [](const Problem&) { return std::string(); }, .run = run,
                                     .launches = launches == 1 ? [](const Problem&) { return 1; } : [](const Problem&) { return 2; }});
  return variant;
}

class LostDevice : public testing::Test {
 protected:
  void SetUp() override { fake_cuda::machine().memory_speed = 1e9; }
  void TearDown() override {
    fake_cuda::machine().lost = false;
    cudaGetLastError();
  }

  std::vector<CaseResult> run(const std::vector<std::pair<const Variant*, std::int64_t>>& wanted) {
    const Loss& loss = Registry::instance().loss("l2");
    std::vector<Case> cases;
    for (const auto& [variant, count] : wanted)
      cases.push_back({&loss, variant, Pass::forward, DType::f32, DType::f32, {count}, {"", Options(loss.options), {}}});
    return runner.run(cases);
  }

  const Variant good = variant_of("honest", honest, 1), bad = variant_of("leaves", leaves_its_memory, 2);
  std::function<void(double, double, const std::string&)> at = [](double, double, const std::string&) {};
  static Runner runner_with(std::function<void(double, double, const std::string&)> at) {
    Settings settings;
    settings.budget = 10;
    return {settings, {.at = std::move(at), .now = [] { return fake_cuda::machine().now; }}, [](Backend) -> Device& { return fake_cuda_device(); }};
  }
  Runner runner = runner_with([this](double done, double total, const std::string& what) { at(done, total, what); });
};

TEST_F(LostDevice, IsNamedAndWhatWasMeasuredBeforeStays) {
  calls_until_it_leaves = 0;
  const std::vector<CaseResult> results = run({{&good, 1 << 13}, {&good, 1 << 14}, {&bad, 1 << 14}, {&good, 1 << 14}, {&good, 1 << 15}});
  EXPECT_EQ(results[0].measurement.fault, "");
  EXPECT_GE(results[0].measurement.samples.size(), 30u);
  const std::string by = results[2].measurement.fault;
  EXPECT_NE(by.find("an illegal memory access was encountered"), std::string::npos) << by;
  EXPECT_NE(by.find(kLoses), std::string::npos) << by;
  EXPECT_FALSE(results[2].measurement.not_run);
  for (const std::size_t after : {1u, 3u, 4u}) {  // the first was made ready before, but not timed
    EXPECT_TRUE(results[after].measurement.not_run);
    EXPECT_EQ(results[after].measurement.fault, "not run, because the device was lost before: an illegal memory access was encountered");
  }
  EXPECT_NO_THROW(outcome_context(runner));  // what goes into the record beside the figures
}

/// The same at any moment: while it is checked, warmed up, timed in turns with memory, or checked again.
TEST_F(LostDevice, IsNamedWheneverItHappens) {
  int lost = 0;
  for (int calls = 0; calls < 2600; calls += 100) {
    calls_until_it_leaves = calls;
    Runner fresh = runner_with({});
    std::swap(runner, fresh);
    const std::vector<CaseResult> results = run({{&good, 1 << 13}, {&good, 1 << 14}, {&bad, 1 << 14}});
    EXPECT_EQ(results[0].measurement.fault, "");
    const Measurement &together = results[1].measurement, &by = results[2].measurement;
    EXPECT_TRUE(together.fault.empty() || together.not_run) << calls << " calls: " << together.fault;
    EXPECT_TRUE(by.fault.empty() || by.fault.find(kLoses) != std::string::npos) << calls << " calls: " << by.fault;
    lost += !by.fault.empty();
    TearDown();
  }
  EXPECT_GE(lost, 15);
}

/// The same while cases are visited again: their first figures stay.
TEST_F(LostDevice, InARevisitTakesNoFigureButItsOwn) {
  calls_until_it_leaves = 1 << 30;
  at = [](double, double, const std::string& what) {
    if (what.starts_with("again: l2/leaves/")) calls_until_it_leaves = 0;
  };
  const std::vector<CaseResult> results = run({{&good, 1 << 13}, {&bad, 1 << 14}, {&good, 1 << 14}});
  EXPECT_EQ(results[0].measurement.fault, "");
  EXPECT_EQ(results[2].measurement.fault, "");
  EXPECT_GE(results[0].measurement.samples.size(), 30u);
  EXPECT_NE(results[1].measurement.fault.find("when measured again: "), std::string::npos) << results[1].measurement.fault;
}

}  // namespace
}  // namespace lossbench
