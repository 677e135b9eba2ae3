// From a launch to blocks on OS threads.
#include "simt/emulator/launch.h"

#include <algorithm>
#include <exception>
#include <memory>
#include <numeric>
#include <random>

#include "simt/emulator/gang.h"
#include "simt/emulator/pool.h"

namespace simt::inline SIMT_BUILD {

namespace {

// Waking the pool costs 65 us, about what this many CUDA threads take to run.
constexpr std::uint64_t kTinyGrid = 1024;
constexpr unsigned kPortableCluster = 8;
// The race checker's fibers stay with an OS thread, and there are 8128 of them at most: one OS thread, two sets of 1024.
// Blocks alternate between the sets: two blocks in a row are then not ordered by having run on the same fibers.
constexpr unsigned kSets = SIMT_TSAN ? 2 : 1;

thread_local Options host_options;
thread_local Counters latest;
constinit thread_local SerialWork most_serial;

Gang& gang_of_this_thread(unsigned set) {
  thread_local std::unique_ptr<Gang> gangs[kSets];
  if (!gangs[set]) gangs[set] = std::make_unique<Gang>();
  return *gangs[set];
}

void check(const Launch& config) {
  auto refuse = [&](const auto&... why) { throw Error(text("simt: launch of '", config.kernel, "': ", why...)); };
  auto shown = [](dim3 d) { return to_string(static_cast<uint3>(d)); };
  auto volume = [](dim3 d) { return std::uint64_t{d.x} * d.y * d.z; };
  if (current_gang) refuse("from inside a kernel");
  if (volume(config.block) < 1 || volume(config.block) > 1024 || config.block.z > 64)
    refuse("block ", shown(config.block), " has ", volume(config.block), " threads; 1 to 1024 are possible, and at most 64 in z");
  if (volume(config.grid) < 1 || config.grid.x > 0x7fffffffu || config.grid.y > 65535 || config.grid.z > 65535)
    refuse("grid ", shown(config.grid), " is empty or exceeds (2147483647,65535,65535)");
  const dim3 c = config.cluster;
  if (volume(c) < 1 || volume(c) > unsigned(device().max_cluster))
    refuse("cluster ", shown(c), " has ", volume(c), " blocks; 1 to ", device().max_cluster, " are possible");
  if (volume(c) > kPortableCluster && !config.non_portable_cluster)
    refuse("cluster ", shown(c), " has ", volume(c), " blocks; more than ", kPortableCluster,
           " must be asked for with non_portable_cluster");
  if (config.grid.x % c.x || config.grid.y % c.y || config.grid.z % c.z)
    refuse("grid ", shown(config.grid), " is no multiple of the cluster ", shown(c));
  if (config.shared_bytes > kSharedLimit)
    refuse(config.shared_bytes, " bytes of dynamic shared memory; a block has at most ", kSharedLimit);
}

std::vector<std::uint32_t> permutation_of(std::uint64_t gangs, std::uint64_t seed) {
  std::vector<std::uint32_t> order(gangs);
  std::iota(order.begin(), order.end(), 0u);
  std::mt19937_64 random(seed);
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random() % i]);
  return order;
}

void run_blocks(Job& job) try {
  for (unsigned set = 0; set < kSets; ++set) gang_of_this_thread(set).begin(job);
  for (;;) {
    const std::uint64_t turn = job.next.fetch_add(1, std::memory_order_relaxed);
    if (turn >= job.gangs || job.failed.load(std::memory_order_relaxed)) break;
    gang_of_this_thread(static_cast<unsigned>(turn % kSets)).run(job.gang_at(turn));
  }
  for (unsigned set = 0; set < kSets; ++set) {
    Gang& gang = gang_of_this_thread(set);
    gang.end();
    std::lock_guard lock(job.mutex);
    job.counters += gang.events;
    gang.traffic.collect(job.atomics);
    job.most_barriers = std::max(job.most_barriers, gang.most_barriers);
  }
} catch (const std::exception& error) {  // no memory for stacks, say
  job.report(error.what());
}

unsigned threads_for(const Job& job) {
  if (SIMT_TSAN) return 1;
  unsigned threads = job.options.os_threads;
  if (threads == 0) {
    const dim3 grid = job.launch.grid, block = job.launch.block;
    const std::uint64_t size = std::uint64_t{grid.x} * grid.y * grid.z * block.x * block.y * block.z;
    static const unsigned cores = std::max(1u, std::thread::hardware_concurrency());
    threads = size <= kTinyGrid ? 1 : cores;
  }
  return static_cast<unsigned>(std::min<std::uint64_t>(threads, job.gangs));
}

}  // namespace

Options& options() { return host_options; }
const Counters& last_counters() { return latest; }
SerialWork& most_serial_work() { return most_serial; }

const DeviceProfile& device() {
  static const DeviceProfile profile{"emulated sm_90 (132 SMs)", 132, 2048, kSharedLimit, std::size_t{50} << 20, 90, 16};
  return profile;
}

void run_grid(const Launch& config, void (*thread)(void*), void* closure) {
  check(config);
  const dim3 grid = config.grid, cluster = config.cluster;
  const std::uint64_t gangs = std::uint64_t{grid.x / cluster.x} * (grid.y / cluster.y) * (grid.z / cluster.z);
  Job job(config, thread, closure, host_options, gangs);
  job.count |= CountScope::any();
  constexpr std::size_t kPage = 4096;
  job.options.stack = std::max<std::size_t>(16 << 10, (job.options.stack + kPage - 1) / kPage * kPage);
  if (job.options.order == Order::random) job.permutation = permutation_of(gangs, job.options.seed);

  release(&job.started);
  Pool::instance().run(threads_for(job), [&] { run_blocks(job); });
  acquire(&job.finished);

  if (job.failed) throw Error(job.error);
  if (!job.count) return;
  job.counters.launches = 1;
  for (const auto& [address, count] : job.atomics) most_serial.atomics = std::max(most_serial.atomics, count);
  most_serial.barriers = std::max(most_serial.barriers, job.most_barriers);
  latest = job.counters;
  CountScope::add(latest);
}

}  // namespace simt::inline SIMT_BUILD
