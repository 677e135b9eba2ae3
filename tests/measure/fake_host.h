// A host in a time of its own, as loud as a test wants it.
#pragma once

#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "bench/device.h"

namespace lossbench {

class FakeHost final : public Device {
 public:
  double memory_speed = 1e9;  ///< bytes per second
  std::function<double(double now)> clock = [](double) { return 3e9; };      ///< Hz, as its probe has it
  std::function<double(double now)> slowness = [](double) { return 1.0; };   ///< of all work that begins at a moment
  std::function<bool(double now)> disturbs = [](double) { return false; };

  double now() const {
    const std::lock_guard lock(mutex_);
    return now_;
  }
  /// Work of so many seconds is done.
  void work(double seconds) {
    const std::lock_guard lock(mutex_);
    now_ += seconds * slowness(now_);
  }

  Where where() const override { return Where::host; }
  std::string name() const override { return "fake host"; }
  std::size_t cache_bytes() const override { return 1 << 16; }
  std::size_t memory_bytes() const override { return std::size_t{1} << 30; }
  std::vector<std::pair<std::string, std::string>> facts() const override { return {}; }
  void* allocate(std::size_t bytes) override { return std::aligned_alloc(256, (bytes + 255) / 256 * 256); }
  void release(void* data) noexcept override { std::free(data); }
  void upload(void* to, const void* from, std::size_t bytes) override { moved(bytes), std::memcpy(to, from, bytes); }
  void download(void* to, const void* from, std::size_t bytes) override { moved(bytes), std::memcpy(to, from, bytes); }
  void fill(void* data, unsigned char byte, std::size_t bytes) override { moved(bytes), std::memset(data, byte, bytes); }
  Stream stream() override { return nullptr; }
  void finish() override {}
  std::unique_ptr<Recording> record(std::function<void()> work, bool) override { return std::make_unique<RecordedCalls>(std::move(work)); }
  void replay(const Recording& recording) override { dynamic_cast<const RecordedCalls&>(recording).run(); }
  Timing time(const Recording& recording) override {
    return time_cold([&] { replay(recording); });
  }
  Timing time_cold(const std::function<void()>& call) override {
    const double start = now();
    call();
    const double seconds = now() - start;
    work(5e-5);  // of the probes
    return {seconds, seconds, clock(now()), disturbs(now())};
  }
  void stream_through(TrafficShape shape, const void*, const void*, void*, std::size_t bytes, int way) override {
    work(static_cast<double>(arrays_of(shape)) * static_cast<double>(bytes) / memory_speed * (1 + way));
  }
  int ways_to_stream() const override { return 4; }
  void launch_nothing() override { work(1e-6); }

 private:
  void moved(std::size_t bytes) {
    if (bytes) work(static_cast<double>(bytes) / memory_speed);
  }

  mutable std::mutex mutex_;
  double now_ = 1000;
};

}  // namespace lossbench
