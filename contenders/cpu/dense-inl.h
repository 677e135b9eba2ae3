// Dense arrays: vectors go from memory through a pointwise loss to memory. Compiled once for each instruction set: see targets.h.
#if defined(LOSSBENCH_CPU_DENSE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LOSSBENCH_CPU_DENSE_INL_H
#undef LOSSBENCH_CPU_DENSE_INL_H
#else
#define LOSSBENCH_CPU_DENSE_INL_H
#endif

#include <array>
#include <cstdint>

#include "contenders/cpu/vectors-inl.h"
#include "contenders/cpu/work.h"
#include "hwy/cache_control.h"

HWY_BEFORE_NAMESPACE();
namespace lossbench::simd::HWY_NAMESPACE {

/// A functor that ignores the slope has it computed for nothing only until it is inlined.
struct ValueAndSlope {
  FloatVector value, slope;
};

/// Vectors in flight: enough to hide the latency of the first-level cache and of additions.
inline constexpr std::int64_t kStep = 4 * kLanes;
/// How far ahead a dense array of T is announced: its own loads look no further than the few hundred instructions between them and the
/// oldest that waits. A line of bf16 takes twice the arithmetic, and profits from a longer way.
template <class T>
inline constexpr std::int64_t kAheadBytes = sizeof(T) == 2 ? 3072 : 768;
inline constexpr std::int64_t kLineBytes = 64;

/// Operands whose elements lie at the same index as the loss's. An absent one is a vector of ones that stays where it is.
template <class T, int kCount>
struct DenseOperands {
  const T* from[kCount];
  std::int64_t keep[kCount];  ///< mask of the index: all, or nothing

  explicit DenseOperands(const Work& work) {
    for (int k = 0; k < kCount; ++k) {
      const void* const values = work.operands[k].values;
      from[k] = values ? static_cast<const T*>(values) : ones();
      keep[k] = values ? ~std::int64_t{0} : 0;
    }
  }

  HWY_INLINE VectorPair pair(int k, std::int64_t index) const { return load_pair(from[k] + (index & keep[k])); }

  /// Announces what the step that begins kAheadBytes<T> after `index` will read.
  HWY_INLINE void announce(std::int64_t index) const {
#pragma GCC unroll 4
    for (int k = 0; k < kCount; ++k)
#pragma GCC unroll 8
      for (std::int64_t line = 0; line < kStep; line += kLineBytes / std::int64_t(sizeof(T)))
        hwy::Prefetch(from[k] + (index & keep[k]) + line + kAheadBytes<T> / std::int64_t(sizeof(T)));
  }

 private:
  static const T* ones() {
    if constexpr (sizeof(T) == 2) {
      static constexpr auto kOnes = filled(std::uint16_t{0x3f80});
      return reinterpret_cast<const T*>(kOnes.data());
    } else {
      static constexpr auto kOnes = filled(1.0f);
      return kOnes.data();
    }
  }
  template <class Word>
  static constexpr std::array<Word, 2 * kLanes> filled(Word word) {
    std::array<Word, 2 * kLanes> words{};
    for (Word& each : words) each = word;
    return words;
  }
};

/// What a functor makes of two vectors.
struct TwoOfThem {
  ValueAndSlope first, second;

  HWY_INLINE FloatVector value() const { return hn::Add(first.value, second.value); }
};

/// The functor on the two vectors that begin at `i`.
template <class Loss, class T>
HWY_INLINE TwoOfThem evaluate_pair(const Loss& loss, const DenseOperands<T, Loss::kOperands>& operands, std::int64_t i) {
  const VectorPair a = operands.pair(0, i), b = operands.pair(1, i);
  if constexpr (Loss::kOperands == 2) {
    return {loss(a.first, b.first), loss(a.second, b.second)};
  } else {
    const VectorPair c = operands.pair(2, i);
    if constexpr (Loss::kOperands == 3) {
      return {loss(a.first, b.first, c.first), loss(a.second, b.second, c.second)};
    } else {
      const VectorPair e = operands.pair(3, i);
      return {loss(a.first, b.first, c.first, e.first), loss(a.second, b.second, c.second, e.second)};
    }
  }
}

template <class T, class Loss>
HWY_NOINLINE double dense_sum(const Loss loss, const Work& work, std::int64_t begin, std::int64_t end) {
  const DenseOperands<T, Loss::kOperands> operands(work);
  WideSum even, odd;
  for (std::int64_t i = begin; i < end; i += kStep) {
    operands.announce(i);
    even.add(evaluate_pair(loss, operands, i).value());
    odd.add(evaluate_pair(loss, operands, i + 2 * kLanes).value());
  }
  even.join(odd);
  return even.total();
}

template <class T, class Loss>
HWY_NOINLINE double dense_gradient(const Loss loss, const Work& work, std::int64_t begin, std::int64_t end) {
  const DenseOperands<T, Loss::kOperands> operands(work);
  const FloatVector factor = hn::Set(Floats(), work.factor);
  T* const to = static_cast<T*>(work.gradient);
  const bool stream = work.stream;
  WideSum even, odd;
  const auto step = [&](WideSum& sum, std::int64_t i) HWY_ATTR {
    const TwoOfThem found = evaluate_pair(loss, operands, i);
    sum.add(found.value());
    store_pair(hn::Mul(found.first.slope, factor), hn::Mul(found.second.slope, factor), to + i, stream);
  };
  for (std::int64_t i = begin; i < end; i += kStep) {
    operands.announce(i);
    step(even, i);
    step(odd, i + 2 * kLanes);
  }
  even.join(odd);
  return even.total();
}

}  // namespace lossbench::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
