// A CUDA device: memory, one stream, graphs, and time between events. Compiled by the host compiler: its two kernels are apart, so
// that the tests can run this very text over a CUDA runtime of their own.
#include <cuda_runtime.h>

#include <algorithm>
#include <stdexcept>

#include "bench/device.h"
#include "bench/device_cuda_graph.h"
#include "bench/device_kernels.h"
#include "bench/device_streams.h"
#include "bench/host_clock.h"
#include "registry/list_json.h"

namespace lossbench {
namespace {

// Long against the timer's step of up to 1 us, short against a sample.
constexpr long long kProbeNanoseconds = 100'000;
// A host that takes longer to enqueue a call than this has lost its core; the sample shows it.
constexpr long long kLongestHold = 20'000'000;
// Kernels of a graph that is launched into a held stream, to begin with: nobody says how many a queue has room for.
constexpr std::int64_t kMostHeld = 4096;

class CudaDevice final : public Device {
 public:
  CudaDevice() {
    check(cudaSetDevice(0), "cudaSetDevice");
    check(cudaGetDeviceProperties(&properties_, 0), "cudaGetDeviceProperties");
    check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "cudaStreamCreate");
    check(cudaEventCreate(&start_), "cudaEventCreate");
    check(cudaEventCreate(&stop_), "cudaEventCreate");
    void* shared = nullptr;
    check(cudaHostAlloc(&shared, sizeof(ClockReading), cudaHostAllocMapped), "cudaHostAlloc");
    reading_ = static_cast<ClockReading*>(shared);
    check(cudaHostAlloc(&shared, sizeof(int), cudaHostAllocMapped), "cudaHostAlloc");
    gate_ = static_cast<int*>(shared);
    sink_ = allocate(sizeof(unsigned));
    facts_ = ask_facts();
    cuda_empty(stream_);  // this build may have no code for this card
    finish();
    // Lines that someone made persistent would serve reads that ought to go to memory. Nothing here makes any, so a card that has none, or does
    // not let a process set the limit (an instance of MIG, a server of MPS), is measured all the same.
    if (properties_.persistingL2CacheMaxSize > 0 && cudaDeviceSetLimit(cudaLimitPersistingL2CacheSize, 0) != cudaSuccess) cudaGetLastError();
  }
  // The one CudaDevice lives to the end of the process, when the driver may be gone already: nothing is destroyed.

  Where where() const override { return Where::cuda; }
  std::string name() const override { return properties_.name; }
  std::size_t cache_bytes() const override { return static_cast<std::size_t>(properties_.l2CacheSize); }
  std::size_t memory_bytes() const override {
    std::size_t free = 0, total = 0;
    check(cudaMemGetInfo(&free, &total), "cudaMemGetInfo");
    return free / 10 * 9;
  }
  /// Asked at the beginning, because a lost device answers nothing.
  std::vector<std::pair<std::string, std::string>> facts() const override { return facts_; }
  std::string lost() override {
    cudaGetLastError();
    const cudaError_t error = cudaStreamSynchronize(stream_);
    return error == cudaSuccess ? std::string() : cudaGetErrorString(error);
  }

  void* allocate(std::size_t bytes) override {
    void* data = nullptr;
    check(cudaMalloc(&data, std::max<std::size_t>(bytes, 1)), "cudaMalloc");
    return data;
  }
  void release(void* data) noexcept override { cudaFree(data); }
  void upload(void* to, const void* from, std::size_t bytes) override { copy(to, from, bytes, cudaMemcpyHostToDevice); }
  void download(void* to, const void* from, std::size_t bytes) override { copy(to, from, bytes, cudaMemcpyDeviceToHost); }
  void fill(void* data, unsigned char byte, std::size_t bytes) override {
    if (bytes) check(cudaMemsetAsync(data, byte, bytes, stream_), "cudaMemsetAsync");
  }

  Stream stream() override { return stream_; }
  void finish() override { check(cudaStreamSynchronize(stream_), "cudaStreamSynchronize"); }

