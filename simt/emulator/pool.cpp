#include "simt/emulator/pool.h"

namespace simt::inline SIMT_BUILD {

Pool& Pool::instance() {
  static Pool pool;
  return pool;
}

Pool::~Pool() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void Pool::run(unsigned threads, const std::function<void()>& work) {
  std::unique_lock launch(launch_, std::defer_lock);
  if (threads <= 1 || !launch.try_lock()) {
    work();
    return;
  }
  {
    std::lock_guard lock(mutex_);
    while (workers_.size() + 1 < threads) workers_.emplace_back([this] { serve(); });
    work_ = &work;
    wanted_ = threads - 1;
  }
  wake_.notify_all();
  work();
  std::unique_lock lock(mutex_);
  wanted_ = 0;  // whoever has not woken by now is not needed
  idle_.wait(lock, [this] { return running_ == 0; });
  work_ = nullptr;
}

void Pool::serve() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stop_ || wanted_ > 0; });
    if (stop_) return;
    --wanted_;
    ++running_;
    const std::function<void()>& work = *work_;
    lock.unlock();
    work();
    lock.lock();
    if (--running_ == 0) idle_.notify_all();
  }
}

}  // namespace simt::inline SIMT_BUILD
