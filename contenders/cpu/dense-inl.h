// Dense arrays: vectors go from memory through a pointwise loss to memory. Compiled once for each instruction set: see targets.h.
#if defined(LOSSBENCH_CPU_DENSE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LOSSBENCH_CPU_DENSE_INL_H
#undef LOSSBENCH_CPU_DENSE_INL_H
#else
#define LOSSBENCH_CPU_DENSE_INL_H
#endif

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>

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

/// Operands whose elements lie at the same index as the loss's. The first kGiven are read; the others are ones that the compiler knows, where
/// kGiven is less than kCount, so that what is multiplied with them costs nothing. Else an absent one is a vector of ones that stays where it is.
template <class T, int kCount, int kGiven>
struct DenseOperands {
  const T* from[kGiven];
  std::int64_t keep[kGiven];  ///< mask of the index: all, or nothing

  explicit DenseOperands(const Work& work) {
    for (int k = 0; k < kGiven; ++k) {
      const void* const values = work.operands[k].values;
      from[k] = values ? static_cast<const T*>(values) : ones();
      keep[k] = values ? ~std::int64_t{0} : 0;
    }
  }

  template <int k>
  HWY_INLINE VectorPair pair(std::int64_t index) const {
    if constexpr (k < kGiven) return load_pair(from[k] + (index & keep[k]));
    else return {hn::Set(Floats(), 1.0f), hn::Set(Floats(), 1.0f)};
  }

  /// Announces what the step that begins kAheadBytes<T> after `index` will read.
  HWY_INLINE void announce(std::int64_t index) const {
#pragma GCC unroll 4
    for (int k = 0; k < kGiven; ++k)
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
template <class Loss, class Operands>
HWY_INLINE TwoOfThem evaluate_pair(const Loss& loss, const Operands& operands, std::int64_t i) {
  const VectorPair a = operands.template pair<0>(i), b = operands.template pair<1>(i);
  if constexpr (Loss::kOperands == 2) {
    return {loss(a.first, b.first), loss(a.second, b.second)};
  } else {
    const VectorPair c = operands.template pair<2>(i);
    if constexpr (Loss::kOperands == 3) {
      return {loss(a.first, b.first, c.first), loss(a.second, b.second, c.second)};
    } else {
      const VectorPair e = operands.template pair<3>(i);
      return {loss(a.first, b.first, c.first, e.first), loss(a.second, b.second, c.second, e.second)};
    }
  }
}

template <class T, class Loss, int kGiven>
HWY_NOINLINE double dense_sum(const Loss loss, const Work& work, std::int64_t begin, std::int64_t end) {
  const DenseOperands<T, Loss::kOperands, kGiven> operands(work);
  WideSum even, odd;
  for (std::int64_t i = begin; i < end; i += kStep) {
    operands.announce(i);
    even.add(evaluate_pair(loss, operands, i).value());
    odd.add(evaluate_pair(loss, operands, i + 2 * kLanes).value());
  }
  even.join(odd);
  return even.total();
}

/// Half a step: the gradients of two vectors; their values are the result. A function, since a lambda is not always inlined.
template <class T, class Loss, class Operands>
HWY_INLINE FloatVector gradient_of_pair(const Loss& loss, const Operands& operands, FloatVector factor, T* to, bool stream, std::int64_t i) {
  const TwoOfThem found = evaluate_pair(loss, operands, i);
  store_pair_of_bf16(hn::Mul(found.first.slope, factor), hn::Mul(found.second.slope, factor), to + i, stream);
  return found.value();
}

template <class T, class Loss, int kGiven>
HWY_NOINLINE double dense_gradient(const Loss loss, const Work& work, std::int64_t begin, std::int64_t end) {
  const DenseOperands<T, Loss::kOperands, kGiven> operands(work);
  const bool known = work.factor == work.factor;
  const FloatVector factor = hn::Set(Floats(), known ? work.factor : std::numeric_limits<float>::quiet_NaN());  // see store_pair_of_bf16
  T* const to = static_cast<T*>(work.gradient);
  const bool stream = work.stream;
  WideSum even, odd;
  for (std::int64_t i = begin; i < end; i += kStep) {
    operands.announce(i);
    even.add(gradient_of_pair<T>(loss, operands, factor, to, stream, i));
    odd.add(gradient_of_pair<T>(loss, operands, factor, to, stream, i + 2 * kLanes));
  }
  even.join(odd);
  return even.total();
}

/// [begin, end), whole steps, of dense arrays.
template <class T, class Loss, int kGiven>
double compute_dense_of(const Loss& loss, const Work& work, std::int64_t begin, std::int64_t end) {
  return work.gradient ? dense_gradient<T, Loss, kGiven>(loss, work, begin, end) : dense_sum<T, Loss, kGiven>(loss, work, begin, end);
}

/// Operands that are always given.
template <class Loss>
constexpr int without_weights() {
  if constexpr (requires { Loss::kNeeded; }) return Loss::kNeeded;
  else return 2;
}

template <class T, class Loss>
double compute_dense(const Loss& loss, const Work& work, std::int64_t begin, std::int64_t end) {
  constexpr int kAll = Loss::kOperands, kLeast = without_weights<Loss>();
  const bool plain = std::all_of(work.operands + kLeast, work.operands + kAll, [](const Operand& operand) { return !operand.values; });
  return plain ? compute_dense_of<T, Loss, kLeast>(loss, work, begin, end) : compute_dense_of<T, Loss, kAll>(loss, work, begin, end);
}

}  // namespace lossbench::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
