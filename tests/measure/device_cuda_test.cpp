// The CUDA device over a runtime without a card: graphs, events, the clock probe, the hold.
#include <gtest/gtest.h>

#include <cmath>

#include "bench/measure/ceilings.h"
#include "bench/measure/rotation.h"
#include "tests/measure/fake_device.h"

namespace lossbench {
namespace {

class CudaDeviceTest : public testing::Test {
 protected:
  void SetUp() override {
    machine.clock_hz = [](double) { return 1.98e9; };
    machine.memory_speed = 1e12;
  }
  fake_cuda::Machine& machine = fake_cuda::machine();
  Device& device = fake_cuda_device();
};

TEST_F(CudaDeviceTest, ARecordingIsNotRunUntilItIsReplayed) {
  int runs = 0;
  const auto recording = device.record([&] {
    for (int i = 0; i < 3; ++i) fake_cuda::launch(device.stream(), 1e-3, [&] { ++runs; });
    device.fill(nullptr, 0, 0);
  }, false);
  EXPECT_EQ(runs, 0);
  EXPECT_EQ(recording->launches(), 3);
  device.replay(*recording);
  device.finish();
  EXPECT_EQ(runs, 3);
  const Timing timing = device.time(*recording);
  EXPECT_NEAR(timing.seconds, 3e-3, 1e-8);
  EXPECT_NEAR(timing.clock, 1.98e9, 1e6);
  EXPECT_GE(timing.wall, timing.seconds);
}

TEST_F(CudaDeviceTest, MemsetsAreNoKernels) {
  DeviceMemory memory(device, 64);
  const auto recording = device.record([&] {
    device.fill(memory.data(), 0, 64);
    fake_cuda::launch(device.stream(), 1e-6, {});
  }, false);
  EXPECT_EQ(recording->launches(), 1);
}

TEST_F(CudaDeviceTest, ACallThatReturnsThroughTheHostIsNoGraph) {
  int runs = 0;
  const auto recording = device.record([&] { ++runs, device.finish(); }, true);
  EXPECT_EQ(recording->launches(), -1);
  device.replay(*recording);
  EXPECT_EQ(runs, 1);
}

/// What may not be captured fails by name, and the stream is usable afterwards.
TEST_F(CudaDeviceTest, WaitingInsideARecordingIsRefused) {
  try {
    device.record([&] { device.finish(); }, false);
    FAIL() << "a recording with a wait in it was made";
  } catch (const std::exception& error) {
    EXPECT_NE(std::string(error.what()).find("capturing"), std::string::npos) << error.what();
  }
  device.finish();
}

TEST_F(CudaDeviceTest, AColdCallIsTimedBehindAHoldThatIsReleased) {
  const Timing timing = device.time_cold([&] { fake_cuda::launch(device.stream(), 5e-6, {}); });
  EXPECT_NEAR(timing.seconds, 5e-6, 1e-8);
  EXPECT_FALSE(machine.held);
}

/// What the host needs to launch a graph is no part of the graph's time.
TEST_F(CudaDeviceTest, AReplayIsTimedBehindAHoldToo) {
  const auto recording = device.record([&] {
    for (int i = 0; i < 3; ++i) fake_cuda::launch(device.stream(), 1e-4, {});
  }, false);
  machine.graph_launch = 2e-5;
  EXPECT_NEAR(device.time(*recording).seconds, 3e-4, 1e-8);
  EXPECT_FALSE(machine.held);
  machine.graph_launch = 0;
}

/// A graph longer than the queue is held twice, in vain, and never again; shorter ones still are.
TEST_F(CudaDeviceTest, AHoldThatFillsTheQueueIsGivenUp) {
  const auto graph_of = [&](int kernels) {
    return device.record([this, kernels] {
      for (int i = 0; i < kernels; ++i) fake_cuda::launch(device.stream(), 1e-6, {});
    }, false);
  };
  const auto longer = graph_of(3000), shorter = graph_of(100);
  machine.queue = 1000;
  machine.waits_for_room = 0;
  for (int i = 0; i < 5; ++i) EXPECT_NEAR(device.time(*longer).seconds, 3e-3, 1e-8);
  EXPECT_EQ(machine.waits_for_room, 2);
  machine.graph_launch = 2e-5;
  EXPECT_NEAR(device.time(*shorter).seconds, 1e-4, 1e-8);
  EXPECT_NEAR(device.time(*longer).seconds, 3e-3 + 2e-5, 1e-8);
  machine.graph_launch = 0, machine.queue = 1 << 20;
}

/// A call that is refused is reported once: the next to ask for the last error must not find it and take it for its own.
TEST_F(CudaDeviceTest, ARefusalIsNotLeftBehind) {
  EXPECT_THROW(device.allocate(std::size_t{1} << 41), std::runtime_error);
  EXPECT_EQ(cudaGetLastError(), cudaSuccess);
  EXPECT_EQ(device.lost(), "");
}

TEST_F(CudaDeviceTest, ALostDeviceSaysWhyAndStillHasItsFacts) {
  machine.lost = true;
  EXPECT_EQ(device.lost(), "an illegal memory access was encountered");
  EXPECT_FALSE(device.facts().empty());
  Ceilings ceilings(device);
  EXPECT_EQ(ceilings.launch_seconds(), 0);
  EXPECT_NO_THROW(ceilings.close());
  machine.lost = false;
  cudaGetLastError();
  EXPECT_EQ(device.lost(), "");
}

TEST_F(CudaDeviceTest, WhoMayNotTouchPersistingLinesIsMeasuredAllTheSame) {
  machine.refuses_persisting = true;
  EXPECT_NO_THROW(device.forget_persisting_lines());
  EXPECT_EQ(cudaGetLastError(), cudaSuccess);
  machine.refuses_persisting = false;
}

TEST_F(CudaDeviceTest, PersistingLinesAreForgotten) {
  EXPECT_TRUE(machine.persisting_limit_zero);
  const int before = machine.persisting_resets;
  device.forget_persisting_lines();
  EXPECT_EQ(machine.persisting_resets, before + 1);
}

TEST_F(CudaDeviceTest, FactsNameCardDriverAndClocks) {
  std::string names;
  for (const auto& [name, value] : device.facts()) {
    names += name + " ";
    EXPECT_FALSE(value.empty()) << name;
  }
  for (const char* name : {"gpu ", "cuda_driver ", "cuda_runtime ", "gpu_highest_clock ", "gpu_l2_bytes "})
    EXPECT_NE(names.find(name), std::string::npos) << name;
}

TEST_F(CudaDeviceTest, MemoryGoesBack) {
  const std::size_t before = machine.allocations.size();
  { DeviceMemory memory(device, 1000); }
  EXPECT_EQ(machine.allocations.size(), before);
}

TEST_F(CudaDeviceTest, ARotationFillsAMillisecondWithWholeRounds) {
  std::vector<int> seen(5, 0);
  Rotation rotation(device, [&](int set) {
    fake_cuda::launch(device.stream(), 20e-6, [&seen, set] { ++seen[static_cast<std::size_t>(set)]; });
  }, 5, false, Pace::of(device));
  EXPECT_EQ(rotation.calls() % 5, 0);
  EXPECT_GE(rotation.time().seconds, 1e-3);
  EXPECT_EQ(rotation.launches(), rotation.calls());
  std::fill(seen.begin(), seen.end(), 0);
  rotation.run_all();
  for (int count : seen) EXPECT_EQ(count, rotation.calls() / 5);
  EXPECT_GE(rotation.warm_up_seconds(), 0.2);
}

TEST_F(CudaDeviceTest, CeilingsAreWhatTheMemoryDoes) {
  Ceilings ceilings(device);
  for (const TrafficShape shape : kTrafficShapes) EXPECT_NEAR(ceilings.of(shape, 1 << 22).best, 1e12, 1e10) << name_of(shape);
  EXPECT_EQ(ceilings.all().size(), 4u);
  EXPECT_NEAR(ceilings.of(TrafficShape::read, (1 << 22) - 99999).best, 1e12, 1e10);  // the same class of size: not measured again
  EXPECT_EQ(ceilings.all().size(), 4u);
  EXPECT_NEAR(ceilings.launch_seconds(), 2e-6, 1e-8);
  machine.memory_speed = 0.9e12;
  ceilings.close();
  for (const Ceiling& ceiling : ceilings.all()) {
    EXPECT_NEAR(ceiling.drift(), 0.1, 0.01);
    EXPECT_NEAR(ceiling.best, 1e12, 1e10);
  }
}

TEST(SetsToRotate, FillTheCacheFourTimesOrALargeOneTwice) {
  EXPECT_EQ(sets_to_rotate(std::size_t{300} << 20, std::size_t{100} << 20), 7);
  EXPECT_EQ(sets_to_rotate(50 << 20, 100 << 20), 3);
  EXPECT_EQ(sets_to_rotate(50 << 20, std::size_t{8} << 30), 2);
  EXPECT_EQ(sets_to_rotate(32 << 20, 1 << 20), 129);
  EXPECT_EQ(sets_to_rotate(50 << 20, 64), 1024);
}

}  // namespace
}  // namespace lossbench
