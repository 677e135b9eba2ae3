// The host as a device.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <new>

#include "bench/device.h"

namespace lossbench {
namespace {

class HostDevice final : public Device {
 public:
  Where where() const override { return Where::host; }
  std::string name() const override { return "host"; }
  std::size_t cache_bytes() const override {
    const long bytes = sysconf(_SC_LEVEL3_CACHE_SIZE);
    return bytes > 0 ? static_cast<std::size_t>(bytes) : 0;
  }

  void* allocate(std::size_t bytes) override {
    void* data = std::aligned_alloc(256, (std::max<std::size_t>(bytes, 1) + 255) / 256 * 256);
    if (!data) throw std::bad_alloc();
    return data;
  }
  void release(void* data) noexcept override { std::free(data); }
  void upload(void* to, const void* from, std::size_t bytes) override { copy(to, from, bytes); }
  void download(void* to, const void* from, std::size_t bytes) override { copy(to, from, bytes); }
  void fill(void* data, unsigned char byte, std::size_t bytes) override {
    if (bytes) std::memset(data, byte, bytes);
  }

  Stream stream() override { return nullptr; }
  void finish() override {}
  double seconds(const std::function<void()>& work) override {
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }

 private:
  static void copy(void* to, const void* from, std::size_t bytes) {
    if (bytes) std::memcpy(to, from, bytes);
  }
};

}  // namespace

Device& host_device() {
  static HostDevice device;
  return device;
}

}  // namespace lossbench
