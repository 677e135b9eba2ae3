// Variants that try to fool the measurement, on the CUDA device over its fake runtime. Each computes the mean of squared differences as
// an honest variant does, but for one thing; each must be refused, for that thing.
#include <gtest/gtest.h>

#include <algorithm>

#include <atomic>
#include <cmath>
#include <functional>
#include <map>
#include <thread>

#include "bench/measure/group.h"
#include "bench/measure/runner.h"
#include "registry/registry.h"
#include "tests/measure/fake_device.h"

namespace lossbench {
namespace {

constexpr std::int64_t kCount = 1 << 13;  // 64 KiB a set; the fake card has as much cache, so that four sets rotate

// What a launch takes on the fake card when it moves its bytes at nine tenths of what memory does.
double honest_seconds() { return 8.0 * kCount / (0.9 * fake_cuda::machine().memory_speed); }

float mean_of_squares(const Problem& problem, std::int64_t count) {
  const float* const a = problem.input("input")->as<const float>();
  const float* const b = problem.input("target")->as<const float>();
  double sum = 0;
  for (std::int64_t i = 0; i < count; ++i) sum += (double(a[i]) - double(b[i])) * (double(a[i]) - double(b[i]));
  return static_cast<float>(sum / static_cast<double>(count));
}

float* loss_of(const Problem& problem) { return problem.output("loss")->as<float>(); }

void honest(const Problem& problem, Workspace, Stream stream) {
  fake_cuda::launch(stream, honest_seconds(), [problem] { *loss_of(problem) = mean_of_squares(problem, kCount); });
}

void writes_nothing(const Problem&, Workspace, Stream stream) { fake_cuda::launch(stream, honest_seconds(), [] {}); }

void reads_a_quarter(const Problem& problem, Workspace, Stream stream) {
  fake_cuda::launch(stream, honest_seconds() / 4, [problem] { *loss_of(problem) = mean_of_squares(problem, kCount / 4); });
}

int calls_made = 0;
void skips_every_other_call(const Problem& problem, Workspace workspace, Stream stream) {
  if (calls_made++ % 2 == 0 || calls_made < 8) honest(problem, workspace, stream);  // behaves until the gate has passed it
}

void skips_work_while_timed(const Problem& problem, Workspace, Stream stream) {
  fake_cuda::launch(stream, honest_seconds(), [problem] {
    if (!fake_cuda::machine().between_events) *loss_of(problem) = mean_of_squares(problem, kCount);
  });
}

/// Takes its time only where it sees that the output is poisoned, so somebody will look.
void works_only_on_poison(const Problem& problem, Workspace, Stream stream) {
  fake_cuda::launch(stream, honest_seconds() / 10, [problem] {
    if (std::isnan(*loss_of(problem))) *loss_of(problem) = mean_of_squares(problem, kCount);
  });
}

std::map<const void*, float>& remembered() {
  static std::map<const void*, float> results;
  return results;
}
void replays_old_results(const Problem& problem, Workspace, Stream stream) {
  fake_cuda::launch(stream, honest_seconds(), [problem] {
    const auto [entry, is_new] = remembered().try_emplace(problem.input("input")->data, 0.f);
    if (is_new) entry->second = mean_of_squares(problem, kCount);
    *loss_of(problem) = entry->second;
  });
}

std::vector<std::jthread>& late_writers() {
  static std::vector<std::jthread> threads;
  return threads;
}
void writes_late(const Problem& problem, Workspace, Stream stream) {
  fake_cuda::launch(stream, honest_seconds(), [problem] {
    const float value = mean_of_squares(problem, kCount);
    late_writers().emplace_back([value, to = loss_of(problem)] {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      std::atomic_ref<float>(*to).store(value);
    });
  });
}

void leaves_a_stale_accumulator(const Problem& problem, Workspace, Stream stream) {
  fake_cuda::launch(stream, honest_seconds(), [problem] { *loss_of(problem) += mean_of_squares(problem, kCount); });
}

void leaves_its_workspace_full(const Problem& problem, Workspace workspace, Stream stream) {
  fake_cuda::launch(stream, honest_seconds(), [problem, workspace] {
    float* const total = static_cast<float*>(workspace.data);
    *loss_of(problem) = *total += mean_of_squares(problem, kCount);
  });
}

void changes_its_input(const Problem& problem, Workspace, Stream stream) {
  fake_cuda::launch(stream, honest_seconds(), [problem] {
    *loss_of(problem) = mean_of_squares(problem, kCount);
    problem.input("input")->as<float>()[kCount - 1] += 1;
  });
}

void writes_past_its_output(const Problem& problem, Workspace, Stream stream) {
  fake_cuda::launch(stream, honest_seconds(), [problem] { loss_of(problem)[0] = loss_of(problem)[1] = mean_of_squares(problem, kCount); });
}

/// All that the gate sees is right; but no memory is that fast.
void faster_than_memory(const Problem& problem, Workspace, Stream stream) {
  fake_cuda::launch(stream, honest_seconds() / 4, [problem] { *loss_of(problem) = mean_of_squares(problem, kCount); });
}

void launches_twice(const Problem& problem, Workspace workspace, Stream stream) {
  fake_cuda::launch(stream, honest_seconds(), [] {});
  honest(problem, workspace, stream);
}

void waits_for_the_device(const Problem& problem, Workspace workspace, Stream stream) {
  honest(problem, workspace, stream);
  fake_cuda_device().finish();
}

using Run = void (*)(const Problem&, Workspace, Stream);

Measurement measure(Run run, const std::function<void(Ceilings&)>& earlier = {}, std::int64_t elements = kCount) {
  calls_made = 0;
  fake_cuda::machine().memory_speed = 1e9;
  remembered().clear();
  Variant variant{.name = "suspect", .backend = Backend::cuda, .production = true, .sum_ulps = [](std::int64_t, DType) { return 1.0; }};
  variant.implementations.push_back({.loss = "l2", .rejects = [](const Problem&) { return std::string(); },
                                     .workspace_bytes = [](const Problem&) { return std::size_t{4}; }, .run = run,
                                     .launches = [](const Problem&) { return 1; }});
  const Loss& loss = Registry::instance().loss("l2");
  const Case entry{&loss, &variant, Pass::forward, DType::f32, DType::f32, {elements}, {"", Options(loss.options), {}}};
  CeilingsOfDevices ceilings;
  if (earlier) earlier(ceilings.of(fake_cuda_device()));
  Measurement result = measure_group({entry}, Settings{}, ceilings, [](Backend) -> Device& { return fake_cuda_device(); }).front();
  late_writers().clear();
  return result;
}

void expect_refused(Run run, const std::string& for_what) {
  const Measurement result = measure(run);
  EXPECT_NE(result.fault.find(for_what), std::string::npos) << (result.fault.empty() ? "it was let through" : result.fault);
  EXPECT_TRUE(result.samples.empty()) << "a refused case must not keep figures";
}

TEST(Cheats, AnHonestVariantIsLetThrough) {
  const Measurement result = measure(honest);
  EXPECT_EQ(result.fault, "");
  EXPECT_GE(result.samples.size(), 30u);
  EXPECT_NEAR(result.share_of_ceiling(), 0.9, 0.01);
  EXPECT_NEAR(result.seconds(), honest_seconds(), 0.01 * honest_seconds());
  EXPECT_FALSE(result.caveats.not_converged || result.caveats.drift || result.caveats.throttled || result.caveats.cached);
  EXPECT_EQ(result.sets, 4);
}

TEST(Cheats, WritesNothing) { expect_refused(writes_nothing, "nothing was written to loss"); }
TEST(Cheats, ReadsAQuarter) { expect_refused(reads_a_quarter, "expected"); }
TEST(Cheats, SkipsEveryOtherCall) { expect_refused(skips_every_other_call, "it skips work"); }
TEST(Cheats, SkipsWorkWhileTimed) { expect_refused(skips_work_while_timed, "nothing was written to loss while it was timed"); }
TEST(Cheats, WorksOnlyOnPoison) { expect_refused(works_only_on_poison, "in the 2R ceiling"); }
TEST(Cheats, ReplaysOldResults) { expect_refused(replays_old_results, "replays an old result"); }
TEST(Cheats, WritesLate) { expect_refused(writes_late, "written after the call had finished"); }
TEST(Cheats, LeavesAStaleAccumulator) { expect_refused(leaves_a_stale_accumulator, "a stale accumulator"); }
TEST(Cheats, LeavesItsWorkspaceFull) { expect_refused(leaves_its_workspace_full, "something of the earlier call is left"); }
TEST(Cheats, ChangesItsInput) { expect_refused(changes_its_input, "input 'input' was changed"); }
TEST(Cheats, WritesPastItsOutput) { expect_refused(writes_past_its_output, "bytes after 'loss' were written"); }
TEST(Cheats, FasterThanMemory) { expect_refused(faster_than_memory, "in the 2R ceiling"); }
/// Sizes of ceilings are powers of two. Where a launch weighs much, a pass over 1.4 times the bytes of one is faster than it, and no cheat; but a
/// cheat is one there too.
constexpr std::int64_t kBetween = 11469;
constexpr double kLatency = 33e-6;
template <int kPart>
void between_two_ceilings(const Problem& problem, Workspace, Stream stream) {
  const double seconds = (kLatency + 8.0 * kBetween / fake_cuda::machine().memory_speed) / kPart;
  fake_cuda::launch(stream, seconds, [problem] { *loss_of(problem) = mean_of_squares(problem, kBetween); });
}
TEST(Cheats, ASizeBetweenTwoCeilingsIsNone) {
  fake_cuda::machine().launch_latency = kLatency;
  EXPECT_EQ(measure(between_two_ceilings<1>, {}, kBetween).fault, "");
  EXPECT_NE(measure(between_two_ceilings<2>, {}, kBetween).fault.find("in the 2R ceiling"), std::string::npos);
  fake_cuda::machine().launch_latency = 0;
}

TEST(Cheats, LaunchesMoreThanItSays) { expect_refused(launches_twice, "kernels, not the"); }
TEST(Cheats, WaitsForTheDevice) { expect_refused(waits_for_the_device, "capturing"); }

/// Fewer bytes of workspace claimed than moved, and fewer launches: seen where everything is counted.
TEST(Cheats, ClaimsFewerBytesThanItMoves) {
  const Loss& loss = Registry::instance().loss("l2");
  Problem problem{.loss = "l2", .options = Options(loss.options)};
  Implementation implementation{.loss = "l2", .workspace_traffic = [](const Problem&) { return std::int64_t{100}; },
                                .launches = [](const Problem&) { return 1; }};
  Traffic traffic;
  traffic.launches = 1;
  traffic.bytes = {{"input", 4000}, {"workspace", 100}};
  EXPECT_EQ(check_claims(implementation, problem, traffic), "");
  traffic.bytes["workspace"] = 104;
  EXPECT_EQ(check_claims(implementation, problem, traffic), "the variant claims 100 bytes of workspace traffic, and moved 104");
  traffic.bytes["workspace"] = 100;
  traffic.launches = 2;
  EXPECT_EQ(check_claims(implementation, problem, traffic), "the variant says it launches 1 kernels, and launched 2");
}

/// A card that gets hot now and then: the samples are there, flagged, and the figure comes from the cool ones.
TEST(Caveats, CoolSamplesAreEnough) {
  int reading = 0;
  fake_cuda::machine().clock_hz = [&](double) { return ++reading % 4 == 0 ? 1.5e9 : 1.98e9; };
  const Measurement result = measure(honest);
  fake_cuda::machine().clock_hz = [](double) { return 1.98e9; };
  EXPECT_EQ(result.fault, "");
  EXPECT_FALSE(result.caveats.throttled);
  EXPECT_EQ(result.clock, 1.98e9);
  EXPECT_GE(result.samples.size(), 36u);
  EXPECT_TRUE(std::any_of(result.samples.begin(), result.samples.end(), [](const Sample& sample) { return sample.throttled; }));
}

/// One that was faster earlier in the run.
TEST(Caveats, Throttling) {
  fake_cuda::machine().clock_hz = [](double) { return 1.5e9; };
  const Measurement result = measure(honest, [](Ceilings& ceilings) { ceilings.clock().saw(1.98e9); });
  fake_cuda::machine().clock_hz = [](double) { return 1.98e9; };
  EXPECT_EQ(result.fault, "");
  EXPECT_TRUE(result.caveats.throttled);
  EXPECT_EQ(result.clock, 1.5e9);
}

/// Somebody has come into the memory since the ceiling was first looked at. The figure is held against what memory does now.
TEST(Ceiling, IsWhatMemoryDoesInTheRoundsOfTheFigure) {
  const Measurement result = measure(honest, [](Ceilings& ceilings) {
    EXPECT_NEAR(ceilings.of(TrafficShape::read2, 8 * kCount).best, 1e9, 1e7);
    fake_cuda::machine().slowness = [](double) { return 2.0; };
  });
  fake_cuda::machine().slowness = [](double) { return 1.0; };
  EXPECT_EQ(result.fault, "");
  EXPECT_NEAR(result.seconds(), 2 * honest_seconds(), 0.02 * honest_seconds());
  EXPECT_NEAR(result.share_of_ceiling(), 0.9, 0.01);
  EXPECT_FALSE(result.caveats.drift);
}

/// Who comes and goes every 50 ms is in both alike, round by round.
TEST(Ceiling, SharesItsNeighboursWithTheFigure) {
  fake_cuda::machine().slowness = [](double at) { return std::fmod(at, 0.1) < 0.05 ? 1.0 : 3.0; };
  const Measurement result = measure(honest);
  fake_cuda::machine().slowness = [](double) { return 1.0; };
  EXPECT_EQ(result.fault, "");
  EXPECT_GE(result.memory.size(), result.samples.size() / 4);
  EXPECT_NEAR(result.share_of_ceiling(), 0.9, 0.01);
}

}  // namespace
}  // namespace lossbench
