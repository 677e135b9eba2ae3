// One kernel per run, chosen by name, under AddressSanitizer and UBSan. sanitizer_test.cpp runs it and reads the report.
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <vector>

#include "tests/simt/kernels.h"

using namespace simt_test;
using simt::Global;

namespace {

__global__ void past_static(unsigned past) {
  SIMT_SHARED(float, a, [32]);
  SIMT_SHARED(float, b, [32]);
  a[threadIdx.x] = b[threadIdx.x] = 0.0f;
  __syncthreads();
  float* first = a;  // as a function would get it: without its extent, which UBSan would check
  if (blockIdx.x == 2) first[threadIdx.x + past] = 1.0f;
}
__global__ void read_past_dynamic(unsigned past, Global<float> out) {
  simt::store(out, threadIdx.x, simt::dynamic_shared<float>()[threadIdx.x + past]);
}
__global__ void past_local(int past, Global<float> out) {
  float local[4] = {};
  volatile int k = static_cast<int>(threadIdx.x % 4) + past;
  local[k] = 1.0f;
  __syncthreads();
  simt::store(out, threadIdx.x, local[0]);
}
__global__ void misaligned_shared(unsigned offset, Global<float> out) {
  SIMT_SHARED(float, a, [64]);
  a[threadIdx.x] = 0.0f;
  __syncthreads();
  using Quad = simt::Vec<float, 4>;
  const Quad quad = *reinterpret_cast<const Quad*>(&a[offset]);
  simt::store(out, threadIdx.x, quad[0]);
}
__global__ void overflow_int(int start, Global<int> out) { simt::store(out, threadIdx.x, start + static_cast<int>(threadIdx.x)); }
__global__ void throws(bool really) {
  if (really && threadIdx.x == 3) throw std::runtime_error("from a kernel");
  __syncthreads();
}

std::vector<float> floats(256);
std::vector<int> ints(256);
/// The handle promises more than the array has: the second line of defence is the sanitizer's.
Global<float> out(std::int64_t promised = 256) { return simt::global(floats.data(), promised, "out"); }
__global__ void past_global(std::int64_t i, Global<float> array) {
  if (threadIdx.x == 5) simt::store(array, i, 1.0f);
}

struct Case {
  const char* name;
  void (*run)(bool wrong);
};
const Case kCases[] = {
    {"static_shared", [](bool wrong) { simt::launch({"past_static", 4, 32}, past_static, wrong); }},
    {"dynamic_shared", [](bool wrong) { simt::launch({"read_past_dynamic", 1, 32, 128}, read_past_dynamic, wrong, out()); }},
    {"local_array", [](bool wrong) { simt::launch({"past_local", 1, 32}, past_local, wrong, out()); }},
    {"global_array", [](bool wrong) { simt::launch({"past_global", 1, 32}, past_global, 255 + wrong, out(300)); }},
    {"misaligned_shared",
     [](bool wrong) { simt::launch({"misaligned_shared", 1, 32}, misaligned_shared, wrong ? 1 : 4, out()); }},
    {"integer_overflow",
     [](bool wrong) {
       simt::launch({"overflow_int", 1, 32}, overflow_int, wrong ? 0x7ffffff0 : 0, simt::global(ints.data(), 256, "ints"));
     }},
    {"exception", [](bool wrong) { simt::launch({"throws", 2, 64}, throws, wrong); }},
};

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) return 2;
  simt::options().os_threads = 1;
  for (const Case& it : kCases)
    if (std::strcmp(it.name, arguments[1]) == 0) {
      try {
        it.run(std::strcmp(arguments[2], "wrong") == 0);
      } catch (const simt::Error& error) {
        std::printf("%s\n", error.what());
      }
      // Fibers must still work, and nothing may have leaked, after an error.
      simt::launch({"sum_blocks", 1, 128}, sum_blocks<Bug::none>, simt::global(floats.data(), 256, "in"), out());
      std::printf("done\n");
      return 0;
    }
  return 2;
}
