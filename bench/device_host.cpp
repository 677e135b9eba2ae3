// The host as a device.
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <new>

#include "bench/device.h"
#include "bench/device_streams.h"
#include "bench/host_clock.h"
#include "core/host_cache.h"
#include "core/host_threads.h"

namespace lossbench {
namespace {

/// Times that the system took a core away from any thread of the process.
long preemptions() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_nivcsw;
}

/// For tests of whatever must hold on a machine that is never quiet: with LOSSBENCH_FORCE_THROTTLED=1 in the environment, every look at the
/// clock but the first few finds it at 60 to 80 % of what it was, and never twice alike.
double forced_sag() {
  static const char* const asked = std::getenv("LOSSBENCH_FORCE_THROTTLED");
  if (!asked || std::strcmp(asked, "1") != 0) return 1;
  static int looks = 0;
  return ++looks <= 4 ? 1 : 0.6 + 0.05 * (looks * 3 % 5);
}

/// Multiplications per second that a core gets done, as many at a time as it can: falls with its clock, and where another thread of the
/// machine shares the core, which a chain of dependent steps would hardly notice.
double measured_clock() {
  constexpr int kSteps = 1 << 14, kChains = 4;  // a multiplication takes three or four cycles, and one begins in each
  static volatile std::uint64_t seed = 1;      // volatile: nothing of this is known beforehand
  // asm: chains in registers. Anywhere else, or in vectors, the speed would depend on where the linker put what.
  const auto step = [](std::uint64_t& x) {
    x = x * 0x9e3779b97f4a7c15u ^ 1;
    asm volatile("" : "+r"(x));
  };
  const double start = host_now();
  std::uint64_t a = seed, b = a + 1, c = a + 2, d = a + 3;
  for (int i = 0; i < kSteps; ++i) step(a), step(b), step(c), step(d);
  seed = a | b | c | d;
  return kSteps * kChains / (host_now() - start) * forced_sag();
}

/// The value of "name : value" in a file of such lines; empty where there is none.
std::string field_of(const char* path, const std::string& name) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);)
    if (line.starts_with(name))
      if (const std::size_t colon = line.find(':'); colon != line.npos) {
        const std::size_t begin = line.find_first_not_of(" \t", colon + 1);
        return begin == line.npos ? "" : line.substr(begin);
      }
  return "";
}

std::string first_line(const char* path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

class HostDevice final : public Device {
 public:
  Where where() const override { return Where::host; }
  std::string name() const override {
    const std::string model = field_of("/proc/cpuinfo", "model name");
    return model.empty() ? "host" : model;
  }
  std::size_t cache_bytes() const override { return last_level_cache_bytes(); }
  std::size_t memory_bytes() const override {
    return static_cast<std::size_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<std::size_t>(sysconf(_SC_PAGESIZE)) / 4;
  }
  std::vector<std::pair<std::string, std::string>> facts() const override {
    utsname system{};
    uname(&system);
    std::vector<std::pair<std::string, std::string>> facts = {
        {"cpu", name()},
        {"cpu_threads", std::to_string(HostThreads::instance().size())},
        {"cpu_cache_bytes", std::to_string(cache_bytes())},
        {"memory", field_of("/proc/meminfo", "MemTotal")},
        {"system", std::string(system.sysname) + " " + system.release + " " + system.machine},
    };
    if (const std::string governor = first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"); !governor.empty())
      facts.push_back({"cpu_governor", governor});
    return facts;
  }

  void* allocate(std::size_t bytes) override {
    constexpr std::size_t kWorthwhile = 4 << 20, kHugePage = 2 << 20;
    const bool large = bytes >= kWorthwhile;
    const std::size_t alignment = large ? kHugePage : 256, size = (std::max<std::size_t>(bytes, 1) + alignment - 1) / alignment * alignment;
    void* data = std::aligned_alloc(alignment, size);
    if (!data) throw std::bad_alloc();
    if (!large) return data;
    // Huge pages: which small ones the system happens to give makes one process some percent slower than the next. A refusal changes nothing else.
    madvise(data, size, MADV_HUGEPAGE);
    // First touch by the cores that will read it, so that each finds its part in memory of its own.
    constexpr std::int64_t kPage = 4096;
    HostThreads::instance().run_range(static_cast<std::int64_t>(size), kHugePage, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t at = begin; at < end; at += kPage) static_cast<volatile char*>(data)[at] = 0;
    });
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

  std::unique_ptr<Recording> record(std::function<void()> work, bool) override { return std::make_unique<RecordedCalls>(std::move(work)); }
  void replay(const Recording& recording) override { dynamic_cast<const RecordedCalls&>(recording).run(); }
  Timing time(const Recording& recording) override {
    return timed([&] { replay(recording); });
  }
  Timing time_cold(const std::function<void()>& call) override {
    // The caller rotates through more arrays than the cache holds; what else was there, the cache's worth of reading has pushed out.
    return timed(call);
  }

  void stream_through(TrafficShape shape, const void* first, const void* second, void* out, std::size_t bytes, int way) override {
    host_stream(reads_of(shape), writes(shape), first, second, out, bytes, {.all_threads = way % 2 == 0, .hints = way >= 2});
  }
  int ways_to_stream() const override { return 4; }
  void launch_nothing() override {
    HostThreads::instance().run([](int) {});
  }

 private:
  /// The clock is looked at on both sides of the work, and the slower look counts: who shared the core at either, shared it in between.
  static Timing timed(const std::function<void()>& work) {
    const HostThreads::Pin pin;
    const double clock_before = measured_clock();
    const long before = preemptions();
    const double start = host_now();
    work();
    const double seconds = host_now() - start;
    const bool disturbed = preemptions() != before;
    return {seconds, seconds, std::min(clock_before, measured_clock()), disturbed};
  }

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
