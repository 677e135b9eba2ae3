#include "core/host_threads.h"

#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace lossbench {
namespace {

/// Cores that this process was allowed when it started: asked once, before anything is pinned.
const std::vector<int>& allowed_cores() {
  static const std::vector<int> cores = [] {
    std::vector<int> found;
    cpu_set_t mask;
    CPU_ZERO(&mask);
    if (sched_getaffinity(0, sizeof mask, &mask) == 0)
      for (int core = 0; core < CPU_SETSIZE; ++core)
        if (CPU_ISSET(core, &mask)) found.push_back(core);
    if (found.empty()) found.push_back(0);
    return found;
  }();
  return cores;
}

/// Pinning may be forbidden; then threads wander, which the spread of the samples will show.
void pin_to(int core) {
  cpu_set_t mask;
  CPU_ZERO(&mask);
  CPU_SET(core, &mask);
  pthread_setaffinity_np(pthread_self(), sizeof mask, &mask);
}

// How long a thread looks for work before it sleeps: waking a thread takes longer than many calls do.
constexpr int kSpins = 20000;

}  // namespace

struct HostThreads::Pin::Mask {
  cpu_set_t cores;
  bool known = false;
};

HostThreads::Pin::Pin() : saved_(std::make_unique<Mask>()) {
  CPU_ZERO(&saved_->cores);
  saved_->known = pthread_getaffinity_np(pthread_self(), sizeof saved_->cores, &saved_->cores) == 0;
  pin_to(allowed_cores().front());
}

HostThreads::Pin::~Pin() {
  if (saved_->known) pthread_setaffinity_np(pthread_self(), sizeof saved_->cores, &saved_->cores);
}

struct HostThreads::State {
  /// What is left of a thread's share of parts; on a cache line of its own.
  struct alignas(64) Share {
    std::atomic<std::int64_t> next = 0;  ///< the first part that nobody has begun
    std::int64_t end = 0;
  };

  explicit State(std::size_t size) : shares(size) {}

  std::atomic<std::uint64_t> generation = 0;
  std::atomic<int> running = 0;
  std::atomic<bool> ending = false;
  const std::function<void(int)>* body = nullptr;
  std::mutex caller;  ///< held while the pool works for somebody
  std::mutex mutex;
  std::condition_variable wake;
  std::vector<Share> shares;
  std::vector<std::jthread> threads;
};

HostThreads& HostThreads::instance() {
  static HostThreads threads;
  return threads;
}

HostThreads::HostThreads() : cores_(allowed_cores()), state_(std::make_unique<State>(cores_.size())) {
  for (int part = 1; part < size(); ++part)
    state_->threads.emplace_back([this, part, core = cores_[static_cast<std::size_t>(part)]] {
      pin_to(core);
      State& state = *state_;
      for (std::uint64_t seen = 0;;) {
        for (int spin = 0; spin < kSpins && state.generation.load(std::memory_order_acquire) == seen; ++spin) sched_yield();
        if (state.generation.load(std::memory_order_acquire) == seen) {
          std::unique_lock lock(state.mutex);
          state.wake.wait(lock, [&] { return state.generation.load(std::memory_order_acquire) != seen; });
        }
        seen = state.generation.load(std::memory_order_acquire);
        if (state.ending) return;
        (*state.body)(part);
        state.running.fetch_sub(1, std::memory_order_release);
      }
    });
}

HostThreads::~HostThreads() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->ending = true;
    ++state_->generation;
  }
  state_->wake.notify_all();
}

void HostThreads::run(const std::function<void(int)>& body) {
  const std::unique_lock alone(state_->caller, std::try_to_lock);
  if (!alone) {
    for (int part = 0; part < size(); ++part) body(part);
    return;
  }
  run_alone(body);
}

void HostThreads::run_alone(const std::function<void(int)>& body) {
  const Pin pin;
  state_->body = &body;
  state_->running = size() - 1;
  {
    const std::lock_guard lock(state_->mutex);
    ++state_->generation;
  }
  state_->wake.notify_all();
  body(0);
  while (state_->running.load(std::memory_order_acquire) != 0) sched_yield();
}

void HostThreads::run_range(std::int64_t count, std::int64_t grain, const std::function<void(std::int64_t, std::int64_t)>& body) {
  const std::int64_t grains = (count + grain - 1) / grain, parts = size();
  const auto begin = [&](std::int64_t part) { return std::min(count, (grains * part / parts) * grain); };
  run([&](int part) { body(begin(part), begin(part + 1)); });
}

void HostThreads::run_parts(std::int64_t parts, const std::function<void(std::int64_t, int)>& body) {
  const std::unique_lock alone(state_->caller, std::try_to_lock);
  if (!alone) {
    for (std::int64_t part = 0; part < parts; ++part) body(part, 0);
    return;
  }
  std::vector<State::Share>& shares = state_->shares;
  const int size = this->size();
  for (int thread = 0; thread < size; ++thread) {
    State::Share& share = shares[static_cast<std::size_t>(thread)];
    share.next.store(parts * thread / size, std::memory_order_relaxed);
    share.end = parts * (thread + 1) / size;
  }
  const auto work = [&](int thread) {
    for (int ahead = 0; ahead < size; ++ahead) {
      State::Share& share = shares[static_cast<std::size_t>((thread + ahead) % size)];
      while (share.next.load(std::memory_order_relaxed) < share.end) {
        const std::int64_t part = share.next.fetch_add(1, std::memory_order_relaxed);
        if (part < share.end) body(part, thread);
      }
    }
  };
  run_alone(std::cref(work));  // by reference: the pool's function type would allocate for so many captures
}

}  // namespace lossbench
