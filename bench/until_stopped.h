// What a run does when it is asked to end: it begins nothing more, and writes what it has. Asked again, it ends at once.
#pragma once

#include <csignal>

namespace lossbench {

/// While it lives, the first SIGINT and the first SIGTERM are only remembered.
class UntilStopped {
 public:
  UntilStopped() {
    struct sigaction action {};
    action.sa_handler = [](int) { asked = 1; };
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    sigaction(SIGINT, &action, &before_[0]);
    sigaction(SIGTERM, &action, &before_[1]);
  }
  ~UntilStopped() {
    sigaction(SIGINT, &before_[0], nullptr);
    sigaction(SIGTERM, &before_[1], nullptr);
  }
  UntilStopped(const UntilStopped&) = delete;
  UntilStopped& operator=(const UntilStopped&) = delete;

  static bool stopped() { return asked != 0; }

 private:
  inline static volatile std::sig_atomic_t asked = 0;
  struct sigaction before_[2];
};

}  // namespace lossbench
