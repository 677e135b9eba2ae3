// What the emulator's tests share: arrays with handles, the schedules to visit, and expectations about errors.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "simt/simt.h"

namespace simt_test {

/// A host array that plays device memory: 256-byte aligned, as cudaMalloc's are, and named.
template <class T>
class DeviceArray {
 public:
  DeviceArray(const char* name, std::int64_t count, T value = {})
      : name_(name),
        count_(count),
        memory_(static_cast<T*>(::operator new(static_cast<std::size_t>(count) * sizeof(T), kAlignment))) {
    for (std::int64_t i = 0; i < count; ++i) memory_.get()[i] = value;
  }

  simt::Global<T> handle() { return simt::global(memory_.get(), count_, name_); }
  simt::Global<const T> input() { return handle(); }
  T& operator[](std::int64_t i) { return memory_.get()[i]; }
  std::int64_t size() const { return count_; }
  void fill(T value) { for (std::int64_t i = 0; i < count_; ++i) memory_.get()[i] = value; }

 private:
  static constexpr std::align_val_t kAlignment{256};
  struct Free {
    void operator()(T* memory) const { ::operator delete(memory, kAlignment); }
  };
  const char* name_;
  std::int64_t count_;
  std::unique_ptr<T, Free> memory_;
};

#if defined(__SANITIZE_THREAD__)
inline constexpr bool kRaceChecker = true;
#else
inline constexpr bool kRaceChecker = false;
#endif
#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool kAddressChecker = true;
#else
inline constexpr bool kAddressChecker = false;
#endif

/// The schedules every correct kernel must agree under: ascending, descending and 20 random ones, half of them preemptive. The
/// race checker is slow, and sees races without their help: 2 random ones are enough for it.
inline std::vector<simt::Options> schedules() {
  std::vector<simt::Options> list;
  for (unsigned os_threads : {1u, 2u}) {
    list.push_back({.order = simt::Order::ascending, .os_threads = os_threads});
    list.push_back({.order = simt::Order::descending, .os_threads = os_threads});
  }
  for (std::uint64_t seed = 1; seed <= (kRaceChecker ? 2 : 20); ++seed)
    list.push_back({.order = simt::Order::random,
                    .seed = seed,
                    .preempt = seed % 2 ? 0.1 : 0.0,
                    .os_threads = seed % 3 == 0 ? 2u : 1u});
  return list;
}

/// Runs `launch` and expects a simt::Error whose message has every one of `parts`; returns the message.
template <class F>
std::string expect_error(F launch, std::initializer_list<std::string> parts) {
  try {
    launch();
  } catch (const simt::Error& error) {
    const std::string message = error.what();
    for (const std::string& part : parts)
      EXPECT_NE(message.find(part), std::string::npos) << "no \"" << part << "\" in: " << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    return message;
  }
  ADD_FAILURE() << "no error";
  return {};
}

/// "support.h:12", as errors write it.
inline std::string at_line(const char* file, int line) { return std::string(file) + ":" + std::to_string(line); }

}  // namespace simt_test

/// Kernels that race on purpose, or read out of bounds, are for the plain build: a sanitizer would report them and end the test.
#define SKIP_UNDER_RACE_CHECKER() \
  if (simt_test::kRaceChecker) GTEST_SKIP() << "races on purpose"
#define SKIP_UNDER_ADDRESS_CHECKER() \
  if (simt_test::kAddressChecker) GTEST_SKIP() << "out of bounds on purpose"
