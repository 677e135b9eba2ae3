// mbarriers and bulk copies: right kernels under every schedule and landing, and wrong ones that must be caught.
#include "tests/simt/support.h"

using namespace simt_test;
using simt::Global;
using simt::Mbarrier;

namespace {

constexpr unsigned kThreads = 64;
constexpr int kTile = 256;  ///< floats: 1024 bytes

/// Every schedule with every landing.
std::vector<simt::Options> landings() {
  std::vector<simt::Options> list;
  for (simt::Options options : schedules())
    for (const simt::Landing landing : {simt::Landing::lazy, simt::Landing::eager, simt::Landing::random}) {
      options.landing = landing;
      list.push_back(options);
    }
  return list;
}

// ---- mbarriers ----

__global__ void count_arrivals(Global<unsigned> out) {
  SIMT_SHARED(Mbarrier, barrier);
  SIMT_SHARED(unsigned, ready);
  if (threadIdx.x == 0) {
    simt::mbarrier_init(&barrier, kThreads / 2);
    simt::mbarrier_fence_init();
    ready = 0;
  }
  __syncthreads();
  for (unsigned round = 0; round < 5; ++round) {
    if (threadIdx.x % 2) {
      atomicAdd(&ready, 1u);
      simt::mbarrier_arrive(&barrier);
    }
    if (threadIdx.x % 4 == 0) simt::mbarrier_wait(&barrier, round & 1);
    else
      while (!simt::mbarrier_try_wait(&barrier, round & 1)) {}
    const unsigned seen = ready;
    __syncthreads();
    simt::store(out, round * kThreads + threadIdx.x, seen);
  }
}

TEST(Mbarrier, PhasesEndWhenAllHaveArrived) {
  SKIP_UNDER_RACE_CHECKER();
  DeviceArray<unsigned> out("out", 5 * kThreads);
  for (const simt::Options& options : landings()) {
    simt::OptionsScope scope(options);
    out.fill(0);
    simt::launch({"count_arrivals", 1, kThreads}, count_arrivals, out.handle());
    for (unsigned i = 0; i < 5 * kThreads; ++i) ASSERT_EQ(out[i], (i / kThreads + 1) * (kThreads / 2));
  }
}

__global__ void not_initialised() { SIMT_SHARED(Mbarrier, barrier); simt::mbarrier_arrive(&barrier); }
__global__ void no_arrivals() { SIMT_SHARED(Mbarrier, barrier); simt::mbarrier_init(&barrier, 0); }
__global__ void overwritten() { SIMT_SHARED(Mbarrier, barrier); simt::mbarrier_init(&barrier, 1); barrier.word = 7; simt::mbarrier_arrive(&barrier); }
__global__ void too_many_bytes() { SIMT_SHARED(Mbarrier, barrier); simt::mbarrier_init(&barrier, 1); simt::mbarrier_expect_tx(&barrier, 1u << 20); }
__global__ void nobody_arrives() { SIMT_SHARED(Mbarrier, barrier); simt::mbarrier_init(&barrier, 2); simt::mbarrier_wait(&barrier, 0); }
__global__ void polls_forever() {
  SIMT_SHARED(Mbarrier, barrier);
  simt::mbarrier_init(&barrier, 2);
  while (!simt::mbarrier_try_wait(&barrier, 0)) {}
}

TEST(Mbarrier, MisuseIsNamed) {
  simt::OptionsScope scope(simt::Options{.spin_limit = 1000});
  const auto expect = [](const char* name, void (*kernel)(), std::initializer_list<std::string> parts) {
    expect_error([&] { simt::launch({name, 1, 1}, kernel); }, parts);
  };
  expect("fresh", not_initialised, {"'fresh'", "mbarrier: not initialised", "bulk_copy_test.cpp:"});
  expect("zero", no_arrivals, {"'zero'", "0 arrivals"});
  expect("written", overwritten, {"'written'", "overwritten"});
  expect("bytes", too_many_bytes, {"'bytes'", "1048576 bytes expected"});
  expect("stuck", nobody_arrives, {"'stuck'", "deadlock", "waiting for an mbarrier"});
  expect("polls", polls_forever, {"'polls'", "a wait that never ends"});
}

// ---- copies to shared memory ----

enum class Fault { none, no_wait, wrong_bytes, reuse, no_fence, no_read_wait, no_commit };

/// out = 2·in, tile by tile through two stages: the copy of the tile after next is started as soon as a stage is free.
template <Fault kFault>
__global__ void doubled(Global<const float> in, Global<float> out, int tiles) {
  SIMT_SHARED(Mbarrier, full, [2]);
  float* shared_stage = simt::dynamic_shared<float>();
  const auto start = [&](int tile) {
    const int stage = tile % 2;
    simt::mbarrier_arrive_expect_tx(&full[stage], kFault == Fault::wrong_bytes ? 2 * 4 * kTile : 4 * kTile);
    simt::bulk_load(shared_stage + stage * kTile, in, std::int64_t{tile} * kTile, kTile, &full[stage]);
  };
  if (threadIdx.x == 0) {
    for (int stage = 0; stage < 2; ++stage) simt::mbarrier_init(&full[stage], 1);
    if (kFault != Fault::no_fence) simt::mbarrier_fence_init();
    for (int tile = 0; tile < 2 && tile < tiles; ++tile) start(tile);
  }
  __syncthreads();
  for (int tile = 0; tile < tiles; ++tile) {
    if (kFault != Fault::no_wait) simt::mbarrier_wait(&full[tile % 2], tile / 2 & 1);
    if (kFault == Fault::reuse && threadIdx.x == 0 && tile + 2 < tiles) start(tile + 2);  // others may still read this stage
    for (int i = static_cast<int>(threadIdx.x); i < kTile; i += kThreads)
      simt::store(out, tile * kTile + i, 2 * shared_stage[tile % 2 * kTile + i]);
    __syncthreads();
    if (kFault != Fault::reuse && threadIdx.x == 0 && tile + 2 < tiles) start(tile + 2);
  }
}

template <Fault kFault>
void run_doubled(DeviceArray<float>& in, DeviceArray<float>& out, int tiles) {
  simt::launch({"doubled", 1, kThreads, 2 * kTile * sizeof(float)}, doubled<kFault>, in.input(), out.handle(), tiles);
}

bool is_doubled(DeviceArray<float>& in, DeviceArray<float>& out) {
  bool right = true;
  for (std::int64_t i = 0; i < in.size(); ++i) right &= out[i] == 2 * in[i];
  return right;
}

struct Tiles {
  DeviceArray<float> in{"in", 5 * kTile}, out{"out", 5 * kTile};
  Tiles() {
    for (int i = 0; i < 5 * kTile; ++i) in[i] = static_cast<float>(i + 1);
  }
};

TEST(BulkLoad, LandsBeforeItsBarrierLetsGo) {
  Tiles tiles;
  for (const simt::Options& options : landings()) {
    simt::OptionsScope scope(options);
    tiles.out.fill(0);
    run_doubled<Fault::none>(tiles.in, tiles.out, 5);
    EXPECT_TRUE(is_doubled(tiles.in, tiles.out));
  }
}

TEST(BulkLoad, IsCountedOnce) {
  Tiles tiles;
  simt::CountScope scope;
  run_doubled<Fault::none>(tiles.in, tiles.out, 5);
  EXPECT_EQ(scope->array("in").load_bytes, 5u * kTile * 4);
  EXPECT_EQ(scope->array("in").load_sectors, 5u * kTile * 4 / 32);
  EXPECT_EQ(scope->array("in").load_requests, 5u);
  EXPECT_EQ(scope->bulk_copies, 5u);
}

TEST(BulkLoad, ReadingWithoutWaitingShowsWhereItLandsLate) {
  SKIP_UNDER_ADDRESS_CHECKER();  // which stops at the read itself
  Tiles tiles;
  {
    simt::OptionsScope scope(simt::Options{.landing = simt::Landing::eager});
    run_doubled<Fault::no_wait>(tiles.in, tiles.out, 2);  // luck
    EXPECT_EQ(tiles.out[0], 2 * tiles.in[0]);
  }
  // Every read sees the filling of a copy that has not landed, and the block ends with it under way.
  simt::OptionsScope scope(simt::Options{.landing = simt::Landing::lazy});
  tiles.out.fill(0);
  run_doubled<Fault::none>(tiles.in, tiles.out, 2);
  DeviceArray<float> late("late", 5 * kTile);
  bool caught = false;
  try {
    run_doubled<Fault::no_wait>(tiles.in, late, 2);
  } catch (const simt::Error& error) {
    caught = std::string(error.what()).find("bulk copy into its shared memory is under way") != std::string::npos;
  }
  EXPECT_TRUE(caught || late[0] != late[0]);
}

TEST(BulkLoad, AStageOverwrittenTooEarlyShows) {
  SKIP_UNDER_RACE_CHECKER();
  SKIP_UNDER_ADDRESS_CHECKER();
  Tiles tiles;
  int wrong = 0;
  for (const simt::Options& options : landings()) {
    simt::OptionsScope scope(options);
    tiles.out.fill(0);
    try {
      run_doubled<Fault::reuse>(tiles.in, tiles.out, 5);
      wrong += !is_doubled(tiles.in, tiles.out);
    } catch (const simt::Error&) {
      ++wrong;  // a slow thread that two phases have passed waits for ever
    }
  }
  EXPECT_GT(wrong, 20);
}

TEST(BulkLoad, BytesThatNeverComeAreADeadlock) {
  Tiles tiles;
  expect_error([&] { run_doubled<Fault::wrong_bytes>(tiles.in, tiles.out, 2); }, {"'doubled'", "deadlock", "waiting for an mbarrier"});
}

TEST(BulkLoad, NeedsAPublishedBarrier) {
  Tiles tiles;
  expect_error([&] { run_doubled<Fault::no_fence>(tiles.in, tiles.out, 2); }, {"'doubled'", "without mbarrier_fence_init()"});
}

__global__ void load_piece(Global<const float> in, int first, int count, int to) {
  SIMT_SHARED(Mbarrier, full);
  simt::mbarrier_init(&full, 1);
  simt::mbarrier_fence_init();
  simt::bulk_load(simt::dynamic_shared<float>() + to, in, first, count, &full);
}

TEST(BulkLoad, ChecksAddressesAndSizes) {
  DeviceArray<float> in("in", 64);
  const auto expect = [&](int first, int count, int to, std::initializer_list<std::string> parts) {
    expect_error([&] { simt::launch({"load_piece", 1, 1, 64}, load_piece, in.input(), first, count, to); }, parts);
  };
  expect(1, 4, 0, {"bulk load from `in`", "global address", "16 bytes"});
  expect(4, 4, 1, {"bulk load from `in`", "shared address"});
  expect(0, 3, 0, {"12 bytes", "multiple of 16"});
  expect(0, 0, 0, {"0 bytes"});
  expect(60, 8, 0, {"`in` out of bounds", "60 … 67 of 64"});
  expect(0, 4, 100, {"outside this block's shared memory"});
  expect(0, 4, 0, {"exits while a bulk copy into its shared memory is under way"});
}

// ---- copies from shared memory ----

/// out = in + 1 tile by tile: threads write a stage, the asynchronous proxy is fenced, one thread stores it in bulk. The stage is
/// written again only when the copy before has read it.
template <Fault kFault>
__global__ void plus_one(Global<const float> in, Global<float> out, int tiles) {
  float* shared_stage = simt::dynamic_shared<float>();
  for (int tile = 0; tile < tiles; ++tile) {
    if (threadIdx.x == 0 && kFault != Fault::no_read_wait) simt::bulk_wait_read();
    __syncthreads();
    for (int i = static_cast<int>(threadIdx.x); i < kTile; i += kThreads) shared_stage[i] = simt::load(in, tile * kTile + i) + 1;
    if (kFault != Fault::no_fence) simt::fence_async_proxy();
    __syncthreads();
    if (threadIdx.x != 0) continue;
    simt::bulk_store(out, tile * kTile, shared_stage, kTile);
    if (kFault != Fault::no_commit) simt::bulk_commit();
  }
  if (threadIdx.x == 0) simt::bulk_wait_read();
}

template <Fault kFault>
void run_plus_one(Tiles& tiles) {
  simt::launch({"plus_one", 1, kThreads, kTile * sizeof(float)}, plus_one<kFault>, tiles.in.input(), tiles.out.handle(), 5);
}

bool is_plus_one(Tiles& tiles) {
  bool right = true;
  for (int i = 0; i < 5 * kTile; ++i) right &= tiles.out[i] == tiles.in[i] + 1;
  return right;
}

TEST(BulkStore, WritesWhatWasFenced) {
  Tiles tiles;
  for (const simt::Options& options : landings()) {
    simt::OptionsScope scope(options);
    tiles.out.fill(0);
    run_plus_one<Fault::none>(tiles);
    EXPECT_TRUE(is_plus_one(tiles));
  }
}

TEST(BulkStore, ASourceOverwrittenTooEarlyShows) {
  SKIP_UNDER_RACE_CHECKER();
  Tiles tiles;
  simt::OptionsScope scope(simt::Options{.landing = simt::Landing::lazy});
  run_plus_one<Fault::no_read_wait>(tiles);
  EXPECT_FALSE(is_plus_one(tiles));
}

TEST(BulkStore, MisuseIsNamed) {
  Tiles tiles;
  for (const simt::Options& options : landings()) {
    simt::OptionsScope scope(options);
    expect_error([&] { run_plus_one<Fault::no_fence>(tiles); }, {"'plus_one'", "bulk store to `out`", "fence_async_proxy()"});
    expect_error([&] { run_plus_one<Fault::no_commit>(tiles); }, {"'plus_one'", "never committed"});
  }
}

__global__ void leaves_at_once(Global<float> out) {
  simt::dynamic_shared<float>()[threadIdx.x] = 1;
  simt::fence_async_proxy();
  __syncthreads();
  if (threadIdx.x != 0) return;
  simt::bulk_store(out, 0, simt::dynamic_shared<float>(), kThreads);
  simt::bulk_commit();
}

TEST(BulkStore, SharedMemoryMustOutliveTheRead) {
  DeviceArray<float> out("out", kThreads);
  for (const simt::Options& options : landings()) {
    simt::OptionsScope scope(options);
    expect_error([&] { simt::launch({"leaves", 1, kThreads, kThreads * sizeof(float)}, leaves_at_once, out.handle()); },
                 {"'leaves'", "bulk_wait_read() is missing"});
  }
}

/// Another thread reads what was stored. wait_group.read says only that the source may be overwritten.
template <bool kOnlyRead>
__global__ void read_back(Global<float> out, Global<float> copy) {
  simt::dynamic_shared<float>()[threadIdx.x] = static_cast<float>(threadIdx.x + 1);
  simt::fence_async_proxy();
  __syncthreads();
  if (threadIdx.x == 0) {
    simt::bulk_store(out, 0, simt::dynamic_shared<float>(), kThreads);
    simt::bulk_commit();
    if (kOnlyRead) simt::bulk_wait_read();
    else simt::bulk_wait();
  }
  __syncthreads();
  simt::store(copy, threadIdx.x, simt::load(out, threadIdx.x));
}

TEST(BulkStore, OnlyTheFullWaitPromisesTheResult) {
  DeviceArray<float> out("out", kThreads), copy("copy", kThreads);
  for (const simt::Options& options : landings()) {
    simt::OptionsScope scope(options);
    out.fill(0);
    simt::launch({"read_back", 1, kThreads, kThreads * sizeof(float)}, read_back<false>, out.handle(), copy.handle());
    for (unsigned i = 0; i < kThreads; ++i) ASSERT_EQ(copy[i], static_cast<float>(i + 1));
  }
  out.fill(0);
  simt::launch({"read_back", 1, kThreads, kThreads * sizeof(float)}, read_back<true>, out.handle(), copy.handle());
  EXPECT_EQ(copy[5], 0) << "a lazy store lands after the read of its source";
  EXPECT_EQ(out[5], 6);
}

}  // namespace
