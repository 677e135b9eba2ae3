// The ceilings on the host: loops of vectors, of the widest instruction set at hand, that do nothing but move bytes.
#include "contenders/cpu/targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "bench/device_streams_host.cpp"
#include "hwy/foreach_target.h"
#include "hwy/cache_control.h"
#include "hwy/highway.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>

#include "bench/device_streams.h"
#include "core/host_threads.h"

HWY_BEFORE_NAMESPACE();
namespace lossbench::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using Word = std::uint64_t;
using Words = hn::ScalableTag<Word>;
constexpr std::int64_t kLanes = hn::MaxLanes(Words()), kLineWords = 64 / sizeof(Word), kAheadWords = 768 / sizeof(Word);

/// Announces the lines of four vectors some way ahead.
HWY_INLINE void announce(const Word* from) {
#pragma GCC unroll 8
  for (std::int64_t line = 0; line < 4 * kLanes; line += kLineWords) hwy::Prefetch(from + kAheadWords + line);
}

/// Four vectors at a time: `count` is a multiple of that.
Word read(const Word* first, std::int64_t count, bool hints) {
  const Words d;
  auto a = hn::Zero(d), b = a;
  for (std::int64_t i = 0; i < count; i += 4 * kLanes) {
    if (hints) announce(first + i);
    a = hn::Xor(a, hn::Xor(hn::LoadU(d, first + i), hn::LoadU(d, first + i + kLanes)));
    b = hn::Xor(b, hn::Xor(hn::LoadU(d, first + i + 2 * kLanes), hn::LoadU(d, first + i + 3 * kLanes)));
  }
  return hn::GetLane(hn::SumOfLanes(d, hn::Xor(a, b)));
}

HWY_INLINE hn::Vec<Words> both(const Word* first, const Word* second) { return hn::Add(hn::LoadU(Words(), first), hn::LoadU(Words(), second)); }

Word read2(const Word* first, const Word* second, std::int64_t count, bool hints) {
  const Words d;
  auto a = hn::Zero(d), b = a;
  for (std::int64_t i = 0; i < count; i += 4 * kLanes) {
    if (hints) announce(first + i), announce(second + i);
    a = hn::Xor(a, hn::Xor(both(first + i, second + i), both(first + i + kLanes, second + i + kLanes)));
    b = hn::Xor(b, hn::Xor(both(first + i + 2 * kLanes, second + i + 2 * kLanes), both(first + i + 3 * kLanes, second + i + 3 * kLanes)));
  }
  return hn::GetLane(hn::SumOfLanes(d, hn::Xor(a, b)));
}

/// Reads one array or two and writes one; past the cache, where memory is not read before it is overwritten, or through it.
void write(const Word* first, const Word* second, Word* out, std::int64_t count, bool past_cache) {
  const Words d;
  const auto one = hn::Set(d, 1);
  for (std::int64_t i = 0; i < count; i += kLanes) {
    const auto word = hn::Xor(hn::LoadU(d, first + i), second ? hn::LoadU(d, second + i) : one);
    if (past_cache) hn::Stream(word, d, out + i);
    else hn::StoreU(word, d, out + i);
  }
}

}  // namespace
}  // namespace lossbench::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lossbench {
namespace {

HWY_EXPORT(read);
HWY_EXPORT(read2);
HWY_EXPORT(write);

constexpr std::int64_t kPartWords = (std::int64_t{64} << 10) / sizeof(std::uint64_t);  // as a part of the vector contender
std::atomic<std::uint64_t> sink;

}  // namespace

void host_stream(int reads, bool writes, const void* first, const void* second, void* out, std::size_t bytes, HostWay way) {
  const auto* const a = static_cast<const std::uint64_t*>(first);
  const auto* const b = static_cast<const std::uint64_t*>(second);
  auto* const to = static_cast<std::uint64_t*>(out);
  const auto pass = [&](std::int64_t begin, std::int64_t end) {
    const std::int64_t count = end - begin;
    if (writes) HWY_DYNAMIC_DISPATCH(write)(a + begin, reads == 2 ? b + begin : nullptr, to + begin, count, way.hints);
    else if (reads == 2) sink.fetch_xor(HWY_DYNAMIC_DISPATCH(read2)(a + begin, b + begin, count, way.hints), std::memory_order_relaxed);
    else sink.fetch_xor(HWY_DYNAMIC_DISPATCH(read)(a + begin, count, way.hints), std::memory_order_relaxed);
  };
  const std::int64_t words = static_cast<std::int64_t>(bytes / sizeof(std::uint64_t));
  const auto part = [&](std::int64_t index, int) { pass(index * kPartWords, std::min(words, (index + 1) * kPartWords)); };
  if (way.all_threads) HostThreads::instance().run_parts((words + kPartWords - 1) / kPartWords, std::cref(part));
  else pass(0, words);
}

}  // namespace lossbench
#endif
