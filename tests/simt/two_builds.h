// One text, two builds: the same kernels and the same host code, run by the emulator and by a GPU, must give the same bits.
#pragma once

#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "tests/simt/kernels.h"

namespace simt_test::inline SIMT_BUILD {

/// Memory a kernel can use: the device's, or the host's for the emulator. Starts as a copy of `values`.
template <class T>
class Buffer {
 public:
#if defined(__CUDACC__)
  explicit Buffer(const std::vector<T>& values) : count_(values.size()) {
    simt::check(cudaMalloc(&data_, count_ * sizeof(T)), "cudaMalloc");
    simt::check(cudaMemcpy(data_, values.data(), count_ * sizeof(T), cudaMemcpyHostToDevice), "cudaMemcpy");
  }
  ~Buffer() { cudaFree(data_); }
  std::vector<T> values() const {
    std::vector<T> copy(count_);
    simt::check(cudaMemcpy(copy.data(), data_, count_ * sizeof(T), cudaMemcpyDeviceToHost), "cudaMemcpy");
    return copy;
  }
#else
  explicit Buffer(const std::vector<T>& values) : count_(values.size()), data_(new (std::align_val_t(256)) T[count_]) {
    std::memcpy(data_, values.data(), count_ * sizeof(T));
  }
  ~Buffer() { ::operator delete[](data_, std::align_val_t(256)); }
  std::vector<T> values() const { return {data_, data_ + count_}; }
#endif
  explicit Buffer(std::size_t count) : Buffer(std::vector<T>(count)) {}
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  simt::Global<T> handle() const { return simt::global(data_, static_cast<std::int64_t>(count_), "buffer"); }

 private:
  std::size_t count_;
  T* data_ = nullptr;
};

/// Every warp operation and voting barrier, on values that differ between lanes.
__global__ void every_warp_operation(simt::Global<const float> in, simt::Global<float> out) {
  constexpr unsigned kAll = 0xffffffffu;
  const float v = simt::load(in, threadIdx.x);
  const unsigned u = __float_as_uint(v);
  const int width = 1 << (threadIdx.x / 32 % 6);
  const float results[] = {__shfl_sync(kAll, v, 37, width),
                           __shfl_up_sync(kAll, v, 3, width),
                           __shfl_down_sync(kAll, v, 5, width),
                           __shfl_xor_sync(kAll, v, 6, width),
                           __uint_as_float(__ballot_sync(kAll, v > 0.01f)),
                           __int_as_float(__any_sync(kAll, v > 0.9f)),
                           __int_as_float(__all_sync(kAll, v > 0.0f)),
                           __uint_as_float(__match_any_sync(kAll, u % 5)),
                           __uint_as_float(__reduce_add_sync(kAll, u)),
                           __uint_as_float(__reduce_min_sync(kAll, u)),
                           __int_as_float(__reduce_max_sync(kAll, static_cast<int>(u))),
                           __uint_as_float(__reduce_xor_sync(kAll, u)),
                           __int_as_float(__syncthreads_count(v > 0.02f)),
                           __int_as_float(__syncthreads_and(v > 0.0f)),
                           __int_as_float(__syncthreads_or(v > 2.0f))};
  for (int k = 0; k < 15; ++k) simt::store(out, k * static_cast<int>(blockDim.x) + threadIdx.x, results[k]);
}

/// Rounds to the 16-bit types from float and from double, eight and four at a time; arithmetic with and without contraction.
__global__ void every_number(simt::Global<const float> in, simt::Global<simt::half> halves, simt::Global<simt::bfloat16> bfloats,
                             simt::Global<float> out) {
  const std::int64_t i = threadIdx.x;
  const simt::Vec<float, 4> x = simt::load<4, simt::Cache::streaming>(in, 4 * i);
  simt::Vec<simt::half, 8> h;
  simt::Vec<simt::bfloat16, 4> b;
  simt::Vec<float, 4> y;
  for (int k = 0; k < 4; ++k) {
    h[k] = simt::from_float<simt::half>(x[k] * 70000.0f);
    h[k + 4] = simt::from_float<simt::half>(1.0 / (1.0 + static_cast<double>(x[k])) * 1e-6);
    b[k] = simt::from_float<simt::bfloat16>(static_cast<double>(x[k]) * 1e-39);
    const float widened = simt::to_float(h[k + 4]) + simt::to_float(simt::from_float<simt::bfloat16>(x[k]));
    y[k] = __fmaf_rn(x[k], x[k], widened * x[k] + __fdiv_rn(x[k], 3.0f));
  }
  simt::store(halves, 8 * i, h);
  simt::store<simt::Cache::streaming>(bfloats, 4 * i, b);
  simt::store(out, 4 * i, y);
}

/// Runs everything and returns all results as bits.
inline std::vector<std::uint32_t> run_everything() {
  constexpr int kCount = 4096, kThreads = 192;
  std::vector<float> numbers(kCount);
  for (int i = 0; i < kCount; ++i) numbers[static_cast<std::size_t>(i)] = 1.0f / static_cast<float>(1 + i * 7 % 1013);
  const Buffer<float> in(numbers), partial(8), out(kCount);
  const Buffer<simt::half> halves(1024);
  const Buffer<simt::bfloat16> bfloats(512);
  const Buffer<unsigned> ticket(1), counts(4);

  std::vector<std::uint32_t> bits;
  const auto keep = [&bits](const auto& values) {
    for (const auto& value : values) {
      std::uint32_t word = 0;
      std::memcpy(&word, &value, sizeof value);
      bits.push_back(word);
    }
  };
  simt::launch({"every_warp_operation", 1, kThreads}, every_warp_operation, in.handle(), out.handle());
  keep(out.values());
  simt::launch({"every_number", 1, 128}, every_number, in.handle(), halves.handle(), bfloats.handle(), out.handle());
  keep(out.values());
  keep(halves.values());
  keep(bfloats.values());
  simt::fill_zero(ticket.handle(), 1, nullptr);
  simt::launch({"last_block_sum", 8, 256}, last_block_sum<Bug::none>, in.handle(), kCount, partial.handle(), ticket.handle(),
               out.handle());
  keep(out.values());
  simt::launch({"two_sums", 1, 256}, two_sums<Bug::none>, in.handle(), out.handle());
  keep(out.values());
  simt::launch({"count_threads", 4, 320}, count_threads<true>, counts.handle());
  keep(counts.values());
  return bits;
}

}  // namespace simt_test::inline SIMT_BUILD
