// A CUDA runtime without a card, for the tests of bench/device_cuda.cpp: the calls that it makes, on host memory and in a time of its
// own. Kernels are functions with a duration; a stream runs them at once, or, while it is being captured, not at all. Calls that the real
// runtime refuses during a capture are refused.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <set>
#include <string>
#include <vector>

enum cudaError_t {
  cudaSuccess = 0,
  cudaErrorInvalidValue = 1,
  cudaErrorMemoryAllocation = 2,
  cudaErrorIllegalAddress = 700,
  cudaErrorNotSupported = 801,
  cudaErrorStreamCaptureUnsupported = 900,
  cudaErrorUnknown = 999,
};

namespace fake_cuda {

struct Node {
  bool kernel;
  double seconds;
  std::function<void()> work;
};

struct Graph { std::vector<Node> nodes; };
struct Stream { Graph* capture = nullptr; };
struct Event { double at = -1; };

/// The one machine. Tests set its traits; everything else follows from the calls made.
struct Machine {
  double now = 1;                       ///< seconds of the device's and of the host's clock
  double memory_speed = 1e12;           ///< bytes per second that stream_through reaches …
  double launch_latency = 0;            ///< … after so many seconds
  std::function<double(double)> clock_hz = [](double) { return 1.98e9; };  ///< at a moment
  std::function<double(double)> slowness = [](double) { return 1.0; };     ///< of every kernel that begins at a moment: a neighbour in the memory
  bool held = false;                    ///< a hold kernel waits for its gate
  const volatile int* gate = nullptr;
  std::set<void*> allocations;
  long long launches = 0;
  int persisting_resets = 0;
  bool persisting_limit_zero = false;
  bool between_events = false;          ///< after one event was recorded and before the next: something is being timed
  double graph_launch = 0;              ///< seconds that the host takes to launch a graph
  std::size_t queue = 1 << 20;          ///< kernels that a held stream takes before the host must wait for room
  double longest_hold = 20e-3;
  double host_ahead = 0;                ///< of the host's clock: it waited while the device did nothing that is timed
  int waits_for_room = 0;
  bool refuses_persisting = false;      ///< as an instance of MIG does
  cudaError_t last_error = cudaSuccess; ///< of any call, until somebody asks
  bool lost = false;                    ///< a kernel has left its memory: everything fails from now on
};

inline Machine& machine() {
  static Machine machine;
  return machine;
}

inline void enqueue(Stream* stream, Node node) {
  if (stream->capture) {
    stream->capture->nodes.push_back(std::move(node));
    return;
  }
  if (machine().lost) return;
  machine().launches += node.kernel;
  if (node.work) node.work();
  machine().now += node.seconds * machine().slowness(machine().now);
}

/// What <<<>>> is elsewhere.
inline void launch(void* stream, double seconds, std::function<void()> work) {
  enqueue(static_cast<Stream*>(stream), {true, seconds, std::move(work)});
}

/// Set while any stream is captured.
inline int& captures() {
  static int count = 0;
  return count;
}

/// What every call ends with.
inline cudaError_t report(cudaError_t error) {
  if (machine().lost) error = cudaErrorIllegalAddress;
  if (error != cudaSuccess) machine().last_error = error;
  return error;
}

/// Where the stream would never go on, the real thing hangs; here it is an error.
inline cudaError_t settle() {
  if (machine().lost) return report(cudaErrorIllegalAddress);
  if (captures()) return cudaErrorStreamCaptureUnsupported;
  if (machine().held && *machine().gate == 0) return cudaErrorUnknown;
  machine().held = false;
  return cudaSuccess;
}

}  // namespace fake_cuda

using cudaStream_t = fake_cuda::Stream*;
using cudaEvent_t = fake_cuda::Event*;
using cudaGraph_t = fake_cuda::Graph*;
using cudaGraphExec_t = fake_cuda::Graph*;
using cudaGraphNode_t = const fake_cuda::Node*;

struct cudaDeviceProp {
  char name[256];
  int major, minor, multiProcessorCount, l2CacheSize, persistingL2CacheMaxSize;
  std::size_t totalGlobalMem;
};
enum cudaMemcpyKind { cudaMemcpyHostToDevice, cudaMemcpyDeviceToHost };
enum cudaLimit { cudaLimitPersistingL2CacheSize };
enum cudaStreamCaptureMode { cudaStreamCaptureModeRelaxed };
enum cudaDeviceAttr { cudaDevAttrClockRate, cudaDevAttrMemoryClockRate };
enum cudaGraphNodeType { cudaGraphNodeTypeKernel, cudaGraphNodeTypeMemset };
constexpr unsigned cudaStreamNonBlocking = 1, cudaHostAllocMapped = 2;

