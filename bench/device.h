// Where calls run: the host, on which the emulator and the CPU contenders work, or a CUDA device.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "core/array.h"
#include "core/variant.h"

namespace lossbench {

class Device {
 public:
  virtual ~Device() = default;

  virtual Where where() const = 0;
  virtual std::string name() const = 0;
  /// Bytes of the last-level cache that repeated calls could read from instead of memory.
  virtual std::size_t cache_bytes() const = 0;

  virtual void* allocate(std::size_t bytes) = 0;  ///< 256-byte aligned
  virtual void release(void* data) noexcept = 0;
  virtual void upload(void* to, const void* from, std::size_t bytes) = 0;
  virtual void download(void* to, const void* from, std::size_t bytes) = 0;
  virtual void fill(void* data, unsigned char byte, std::size_t bytes) = 0;

  virtual Stream stream() = 0;
  /// Waits for everything that was enqueued.
  virtual void finish() = 0;
  /// Seconds that `work` takes on the device's own clock, from an idle device to its end.
  virtual double seconds(const std::function<void()>& work) = 0;
};

Device& host_device();

/// The CUDA device, made at first use; null with `reason` where there is none.
Device* cuda_device(std::string& reason);

/// Device memory that frees itself.
class DeviceMemory {
 public:
  DeviceMemory(Device& device, std::size_t bytes) : device_(&device), data_(device.allocate(bytes)), bytes_(bytes) {}
  ~DeviceMemory() {
    if (data_) device_->release(data_);
  }
  DeviceMemory(DeviceMemory&& other) noexcept : device_(other.device_), data_(other.data_), bytes_(other.bytes_) { other.data_ = nullptr; }
  DeviceMemory& operator=(DeviceMemory&&) = delete;

  std::byte* data() const { return static_cast<std::byte*>(data_); }
  std::size_t bytes() const { return bytes_; }
  Device& device() const { return *device_; }

 private:
  Device* device_;
  void* data_;
  std::size_t bytes_;
};

}  // namespace lossbench
