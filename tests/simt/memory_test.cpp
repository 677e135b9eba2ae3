// Global memory through handles: what is read and written, and every access that must be refused.
#include <cstring>

#include "tests/simt/support.h"

using namespace simt_test;
using simt::Cache;
using simt::Global;

namespace {

template <class T, int N, Cache C>
__global__ void copy(Global<const T> in, Global<T> out, std::int64_t n) {
  const std::int64_t i = (std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x) * N;
  if (i < n) simt::store<C>(out, i, simt::load<N, C>(in, i));
}
template <class T, Cache C>
__global__ void copy_scalar(Global<const T> in, Global<T> out, std::int64_t n) {
  const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i < n) simt::store<C>(out, i, simt::load<C>(in, i));
}

template <class T>
void expect_copies(int (*number)(int)) {
  constexpr int kCount = 256;
  auto check = [&](auto kernel, unsigned threads) {
    DeviceArray<T> in("in", kCount), out("out", kCount);
    for (int i = 0; i < kCount; ++i) {
      const int value = number(i);
      std::memcpy(&in[i], &value, std::min(sizeof(T), sizeof value));
    }
    simt::launch({"copy", 1, threads}, kernel, in.input(), out.handle(), kCount);
    EXPECT_EQ(std::memcmp(&in[0], &out[0], kCount * sizeof(T)), 0);
  };
  constexpr int kWide = 16 / static_cast<int>(sizeof(T));
  check(copy_scalar<T, Cache::normal>, kCount);
  check(copy_scalar<T, Cache::streaming>, kCount);
  check(copy_scalar<T, Cache::l2>, kCount);
  check(copy<T, kWide, Cache::normal>, kCount / kWide);
  check(copy<T, kWide, Cache::streaming>, kCount / kWide);
  check(copy<T, kWide, Cache::l2>, kCount / kWide);
  check(copy<T, kWide / 2, Cache::normal>, kCount * 2 / kWide);
}

TEST(Accesses, CopyEveryTypeAndWidth) {
  const auto number = [](int i) { return i * 40503 + 7; };
  expect_copies<float>(number);
  expect_copies<double>(number);
  expect_copies<int>(number);
  expect_copies<std::int64_t>(number);
  expect_copies<simt::half>(number);
  expect_copies<simt::bfloat16>(number);
  expect_copies<std::uint8_t>(number);
}

TEST(Handles, SkipToAlignment) {
  DeviceArray<float> f("f", 16);
  DeviceArray<double> d("d", 16);
  DeviceArray<simt::half> h("h", 16);
  const int floats[] = {0, 3, 2, 1, 0}, halves[] = {0, 7, 6, 5, 4, 3, 2, 1, 0};
  for (int i = 0; i < 5; ++i) EXPECT_EQ(f.handle().offset(i).misalignment(), floats[i]);
  for (int i = 0; i < 9; ++i) EXPECT_EQ(h.handle().offset(i).misalignment(), halves[i]);
  EXPECT_EQ(d.handle().offset(1).misalignment(), 1);
  EXPECT_EQ(f.handle().offset(3).misalignment(32), 5);
  EXPECT_EQ(f.handle().offset(3).misalignment(8), 1);
  EXPECT_EQ(f.handle().offset(3).offset(-2).misalignment(), 3);
}

TEST(Handles, KnowWhetherThereIsAnArray) {
  DeviceArray<float> f("f", 1);
  EXPECT_FALSE(Global<float>());
  EXPECT_TRUE(f.handle());
  Global<const float> read_only = f.handle();
  EXPECT_TRUE(read_only);
  EXPECT_EQ(read_only.raw(), &f[0]);
}

constexpr int kFirstLine = __LINE__;
__global__ void load_past_end(Global<const float> in) { (void)simt::load(in, threadIdx.x + (blockIdx.x == 2)); }
__global__ void load_before_start(Global<const float> in) { (void)simt::load(in.offset(-1), threadIdx.x); }
__global__ void vector_past_end(Global<const float> in) { (void)simt::load<4>(in, threadIdx.x == 9 ? 32 : 0); }
__global__ void store_past_end(Global<float> out) { simt::store(out, threadIdx.x * 2, 1.0f); }
__global__ void atomic_past_end(Global<float> out) { simt::atomic_add(out, 1 << 20, 1.0f); }
__global__ void misaligned_load(Global<const float> in) { (void)simt::load<4>(in.offset(1), threadIdx.x % 4 * 4); }
__global__ void misaligned_store(Global<float> out) { simt::store(out, 2, simt::Vec<float, 4>{}); }
__global__ void null_load(Global<const float>) { (void)simt::load(Global<const float>(), 0); }

struct Misuse {
  const char* name;
  int line;
  std::vector<std::string> words;
};

template <class Kernel>
void expect_refused(const Misuse& misuse, Kernel kernel) {
  DeviceArray<float> array("input", 34);
  for (const simt::Options& schedule : schedules()) {
    simt::OptionsScope scope(schedule);
    const std::string message = expect_error([&] { simt::launch({misuse.name, 4, 32}, kernel, array.handle()); },
                                             {"kernel '" + std::string(misuse.name) + "'", "block (", "thread (",
                                              at_line("simt/memory_test.cpp", kFirstLine + misuse.line)});
    for (const std::string& word : misuse.words) EXPECT_NE(message.find(word), std::string::npos) << word << " in: " << message;
  }
}

TEST(BadAccesses, AreRefused) {
  expect_refused({"load_before_start", 2, {"load from `input` out of bounds: element -1 of 34", "thread (0,0,0)"}},
                 load_before_start);
  expect_refused({"vector_past_end", 3, {"element 32 … 35 of 34", "thread (9,0,0)"}}, vector_past_end);
  expect_refused({"store_past_end", 4, {"store to `input` out of bounds: element "}}, store_past_end);
  expect_refused({"atomic_past_end", 5, {"atomic on `input` out of bounds: element 1048576 of 34"}}, atomic_past_end);
  expect_refused({"misaligned_load", 6, {"misaligned load from `input`: element ", "multiple of 16 bytes"}}, misaligned_load);
  expect_refused({"misaligned_store", 7, {"misaligned store to `input`: element 2 "}}, misaligned_store);
  expect_refused({"null_load", 8, {"load from a null array"}}, null_load);
}

TEST(BadAccesses, NameTheBlockAndThread) {
  DeviceArray<float> array("input", 32);
  expect_error([&] { simt::launch({"load_past_end", 4, 32}, load_past_end, array.input()); },
               {"block (2,0,0)", "thread (31,0,0)", "element 32 of 32", at_line("simt/memory_test.cpp", kFirstLine + 1)});
}

TEST(FillZero, ClearsWhatItIsAskedTo) {
  DeviceArray<float> array("array", 8, 1.0f);
  simt::fill_zero(array.handle().offset(2), 3, nullptr);
  for (int i = 0; i < 8; ++i) EXPECT_EQ(array[i], i >= 2 && i < 5 ? 0.0f : 1.0f);
  simt::fill_zero(Global<float>(), 0, nullptr);
  expect_error([&] { simt::fill_zero(array.handle().offset(2), 7, nullptr); }, {"fill_zero", "7 elements", "`array`", "6"});
  expect_error([&] { simt::fill_zero(Global<float>(), 1, nullptr); }, {"fill_zero", "null"});
}

}  // namespace
