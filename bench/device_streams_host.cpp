// Compiled at -O3, where the compiler makes vectors of these loops.
#include <atomic>
#include <cstdint>

#include "bench/device_streams.h"
#include "core/host_threads.h"

// One copy of a loop for each width of vector, chosen when the program starts. Not under sanitizers, which run before that.
#if defined(__x86_64__) && !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)
#define LOSSBENCH_WIDEST_VECTORS __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define LOSSBENCH_WIDEST_VECTORS
#endif

namespace lossbench {
namespace {

using Word = std::uint64_t;
constexpr std::int64_t kPageWords = 4096 / sizeof(Word);

LOSSBENCH_WIDEST_VECTORS Word read(const Word* first, std::int64_t count) {
  Word seen = 0;
  for (std::int64_t i = 0; i < count; ++i) seen ^= first[i];
  return seen;
}

LOSSBENCH_WIDEST_VECTORS Word read2(const Word* first, const Word* second, std::int64_t count) {
  Word seen = 0;
  for (std::int64_t i = 0; i < count; ++i) seen ^= first[i] + second[i];
  return seen;
}

LOSSBENCH_WIDEST_VECTORS void copy(const Word* __restrict first, Word* __restrict out, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) out[i] = first[i] ^ 1;  // no memcpy: a loss would not have its tricks
}

LOSSBENCH_WIDEST_VECTORS void combine(const Word* __restrict first, const Word* __restrict second, Word* __restrict out, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) out[i] = first[i] ^ second[i];
}

std::atomic<Word> sink;

}  // namespace

void host_stream(int reads, bool writes, const void* first, const void* second, void* out, std::size_t bytes, bool all_threads) {
  const Word* const a = static_cast<const Word*>(first);
  const Word* const b = static_cast<const Word*>(second);
  Word* const to = static_cast<Word*>(out);
  const auto pass = [&](std::int64_t begin, std::int64_t end) {
    const std::int64_t count = end - begin;
    if (writes) reads == 2 ? combine(a + begin, b + begin, to + begin, count) : copy(a + begin, to + begin, count);
    else sink.fetch_xor(reads == 2 ? read2(a + begin, b + begin, count) : read(a + begin, count), std::memory_order_relaxed);
  };
  const std::int64_t words = static_cast<std::int64_t>(bytes / sizeof(Word));
  if (all_threads) HostThreads::instance().run_range(words, kPageWords, pass);
  else pass(0, words);
}

}  // namespace lossbench