  std::unique_ptr<Recording> record(std::function<void()> work, bool synchronous) override {
    if (synchronous) return std::make_unique<RecordedCalls>(std::move(work));
    cudaGraph_t graph = nullptr;
    // Relaxed: a kernel's first launch may load its module, which a stricter mode forbids.
    check(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeRelaxed), "cudaStreamBeginCapture");
    try {
      work();
    } catch (...) {
      cudaStreamEndCapture(stream_, &graph);
      if (graph) cudaGraphDestroy(graph);
      throw;
    }
    check(cudaStreamEndCapture(stream_, &graph), "cudaStreamEndCapture");
    auto recording = std::make_unique<Graph>(graph);
    check(cudaGraphUpload(recording->executable(), stream_), "cudaGraphUpload");  // else the first replay would wait for that
    return recording;
  }
  void replay(const Recording& recording) override {
    if (const auto* graph = dynamic_cast<const Graph*>(&recording)) check(cudaGraphLaunch(graph->executable(), stream_), "cudaGraphLaunch");
    else dynamic_cast<const RecordedCalls&>(recording).run();
  }
  Timing time(const Recording& recording) override {
    finish();
    // Held until all is enqueued: else the time that the host takes to launch a graph, microseconds of a millisecond, would count.
    const std::int64_t launches = recording.launches();
    const bool held = launches > 0 && launches <= most_held_;
    if (held) hold();
    const Timing timing = between_events([&] { replay(recording); }, held);
    // The host waited until the hold gave up: twice in a row, and the queue has no room for so many. Such a sample is as good as any, but slow
    // to take.
    in_vain_ = held && timing.wall - timing.seconds > 0.9e-9 * static_cast<double>(kLongestHold) ? in_vain_ + 1 : 0;
    if (in_vain_ == 2) most_held_ = launches / 2;
    return timing;
  }
  Timing time_cold(const std::function<void()>& call) override {
    finish();
    hold();
    return between_events([&] { call(); }, true);
  }
  void stream_through(TrafficShape shape, const void* first, const void* second, void* out, std::size_t bytes, int) override {
    cuda_stream(reads_of(shape), writes(shape), first, second, out, bytes, sink_, stream_);
  }
  void launch_nothing() override { cuda_empty(stream_); }
  void forget_persisting_lines() override {
    if (properties_.persistingL2CacheMaxSize > 0 && cudaCtxResetPersistingL2Cache() != cudaSuccess) cudaGetLastError();
  }

 private:
  std::vector<std::pair<std::string, std::string>> ask_facts() const {
    const auto version = [](int number) { return std::to_string(number / 1000) + "." + std::to_string(number % 1000 / 10); };
    const auto megahertz = [](cudaDeviceAttr attribute) {
      int kilohertz = 0;
      check(cudaDeviceGetAttribute(&kilohertz, attribute, 0), "cudaDeviceGetAttribute");
      return std::to_string(kilohertz / 1000) + " MHz";
    };
    int driver = 0, runtime = 0;
    check(cudaDriverGetVersion(&driver), "cudaDriverGetVersion");
    check(cudaRuntimeGetVersion(&runtime), "cudaRuntimeGetVersion");
    return {{"gpu", properties_.name},
            {"gpu_capability", std::to_string(properties_.major) + "." + std::to_string(properties_.minor)},
            {"gpu_multiprocessors", std::to_string(properties_.multiProcessorCount)},
            {"gpu_memory_bytes", std::to_string(properties_.totalGlobalMem)},
            {"gpu_l2_bytes", std::to_string(properties_.l2CacheSize)},
            {"gpu_highest_clock", megahertz(cudaDevAttrClockRate)},
            {"gpu_memory_clock", megahertz(cudaDevAttrMemoryClockRate)},
            {"cuda_driver", version(driver)},
            {"cuda_runtime", version(runtime)}};
  }

  void hold() {
    *gate_ = 0;
    launch_hold(gate_, kLongestHold, stream_);
  }

  template <class Work>
  Timing between_events(const Work& work, bool release = false) {
    const double start = host_now();
    check(cudaEventRecord(start_, stream_), "cudaEventRecord");
    try {
      work();
    } catch (...) {
      if (release) *gate_ = 1;
      throw;
    }
    check(cudaEventRecord(stop_, stream_), "cudaEventRecord");
    if (release) *gate_ = 1;
    check(cudaEventSynchronize(stop_), "cudaEventSynchronize");
    const double wall = host_now() - start;
    float milliseconds = 0;
    check(cudaEventElapsedTime(&milliseconds, start_, stop_), "cudaEventElapsedTime");
    return {static_cast<double>(milliseconds) * 1e-3, wall, clock(), false};
  }

  /// The clock that the multiprocessors run at just now, in Hz.
  double clock() {
    launch_clock_probe(reading_, kProbeNanoseconds, stream_);
    finish();
    return reading_->nanoseconds > 0 ? static_cast<double>(reading_->cycles) / static_cast<double>(reading_->nanoseconds) * 1e9 : 0;
  }

  void copy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
    if (!bytes) return;
    check(cudaMemcpyAsync(to, from, bytes, kind, stream_), "cudaMemcpyAsync");
    finish();
  }

  cudaDeviceProp properties_{};
  std::vector<std::pair<std::string, std::string>> facts_;
  cudaStream_t stream_ = nullptr;
  cudaEvent_t start_ = nullptr, stop_ = nullptr;
  ClockReading* reading_ = nullptr;
  volatile int* gate_ = nullptr;
  void* sink_ = nullptr;
  std::int64_t most_held_ = kMostHeld;
  int in_vain_ = 0;  ///< holds, one after another
};

}  // namespace

Device* cuda_device(std::string& reason) {
  int count = 0;
  if (const cudaError_t error = cudaGetDeviceCount(&count); error != cudaSuccess || count == 0) {
    int driver = 0;
    cudaDriverGetVersion(&driver);
    reason = no_cuda_device(driver, error == cudaSuccess ? nullptr : cudaGetErrorString(error));
    return nullptr;
  }
  static std::string failure;
  static CudaDevice* const device = []() -> CudaDevice* {
    try {
      return new CudaDevice;
    } catch (const std::exception& error) {
      failure = error.what();
      return nullptr;
    }
  }();
  if (!device) reason = "the CUDA device cannot be used (" + failure + ")";
  return device;
}

}  // namespace lossbench
