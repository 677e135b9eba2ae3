// OS threads that stay: blocks of a launch are spread over them.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "simt/qualifiers.h"

namespace simt::inline SIMT_BUILD {

class Pool {
 public:
  static Pool& instance();
  ~Pool();

  /// Runs `work`, which must not throw, on `threads` OS threads, the caller's included, and waits for all. Launches of other host
  /// threads that come meanwhile run on their callers alone.
  void run(unsigned threads, const std::function<void()>& work);

 private:
  void serve();

  std::mutex launch_;
  std::mutex mutex_;
  std::condition_variable wake_, idle_;
  std::vector<std::thread> workers_;
  const std::function<void()>* work_ = nullptr;
  unsigned wanted_ = 0;   ///< workers still to start on `work_`
  unsigned running_ = 0;
  bool stop_ = false;
};

}  // namespace simt::inline SIMT_BUILD