inline const char* cudaGetErrorString(cudaError_t error) {
  return error == cudaErrorStreamCaptureUnsupported ? "operation not permitted when stream is capturing"
         : error == cudaErrorIllegalAddress         ? "an illegal memory access was encountered"
                                                    : "fake CUDA error";
}
inline cudaError_t cudaGetDeviceCount(int* count) { return *count = 1, cudaSuccess; }
inline cudaError_t cudaSetDevice(int) { return cudaSuccess; }
inline cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int) {
  *properties = {"Fake card", 9, 0, 132, 1 << 16, 1 << 16, std::size_t{1} << 30};
  return cudaSuccess;
}
inline cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr, int) { return *value = 1980000, fake_cuda::report(cudaSuccess); }
inline cudaError_t cudaDriverGetVersion(int* version) { return *version = 13000, cudaSuccess; }
inline cudaError_t cudaRuntimeGetVersion(int* version) { return *version = 12040, cudaSuccess; }
inline cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total) { return *free = *total = std::size_t{1} << 30, cudaSuccess; }
inline cudaError_t cudaDeviceSetLimit(cudaLimit, std::size_t bytes) {
  fake_cuda::machine().persisting_limit_zero = bytes == 0;
  return fake_cuda::report(fake_cuda::machine().refuses_persisting ? cudaErrorNotSupported : cudaSuccess);
}
inline cudaError_t cudaCtxResetPersistingL2Cache() {
  ++fake_cuda::machine().persisting_resets;
  if (fake_cuda::machine().refuses_persisting) return fake_cuda::report(cudaErrorNotSupported);
  return fake_cuda::settle();
}

inline cudaError_t cudaMalloc(void** data, std::size_t bytes) {
  if (fake_cuda::captures()) return cudaErrorStreamCaptureUnsupported;
  if (fake_cuda::machine().lost) return fake_cuda::report(cudaErrorIllegalAddress);
  if (bytes > std::size_t{1} << 40) return fake_cuda::report(cudaErrorMemoryAllocation);
  *data = std::aligned_alloc(256, (bytes + 255) / 256 * 256);
  fake_cuda::machine().allocations.insert(*data);
  return cudaSuccess;
}
inline cudaError_t cudaFree(void* data) {
  if (!fake_cuda::machine().allocations.erase(data)) return cudaErrorInvalidValue;
  std::free(data);
  return cudaSuccess;
}
inline cudaError_t cudaHostAlloc(void** data, std::size_t bytes, unsigned) { return *data = std::calloc(1, bytes), cudaSuccess; }
inline cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind, cudaStream_t stream) {
  fake_cuda::enqueue(stream, {false, 0, [=] { std::memcpy(to, from, bytes); }});
  return cudaSuccess;
}
inline cudaError_t cudaMemsetAsync(void* data, int byte, std::size_t bytes, cudaStream_t stream) {
  fake_cuda::enqueue(stream, {false, 0, [=] { std::memset(data, byte, bytes); }});
  return cudaSuccess;
}

inline cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) { return *stream = new fake_cuda::Stream, cudaSuccess; }
inline cudaError_t cudaStreamSynchronize(cudaStream_t) { return fake_cuda::settle(); }
inline cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode) {
  if (stream->capture) return cudaErrorInvalidValue;
  stream->capture = new fake_cuda::Graph;
  ++fake_cuda::captures();
  return cudaSuccess;
}
inline cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  if (!stream->capture) return cudaErrorInvalidValue;
  *graph = stream->capture;
  stream->capture = nullptr;
  --fake_cuda::captures();
  return cudaSuccess;
}
inline cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph, unsigned long long) {
  return *executable = new fake_cuda::Graph(*graph), cudaSuccess;
}
inline cudaError_t cudaGraphGetNodes(cudaGraph_t graph, cudaGraphNode_t* nodes, std::size_t* count) {
  if (nodes)
    for (std::size_t i = 0; i < *count; ++i) nodes[i] = &graph->nodes[i];
  *count = graph->nodes.size();
  return cudaSuccess;
}
inline cudaError_t cudaGraphNodeGetType(cudaGraphNode_t node, cudaGraphNodeType* type) {
  return *type = node->kernel ? cudaGraphNodeTypeKernel : cudaGraphNodeTypeMemset, cudaSuccess;
}
inline cudaError_t cudaGraphLaunch(cudaGraphExec_t graph, cudaStream_t stream) {
  fake_cuda::Machine& machine = fake_cuda::machine();
  if (machine.held && graph->nodes.size() > machine.queue) machine.held = false, ++machine.waits_for_room, machine.host_ahead += machine.longest_hold;
  if (!machine.held) machine.now += machine.graph_launch;  // the stream idles meanwhile
  for (const fake_cuda::Node& node : graph->nodes) fake_cuda::enqueue(stream, node);
  return fake_cuda::report(cudaSuccess);
}
inline cudaError_t cudaGraphUpload(cudaGraphExec_t, cudaStream_t) { return fake_cuda::settle(); }
inline cudaError_t cudaGraphExecDestroy(cudaGraphExec_t graph) { return delete graph, cudaSuccess; }
inline cudaError_t cudaGraphDestroy(cudaGraph_t graph) { return delete graph, cudaSuccess; }

inline cudaError_t cudaEventCreate(cudaEvent_t* event) { return *event = new fake_cuda::Event, cudaSuccess; }
inline cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t) {
  fake_cuda::machine().between_events = !fake_cuda::machine().between_events;
  return event->at = fake_cuda::machine().now, cudaSuccess;
}
inline cudaError_t cudaEventSynchronize(cudaEvent_t event) { return event->at < 0 ? cudaErrorInvalidValue : fake_cuda::settle(); }
inline cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t start, cudaEvent_t stop) {
  *milliseconds = static_cast<float>((stop->at - start->at) * 1e3);
  return cudaSuccess;
}
inline cudaError_t cudaGetLastError() {
  const cudaError_t error = fake_cuda::machine().lost ? cudaErrorIllegalAddress : fake_cuda::machine().last_error;
  fake_cuda::machine().last_error = cudaSuccess;
  return error;
}
