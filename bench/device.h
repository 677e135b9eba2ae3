// Where calls run: the host, on which the emulator and the CPU contenders work, or a CUDA device.
#pragma once

#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bench/measure/sample.h"
#include "bench/measure/traffic_shape.h"
#include "core/array.h"
#include "core/variant.h"

namespace lossbench {

/// Work recorded once, to be replayed without its calls being made again: a CUDA graph. On the host, and for work that returns
/// through the host, the calls themselves.
class Recording {
 public:
  virtual ~Recording() = default;
  /// Kernels in it; -1 where the device cannot tell.
  virtual std::int64_t launches() const { return -1; }
};

/// The calls, kept to be made again: for work on the host, and for work that returns through it, which no graph can hold.
class RecordedCalls final : public Recording {
 public:
  explicit RecordedCalls(std::function<void()> work) : work_(std::move(work)) {}
  void run() const { work_(); }

 private:
  std::function<void()> work_;
};

class Device {
 public:
  virtual ~Device() = default;

  virtual Where where() const = 0;
  virtual std::string name() const = 0;
  /// Bytes of the last-level cache that repeated calls could read from instead of memory.
  virtual std::size_t cache_bytes() const = 0;
  /// Bytes that measuring may take at a time.
  virtual std::size_t memory_bytes() const = 0;
  /// What a record says of the device, as names and values: model, driver, clocks.
  virtual std::vector<std::pair<std::string, std::string>> facts() const = 0;

  virtual void* allocate(std::size_t bytes) = 0;  ///< 256-byte aligned
  virtual void release(void* data) noexcept = 0;
  virtual void upload(void* to, const void* from, std::size_t bytes) = 0;
  virtual void download(void* to, const void* from, std::size_t bytes) = 0;
  virtual void fill(void* data, unsigned char byte, std::size_t bytes) = 0;

  virtual Stream stream() = 0;
  /// Waits for everything that was enqueued.
  virtual void finish() = 0;
  /// Why nothing can be done on the device any more in this process: a kernel has left its memory, say. Waits; empty as long as all is well.
  virtual std::string lost() { return {}; }

  /// Records what `work` enqueues. A CUDA device records without running it, unless it is `synchronous`. `work` must stay callable
  /// as long as the recording lives.
  virtual std::unique_ptr<Recording> record(std::function<void()> work, bool synchronous) = 0;
  /// Enqueues the recorded work.
  virtual void replay(const Recording& recording) = 0;
  /// Times one replay, from an idle device to its end.
  virtual Timing time(const Recording& recording) = 0;
  /// Times one call that finds the device waiting and its arrays out of the cache: its latency.
  virtual Timing time_cold(const std::function<void()>& call) = 0;
  /// Enqueues what the ceilings are measured with: one pass of that shape over arrays of `bytes` bytes each, a multiple of 4096. A device
  /// may know several ways, none of which is always the fastest.
  virtual void stream_through(TrafficShape shape, const void* first, const void* second, void* out, std::size_t bytes, int way) = 0;
  virtual int ways_to_stream() const { return 1; }
  /// Enqueues a launch that does nothing.
  virtual void launch_nothing() = 0;
  /// Makes the cache forget what it was told to keep.
  virtual void forget_persisting_lines() {}
};

/// What is said of a case that failed on a device, which it may have lost by that; and of those after it.
inline constexpr const char* kLoses = "; the device is lost by that, and all that comes after";
inline std::string fault_on(Device& device, const std::exception& error) { return std::string(error.what()) + (device.lost().empty() ? "" : kLoses); }
inline std::string lost_before(const std::string& reason) { return "not run, because the device was lost before: " + reason; }

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
