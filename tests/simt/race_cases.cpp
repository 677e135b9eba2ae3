// One kernel per run, chosen by name, under ThreadSanitizer. sanitizer_test.cpp runs it and reads the report.
//
// Each case comes twice: `right` must pass without a report, `wrong` must be reported. Schedules cannot show all of these:
// a lost update gives the right sum in every order of whole threads.
#include <cstdio>
#include <cstring>
#include <vector>

#include "tests/simt/kernels.h"

using namespace simt_test;
using simt::Global;

namespace {

enum class Fence { after_store, before_store, none };

/// Block 0 publishes a value with a flag; block 1 reads it when the flag is up.
template <Fence kFence>
__global__ void publish(Global<float> value, Global<unsigned> flag, Global<float> out) {
  if (blockIdx.x == 0) {
    if (kFence == Fence::before_store) __threadfence();
    simt::store(value, 0, 42.0f);
    if (kFence == Fence::after_store) __threadfence();
    simt::atomic_exchange(flag, 0, 1u);
  } else if (simt::atomic_or(flag, 0, 0u) == 1u) {
    simt::store(out, 0, simt::load<simt::Cache::l2>(value, 0));
  }
}

/// Neighbours of a warp swap through shared memory; shuffles in between order nothing.
template <bool kSync>
__global__ void swap_in_warp(Global<unsigned> out) {
  SIMT_SHARED(unsigned, slot, [64]);
  slot[threadIdx.x] = threadIdx.x;
  if (kSync) __syncwarp();
  else (void)__shfl_xor_sync(0xffffffffu, 1, 1);
  simt::store(out, threadIdx.x, slot[threadIdx.x ^ 1]);
}

/// Two blocks write one element of a global array.
template <bool kApart>
__global__ void write_elements(Global<float> out) {
  if (threadIdx.x == 0) simt::store(out, kApart ? blockIdx.x : 0, 1.0f);
}

struct Case {
  const char* name;
  void (*right)();
  void (*wrong)();
};

std::vector<float> input(4096, 1.0f), floats(4096);
std::vector<unsigned> words(4096);
Global<const float> in() { return simt::global(input.data(), 4096, "input"); }
Global<float> out() { return simt::global(floats.data(), 2048, "out"); }
Global<float> scratch() { return simt::global(floats.data() + 2048, 2048, "scratch"); }
Global<unsigned> flags() { return simt::global(words.data(), 4096, "flags"); }

template <Bug kBug>
void run_sum_blocks() { simt::launch({"sum_blocks", 4, 128}, sum_blocks<kBug>, in(), out()); }
template <Bug kBug>
void run_two_sums() { simt::launch({"two_sums", 1, 128}, two_sums<kBug>, in(), out()); }
template <Bug kBug>
void run_last_block() { simt::launch({"last_block_sum", 4, 64}, last_block_sum<kBug>, in(), 1000, scratch(), flags(), out()); }
template <bool kAtomic>
void run_count() { simt::launch({"count_threads", 2, 64}, count_threads<kAtomic>, flags()); }
template <bool kAtomic>
void run_add() { simt::launch({"add_to_global", 4, 32}, add_to_global<kAtomic>, flags()); }
template <Fence kFence>
void run_publish() { simt::launch({"publish", 2, 1}, publish<kFence>, scratch(), flags(), out()); }
template <bool kSync>
void run_swap() { simt::launch({"swap_in_warp", 1, 64}, swap_in_warp<kSync>, flags()); }
template <bool kApart>
void run_write() { simt::launch({"write_elements", 2, 32}, write_elements<kApart>, out()); }

const Case kCases[] = {
    {"missing_barrier", run_sum_blocks<Bug::none>, run_sum_blocks<Bug::no_barrier>},
    {"write_after_read", run_two_sums<Bug::none>, run_two_sums<Bug::reuse>},
    {"missing_fence", run_last_block<Bug::none>, run_last_block<Bug::no_fence>},
    {"misplaced_fence", run_publish<Fence::after_store>, run_publish<Fence::before_store>},
    {"unfenced_flag", run_publish<Fence::after_store>, run_publish<Fence::none>},
    {"lost_update_in_shared_memory", run_count<true>, run_count<false>},
    {"lost_update_in_global_memory", run_add<true>, run_add<false>},
    {"missing_syncwarp", run_swap<true>, run_swap<false>},
    {"blocks_write_one_element", run_write<true>, run_write<false>},
};

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) return 2;
  for (const Case& it : kCases)
    if (std::strcmp(it.name, arguments[1]) == 0) {
      simt::CountScope scope;  // counting must not look like a race
      const bool right = std::strcmp(arguments[2], "right") == 0;
      for (int i = 0; i < 3; ++i) {
        (right ? it.right : it.wrong)();
        for (unsigned& word : words) word = 0;
      }
      std::printf("done: %llu launches\n", static_cast<unsigned long long>(scope->launches));
      return 0;
    }
  return 2;
}
