// Atomics on global arrays and on shared memory.
#include "tests/simt/support.h"

using namespace simt_test;
using simt::Global;

namespace {

template <class T>
__global__ void add_all(Global<T> out) {
  const T old = simt::atomic_add(out, threadIdx.x % 4, static_cast<T>(1));
  if (old < 0) simt::store(out, 4, old);
}

template <class T>
class AtomicAdd : public testing::Test {};
using Addends = testing::Types<float, double, unsigned, unsigned long long>;
TYPED_TEST_SUITE(AtomicAdd, Addends);

TYPED_TEST(AtomicAdd, LosesNothing) {
  DeviceArray<TypeParam> out("out", 5);
  for (const simt::Options& schedule : schedules()) {
    simt::OptionsScope scope(schedule);
    out.fill(0);
    simt::launch({"add_all", 40, 96}, add_all<TypeParam>, out.handle());
    for (int i = 0; i < 4; ++i) EXPECT_EQ(out[i], static_cast<TypeParam>(40 * 24));
  }
}

__global__ void every_kind(Global<unsigned> out) {
  const unsigned t = blockIdx.x * blockDim.x + threadIdx.x;
  simt::atomic_max(out, 0, t);
  simt::atomic_min(out, 1, t + 5);
  simt::atomic_or(out, 2, 1u << (t % 32));
  simt::atomic_inc(out, 3, 9u);
  simt::atomic_cas(out, 4, 7u, t == 0 ? 8u : 7u);
  if (t == 3) simt::store(out, 6, simt::atomic_exchange(out, 5, 42u));
}

__global__ void every_kind_shared(Global<unsigned> out) {
  SIMT_SHARED(unsigned, s, [6]);
  if (threadIdx.x == 0) {
    for (unsigned k = 0; k < 6; ++k) s[k] = simt::load(out, k);
  }
  __syncthreads();
  const unsigned t = threadIdx.x;
  atomicMax(&s[0], t);
  atomicMin(&s[1], t + 5);
  atomicOr(&s[2], 1u << (t % 32));
  atomicInc(&s[3], 9u);
  atomicCAS(&s[4], 7u, t == 0 ? 8u : 7u);
  if (t == 3) simt::store(out, 6, atomicExch(&s[5], 42u));
  __syncthreads();
  if (threadIdx.x < 6) simt::store(out, threadIdx.x, s[threadIdx.x]);
}

TEST(Atomics, DoWhatTheirNamesSay) {
  const unsigned before[] = {3, 1000, 0, 0, 7, 11, 0};
  const unsigned after[] = {63, 5, 0xffffffffu, 4, 8, 42, 11};  // 64 increments modulo 10
  DeviceArray<unsigned> out("out", 7);
  for (const simt::Options& schedule : schedules())
    for (const bool shared : {false, true}) {
      simt::OptionsScope scope(schedule);
      for (int i = 0; i < 7; ++i) out[i] = before[i];
      if (shared) simt::launch({"every_kind_shared", 1, 64}, every_kind_shared, out.handle());
      else simt::launch({"every_kind", 2, 32}, every_kind, out.handle());
      for (int i = 0; i < 7; ++i) EXPECT_EQ(out[i], after[i]) << i << (shared ? " shared" : " global");
    }
}

__global__ void atomic_on_a_local() {
  unsigned local = 0;
  atomicAdd(&local, 1u);
}

TEST(Atomics, OnAnythingButSharedMemoryAreRefused) {
  expect_error([] { simt::launch({"atomic_on_a_local", 1, 1}, atomic_on_a_local); },
               {"kernel 'atomic_on_a_local'", "simt/atomics_test.cpp:", "outside this block's shared memory"});
}

}  // namespace
