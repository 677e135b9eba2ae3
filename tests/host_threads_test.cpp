// Parts spread over the cores: each is computed once, by whoever is free.
#include "core/host_threads.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

namespace lossbench {
namespace {

HostThreads& pool() { return HostThreads::instance(); }

/// How often each of so many parts was asked for, and whether all threads were of the pool.
std::vector<int> counts_of(std::int64_t parts) {
  std::vector<std::atomic<int>> counts(static_cast<std::size_t>(parts));
  pool().run_parts(parts, [&](std::int64_t part, int thread) {
    ASSERT_TRUE(thread >= 0 && thread < pool().size()) << thread;
    ++counts.at(static_cast<std::size_t>(part));
  });
  return {counts.begin(), counts.end()};
}

// None, one, fewer parts than threads, one more than a multiple, and many short ones, where threads meet in each other's shares.
TEST(HostThreads, EveryPartIsComputedOnce) {
  const int size = pool().size();
  for (const std::int64_t parts : {std::int64_t{0}, std::int64_t{1}, std::int64_t{size}, std::int64_t{7 * size + 1}, std::int64_t{100000}})
    EXPECT_EQ(counts_of(parts), std::vector<int>(static_cast<std::size_t>(parts), 1)) << parts;
}

// The first part is done only when all others are, as on a core that another process has taken.
TEST(HostThreads, AHeldUpThreadIsHelped) {
  if (pool().size() < 2) GTEST_SKIP() << "one core: there is nobody to help";
  constexpr std::int64_t kParts = 64;
  const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  std::atomic<std::int64_t> done = 0, others = -1;
  pool().run_parts(kParts, [&](std::int64_t part, int) {
    if (part == 0) {
      while (done < kParts - 1 && std::chrono::steady_clock::now() < patience) std::this_thread::yield();
      others = done.load();
    }
    ++done;
  });
  EXPECT_EQ(others, kParts - 1);
}

// The pool serves one caller at a time; who finds it at work does its parts itself.
TEST(HostThreads, CallersAtTheSameTimeGetAllOfTheirParts) {
  constexpr std::int64_t kParts = 500;
  std::vector<std::vector<int>> counts(4);
  {
    std::vector<std::jthread> callers;
    for (std::vector<int>& mine : counts) callers.emplace_back([&mine] { mine = counts_of(kParts); });
  }
  for (const std::vector<int>& mine : counts) EXPECT_EQ(mine, std::vector<int>(kParts, 1));
}

}  // namespace
}  // namespace lossbench
