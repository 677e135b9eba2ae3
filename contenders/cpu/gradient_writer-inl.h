// Where the gradients of neighbouring rows go: to memory, or past the cache by way of a few lines that stay in it.
// Compiled once for each instruction set: see targets.h.
#if defined(LOSSBENCH_CPU_GRADIENT_WRITER_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LOSSBENCH_CPU_GRADIENT_WRITER_INL_H
#undef LOSSBENCH_CPU_GRADIENT_WRITER_INL_H
#else
#define LOSSBENCH_CPU_GRADIENT_WRITER_INL_H
#endif

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "contenders/cpu/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lossbench::simd::HWY_NAMESPACE {

/// Elements that are written between two looks at where they go.
inline constexpr std::int64_t kChunk = 512;

/// Takes elements in their order, up to kChunk at a time, for a stretch of an array that nobody else writes to. Rows need not begin or end
/// on any boundary, and whoever writes them may write up to a pair of vectors too many: what follows is written over it.
template <class T>
class GradientWriter {
 public:
  /// With a null `to` nothing is wanted.
  GradientWriter(T* to, T* end, bool stream) : to_(to), end_(end), stream_(stream) {}

  /// Where the next `count` elements are to be put, with room for a pair of vectors behind them; null where nothing is wanted.
  T* open(std::int64_t count) {
    if (!to_ || stream_) return to_ ? lines_ + held_ : nullptr;
    direct_ = end_ - to_ >= count + kSpare;
    return direct_ ? to_ : lines_;
  }
  void close(std::int64_t count) {
    if (!to_) return;
    if (stream_) {
      held_ += count;
      if (held_ >= kChunk) flush();
      return;
    }
    if (!direct_) copy(count, lines_);
    to_ += count;
  }
  void zeros(std::int64_t count) {
    for (std::int64_t done = 0; done < count; done += kChunk) {
      const std::int64_t now = std::min(kChunk, count - done);
      if (T* const place = open(now)) std::memset(static_cast<void*>(place), 0, static_cast<std::size_t>(now) * sizeof(T));
      close(now);
    }
  }
  void finish() {
    if (!to_ || !stream_) return;
    copy(held_, lines_);
    held_ = 0;
  }

 private:
  static constexpr std::int64_t kSpare = 2 * kLanes, kLine = 64 / std::int64_t(sizeof(T));
  static constexpr hn::ScalableTag<std::uint8_t> kBytes{};

  void copy(std::int64_t count, const T* from) { std::memcpy(static_cast<void*>(to_), from, static_cast<std::size_t>(count) * sizeof(T)); }

  /// Whole lines go past the cache; what is left of one waits for the rest of it.
  HWY_NOINLINE void flush() {
    const T* from = lines_;
    const auto beyond = static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(to_) % 64 / sizeof(T));
    if (beyond != 0) {
      const std::int64_t head = kLine - beyond;
      copy(head, from);
      to_ += head, from += head, held_ -= head;
    }
    for (; held_ >= kLine; to_ += kLine, from += kLine, held_ -= kLine)
      for (std::size_t byte = 0; byte < 64; byte += hn::Lanes(kBytes))
        hn::Stream(hn::LoadU(kBytes, reinterpret_cast<const std::uint8_t*>(from) + byte), kBytes, reinterpret_cast<std::uint8_t*>(to_) + byte);
    std::memmove(static_cast<void*>(lines_), from, static_cast<std::size_t>(held_) * sizeof(T));
  }

  T* to_;
  T* end_;
  bool stream_, direct_ = false;
  std::int64_t held_ = 0;
  HWY_ALIGN T lines_[2 * kChunk + kSpare];
};

}  // namespace lossbench::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
