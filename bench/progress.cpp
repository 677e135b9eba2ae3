#include "bench/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "bench/table.h"

namespace lossbench {
namespace {

constexpr auto kTerminalPace = std::chrono::milliseconds(100), kLogPace = std::chrono::milliseconds(2000);

std::string about(double seconds) {
  if (seconds < 90) return fmt::format("about {:.0f} s", std::max(1.0, seconds));
  return fmt::format("about {:.2g} min", seconds / 60);
}

}  // namespace

Progress::Progress(Mode mode, double total) : shown_(mode == Mode::on), terminal_(isatty(STDERR_FILENO) == 1), total_(total) {
  if (mode == Mode::automatic) shown_ = terminal_;
}

Progress::~Progress() {
  if (shown_ && terminal_ && width_) fmt::print(stderr, "\r{:{}}\r", "", width_);
  std::fflush(stderr);
}

void Progress::announce(std::size_t count, const std::string& what, double seconds) {
  fmt::print(stderr, "{} {}{}, {}\n", count, what, count == 1 ? "" : "s", about(seconds));
}

void Progress::at(double done, const std::string& what) {
  if (!shown_) return;
  const auto now = Clock::now();
  if (now - last_ < (terminal_ ? Clock::duration(kTerminalPace) : Clock::duration(kLogPace))) return;
  last_ = now;
  const double share = total_ > 0 ? done / total_ : 0, spent = std::chrono::duration<double>(now - start_).count();
  std::string line = fmt::format("[{:3.0f} %] {}", 100 * share, what);
  if (share > 0.01 && spent > 1) line += ", " + about(spent / share * (1 - share)) + " left";
  if (!terminal_) {
    fmt::print(stderr, "{}\n", line);
  } else {
    fmt::print(stderr, "\r{:{}}", line, width_);
    width_ = display_width(line);
  }
  std::fflush(stderr);
}

}  // namespace lossbench
