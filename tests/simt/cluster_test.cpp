// Clusters: ranks, barriers and each other's shared memory; and what must be caught.
#include "tests/simt/support.h"

using namespace simt_test;
using simt::Global;

namespace {

/// Launches blocks of 64 threads in clusters.
template <class Kernel, class... A>
void launch_cluster(const char* name, unsigned blocks, unsigned cluster, Kernel kernel, A... arguments) {
  simt::launch({.kernel = name, .grid = blocks, .block = 64, .cluster = cluster, .non_portable_cluster = cluster > 8}, kernel, arguments...);
}

__global__ void ranks(Global<unsigned> out) {
  if (threadIdx.x == 0) simt::store(out, blockIdx.x, 100 * simt::cluster_size() + simt::cluster_rank());
}

TEST(Cluster, RanksCountThroughEachCluster) {
  DeviceArray<unsigned> out("out", 48);
  for (const unsigned size : {1u, 2u, 4u, 8u, 16u}) {
    launch_cluster("ranks", 48, size, ranks, out.handle());
    for (unsigned b = 0; b < 48; ++b) EXPECT_EQ(out[b], 100 * size + b % size);
  }
}

__global__ void coordinates(Global<unsigned> out) {
  const unsigned at = (blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
  if (threadIdx.x == 0) simt::store(out, at, simt::cluster_rank());
}

TEST(Cluster, MayHaveThreeDimensions) {
  DeviceArray<unsigned> out("out", 4 * 6 * 2);
  simt::launch({.kernel = "coordinates", .grid = dim3(4, 6, 2), .block = 32, .cluster = dim3(2, 3, 1)}, coordinates, out.handle());
  for (unsigned z = 0; z < 2; ++z)
    for (unsigned y = 0; y < 6; ++y)
      for (unsigned x = 0; x < 4; ++x) EXPECT_EQ(out[(z * 6 + y) * 4 + x], y % 3 * 2 + x % 2);
}

enum class Fault { none, no_barrier, no_first_barrier, no_last_barrier };

/// out[block] = sum over its cluster of what the blocks put in shared memory, read from each in turn.
template <Fault kFault>
__global__ void sum_of_cluster(Global<float> out) {
  SIMT_SHARED(float, part, [64]);
  part[threadIdx.x] = static_cast<float>(blockIdx.x + threadIdx.x);
  if (kFault != Fault::no_first_barrier) simt::cluster_sync();
  float sum = 0;
  for (unsigned rank = 0; rank < simt::cluster_size(); ++rank)
    sum += simt::cluster_map(part, rank).load(static_cast<int>(threadIdx.x));
  if (kFault != Fault::no_last_barrier) simt::cluster_sync();
  simt::store(out, blockIdx.x * 64 + threadIdx.x, sum);
}

TEST(Cluster, BlocksReadEachOthersSharedMemory) {
  DeviceArray<float> out("out", 32 * 64);
  for (const unsigned size : {2u, 8u, 16u})
    for (const simt::Options& schedule : schedules()) {
      simt::OptionsScope scope(schedule);
      out.fill(-1);
      launch_cluster("sum_of_cluster", 32, size, sum_of_cluster<Fault::none>, out.handle());
      for (unsigned b = 0; b < 32; ++b)
        for (unsigned t = 0; t < 64; ++t) {
          const unsigned first = b / size * size;
          ASSERT_EQ(out[b * 64 + t], static_cast<float>(size * (first + t) + size * (size - 1) / 2));
        }
    }
}

TEST(Cluster, SharedMemoryBeforeTheFirstBarrierIsAnError) {
  DeviceArray<float> out("out", 4 * 64);
  for (const simt::Options& schedule : schedules()) {
    simt::OptionsScope scope(schedule);
    expect_error([&] { launch_cluster("early", 4, 4, sum_of_cluster<Fault::no_first_barrier>, out.handle()); },
                 {"kernel 'early'", "before the first cluster barrier", "cluster_test.cpp:"});
  }
}

TEST(Cluster, SharedMemoryOfABlockThatMayHaveExitedIsAnError) {
  DeviceArray<float> out("out", 4 * 64);
  for (const simt::Options& schedule : schedules()) {
    simt::OptionsScope scope(schedule);
    const std::string message =
        expect_error([&] { launch_cluster("late", 4, 4, sum_of_cluster<Fault::no_last_barrier>, out.handle()); }, {"kernel 'late'"});
    const bool said = message.find("which has exited") != message.npos || message.find("nothing keeps it") != message.npos;
    EXPECT_TRUE(said) << message;
  }
}

/// Each block hands its number to the next one of its cluster, which adds it up; four times round. Without the barrier between
/// reading and writing again, a fast block overwrites what a slow one has not read.
template <Fault kFault>
__global__ void pass_on(Global<unsigned> out) {
  SIMT_SHARED(unsigned, mailbox);
  if (threadIdx.x == 0) mailbox = 0;
  simt::cluster_sync();
  unsigned sum = 0;
  for (unsigned round = 0; round < 4; ++round) {
    const unsigned next = (simt::cluster_rank() + 1) % simt::cluster_size();
    if (threadIdx.x == 32) simt::cluster_map(&mailbox, next).store(0, blockIdx.x + 10 * round);
    simt::cluster_sync();
    sum += mailbox;
    if (kFault != Fault::no_barrier) simt::cluster_sync();
  }
  simt::cluster_sync();
  simt::store(out, blockIdx.x * 64 + threadIdx.x, sum);
}

bool is_right(DeviceArray<unsigned>& out) {
  bool right = true;
  for (unsigned b = 0; b < 8; ++b)
    for (unsigned t = 0; t < 64; ++t) right &= out[b * 64 + t] == 4 * (b / 4 * 4 + (b + 3) % 4) + 60;
  return right;
}

TEST(Cluster, BarriersOrderSharedMemory) {
  SKIP_UNDER_RACE_CHECKER();
  DeviceArray<unsigned> out("out", 8 * 64);
  int wrong = 0;
  for (const simt::Options& schedule : schedules()) {
    simt::OptionsScope scope(schedule);
    launch_cluster("pass_on", 8, 4, pass_on<Fault::none>, out.handle());
    EXPECT_TRUE(is_right(out));
    launch_cluster("pass_on", 8, 4, pass_on<Fault::no_barrier>, out.handle());
    wrong += !is_right(out);
  }
  EXPECT_GT(wrong, 0) << "no schedule shows the missing barrier";
}

__global__ void arrives_twice() { simt::cluster_arrive(); simt::cluster_arrive(); }
__global__ void waits_without_arrival() { simt::cluster_wait(); }
__global__ void exits_before_waiting() { simt::cluster_arrive(); }
__global__ void one_block_exits() { if (simt::cluster_rank() == 0) return; simt::cluster_sync(); }
__global__ void beyond() {
  SIMT_SHARED(int, x);
  simt::cluster_sync();
  if (threadIdx.x == 0) x = simt::cluster_map(&x, 7).load();
  simt::cluster_sync();
}
__global__ void not_shared() { int x = 0; simt::cluster_sync(); simt::cluster_map(&x, 0).store(0, 1); simt::cluster_sync(); }

TEST(Cluster, BrokenProtocolsAreNamed) {
  for (const simt::Options& schedule : schedules()) {
    simt::OptionsScope scope(schedule);
    expect_error([] { launch_cluster("twice", 2, 2, arrives_twice); }, {"'twice'", "second time", "cluster_wait()"});
    expect_error([] { launch_cluster("alone", 2, 2, waits_without_arrival); }, {"'alone'", "cluster_wait() without cluster_arrive()"});
    expect_error([] { launch_cluster("leaves", 2, 2, exits_before_waiting); }, {"'leaves'", "cluster_wait()"});
    expect_error([] { launch_cluster("exits", 2, 2, one_block_exits); }, {"'exits'", "cluster barrier"});
    expect_error([] { launch_cluster("beyond", 2, 2, beyond); }, {"'beyond'", "block 7 of a cluster of 2"});
    expect_error([] { launch_cluster("local", 2, 2, not_shared); }, {"'local'", "outside this block's shared memory"});
  }
}

__global__ void stuck() {
  SIMT_SHARED(simt::Mbarrier, never);
  if (simt::cluster_rank() == 0) simt::cluster_sync();
  if (threadIdx.x == 0) simt::mbarrier_init(&never, 1);
  __syncthreads();
  simt::mbarrier_wait(&never, 0);
  simt::cluster_sync();
}

TEST(Cluster, DeadlocksNameBlockAndThread) {
  expect_error([] { launch_cluster("stuck", 2, 2, stuck); }, {"'stuck'", "deadlock", "64 threads in cluster_wait()",
                                                                "64 threads waiting for an mbarrier", "of block (1,0,0)"});
}

__global__ void nothing() {}

TEST(Cluster, SizesAreLimited) {
  const auto refused = [](dim3 grid, dim3 cluster, bool ask, std::initializer_list<std::string> parts) {
    expect_error([&] { simt::launch({.kernel = "nothing", .grid = grid, .block = 32, .cluster = cluster, .non_portable_cluster = ask}, nothing); }, parts);
  };
  refused(16, 16, false, {"'nothing'", "cluster (16,1,1)", "non_portable_cluster"});
  refused(32, 32, true, {"'nothing'", "cluster (32,1,1)", "1 to 16"});
  refused(9, 2, false, {"'nothing'", "grid (9,1,1)", "cluster (2,1,1)"});
  refused(4, dim3(0), false, {"'nothing'", "cluster (0,1,1)"});
  EXPECT_EQ(simt::largest_cluster({.kernel = "nothing", .grid = 1, .block = 32}, nothing), 16u);
  EXPECT_EQ(simt::device().compute_capability, 90);
}

TEST(Cluster, TrafficIsCountedForEveryBlock) {
  DeviceArray<float> out("out", 16 * 64);
  simt::CountScope scope;
  launch_cluster("sum_of_cluster", 16, 8, sum_of_cluster<Fault::none>, out.handle());
  EXPECT_EQ(scope->array("out").store_bytes, 16u * 64 * 4);
  EXPECT_EQ(scope->array("out").store_sectors, 16u * 64 * 4 / 32);
  EXPECT_EQ(scope->blocks, 16u);
  EXPECT_EQ(scope->cluster_barriers, 4u);
}

}  // namespace
