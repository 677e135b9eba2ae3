// How a pointwise loss goes through its arrays, whatever the loss. Compiled once for each instruction set: see targets.h.
//
// A loss is a functor of vectors:
//   kOperands                    how many vectors it takes
//   operator()(x0, x1, …)        -> ValueAndSlope: its value, and its derivative with respect to the first operand
//   second_slope(x0, x1, …)      optional: the derivative with respect to another
//   divisor_term(x), kDivisorOperand   optional: what an element adds to the divisor
//
// Where all arrays are dense, vectors go from memory through the functor to memory. Everything else (broadcast operands, gradients beside
// the first, reduction none, the ends of arrays) is gathered into blocks of floats that stay in the first-level cache.
#if defined(LOSSBENCH_CPU_POINTWISE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LOSSBENCH_CPU_POINTWISE_INL_H
#undef LOSSBENCH_CPU_POINTWISE_INL_H
#else
#define LOSSBENCH_CPU_POINTWISE_INL_H
#endif

#include <algorithm>
#include <array>
#include <cstring>
#include <variant>

#include "contenders/cpu/vector_math-inl.h"
#include "contenders/cpu/vectors-inl.h"
#include "contenders/cpu/work.h"
#include "core/float16.h"
#include "hwy/cache_control.h"

HWY_BEFORE_NAMESPACE();
namespace lossbench::simd::HWY_NAMESPACE {

/// A functor that ignores the slope has it computed for nothing only until it is inlined.
struct ValueAndSlope {
  FloatVector value, slope;
};

/// Probabilities that a clip to [eps, 1 - eps] would move, or one of its ends. The bounds are the floats at which a comparison in double
/// with eps changes its answer: rounding eps itself would move a probability that lies exactly on the border.
struct Clipped {
  float first_kept, first_above;  ///< NaN compares false

  Clipped(double eps, bool at_zero, bool at_one) {
    first_kept = first_above = std::numeric_limits<float>::quiet_NaN();
    if (at_zero) first_kept = static_cast<float>(eps) < eps ? std::nextafter(static_cast<float>(eps), 1.0f) : static_cast<float>(eps);
    const auto is_above = [eps](float p) { return 1 - static_cast<double>(p) < eps; };
    if (!at_one) return;
    first_above = static_cast<float>(1 - eps);
    while (is_above(first_above)) first_above = std::nextafter(first_above, 0.0f);
    while (!is_above(first_above)) first_above = std::nextafter(first_above, 2.0f);
  }
  HWY_INLINE auto below(FloatVector p) const { return hn::Lt(p, hn::Set(Floats(), first_kept)); }
  HWY_INLINE auto above(FloatVector p) const { return hn::Ge(p, hn::Set(Floats(), first_above)); }
};

/// Vectors in flight: enough to hide the latency of the first-level cache and of additions.
inline constexpr std::int64_t kStep = 4 * kLanes;
/// How far ahead a dense array is announced: its own loads look no further than the few hundred instructions between them and the
/// oldest that waits.
inline constexpr std::int64_t kAheadBytes = 768, kLineBytes = 64;

// ---- dense arrays ------------------------------------------------------------------------------------------------------

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

  HWY_INLINE FloatVector operator()(int k, std::int64_t index) const { return load(from[k] + (index & keep[k])); }

  /// Announces what the step that begins kAheadBytes after `index` will read.
  HWY_INLINE void announce(std::int64_t index) const {
#pragma GCC unroll 4
    for (int k = 0; k < kCount; ++k)
#pragma GCC unroll 8
      for (std::int64_t line = 0; line < kStep; line += kLineBytes / std::int64_t(sizeof(T)))
        hwy::Prefetch(from[k] + (index & keep[k]) + line + kAheadBytes / std::int64_t(sizeof(T)));
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
  static constexpr std::array<Word, kLanes> filled(Word word) {
    std::array<Word, kLanes> words{};
    for (Word& each : words) each = word;
    return words;
  }
};

/// The functor on the vectors that begin at `i`. `Operands` gives vector k there.
template <class Loss, class Operands>
HWY_INLINE ValueAndSlope evaluate(const Loss& loss, const Operands& operands, std::int64_t i) {
  if constexpr (Loss::kOperands == 2) return loss(operands(0, i), operands(1, i));
  else if constexpr (Loss::kOperands == 3) return loss(operands(0, i), operands(1, i), operands(2, i));
  else return loss(operands(0, i), operands(1, i), operands(2, i), operands(3, i));
}

template <class Loss, class Operands>
HWY_INLINE FloatVector second_slope(const Loss& loss, const Operands& operands, std::int64_t i) {
  if constexpr (Loss::kOperands == 2) return loss.second_slope(operands(0, i), operands(1, i));
  else return loss.second_slope(operands(0, i), operands(1, i), operands(2, i));
}

template <class T, class Loss>
HWY_NOINLINE double dense_sum(const Loss loss, const Work& work, std::int64_t begin, std::int64_t end) {
  const DenseOperands<T, Loss::kOperands> operands(work);
  WideSum even, odd;
  for (std::int64_t i = begin; i < end; i += kStep) {
    operands.announce(i);
    even.add(hn::Add(evaluate(loss, operands, i).value, evaluate(loss, operands, i + kLanes).value));
    odd.add(hn::Add(evaluate(loss, operands, i + 2 * kLanes).value, evaluate(loss, operands, i + 3 * kLanes).value));
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
  for (std::int64_t i = begin; i < end; i += kStep) {
    operands.announce(i);
    const ValueAndSlope a = evaluate(loss, operands, i), b = evaluate(loss, operands, i + kLanes);
    even.add(hn::Add(a.value, b.value));
    store(hn::Mul(a.slope, factor), hn::Mul(b.slope, factor), to + i, stream);
    const ValueAndSlope c = evaluate(loss, operands, i + 2 * kLanes), e = evaluate(loss, operands, i + 3 * kLanes);
    odd.add(hn::Add(c.value, e.value));
    store(hn::Mul(c.slope, factor), hn::Mul(e.slope, factor), to + i + 2 * kLanes, stream);
  }
  even.join(odd);
  return even.total();
}

// ---- blocks of floats --------------------------------------------------------------------------------------------------

struct Block {
  HWY_ALIGN float x[kMostOperands][kBlock + kLanes];
  HWY_ALIGN float value[kBlock + kLanes];
  HWY_ALIGN float slope[kBlock + kLanes];
  HWY_ALIGN float second[kBlock + kLanes];

  HWY_INLINE FloatVector operator()(int k, std::int64_t i) const { return load(x[k] + i); }
};

inline float float_at(const void* values, bool narrow, std::int64_t index) {
  if (!narrow) return static_cast<const float*>(values)[index];
  return from_bf16_bits(static_cast<const std::uint16_t*>(values)[index]);
}

/// Elements [begin, begin + count) of an operand, then ones up to a whole vector.
inline void gather(const Operand& operand, bool narrow, std::int64_t begin, std::int64_t count, float* to) {
  if (!operand.values) {
    std::fill_n(to, count, 1.0f);
  } else if (operand.lines_up() && !narrow) {
    std::memcpy(to, static_cast<const float*>(operand.values) + begin, static_cast<std::size_t>(count) * sizeof(float));
  } else if (operand.lines_up()) {
    for (std::int64_t i = 0; i < count; ++i) to[i] = float_at(operand.values, true, begin + i);
  } else {
    for (std::int64_t i = 0; i < count; ++i) to[i] = float_at(operand.values, narrow, operand.map(begin + i));
  }
  std::fill_n(to + count, kLanes, 1.0f);
}

/// Floats to an array of the element type.
inline void put(const float* from, bool narrow, std::int64_t count, void* array, std::int64_t begin) {
  if (!narrow) {
    std::memcpy(static_cast<float*>(array) + begin, from, static_cast<std::size_t>(count) * sizeof(float));
    return;
  }
  HWY_ALIGN std::uint16_t words[kBlock + kLanes];
  const hn::Rebind<std::uint16_t, Floats> dn;
  for (std::int64_t i = 0; i < count; i += kLanes) hn::StoreU(hn::DemoteTo(dn, bf16_bits(load(from + i))), dn, words + i);
  std::memcpy(static_cast<std::uint16_t*>(array) + begin, words, static_cast<std::size_t>(count) * sizeof *words);
}

inline double sum_of(float* values, std::int64_t count) {
  std::fill_n(values + count, kLanes, 0.0f);
  WideSum sum;
  for (std::int64_t i = 0; i < count; i += kLanes) sum.add(load(values + i));
  return sum.total();
}

/// What is done with the values and slopes of a block. Returns the sum of the values, or 0 where they are wanted one by one.
inline double finish(const Work& work, std::int64_t begin, std::int64_t count, Block& block) {
  const Floats d;
  HWY_ALIGN float factors[kBlock + kLanes];
  if (work.upstream) gather({work.upstream, {}}, work.narrow, begin, count, factors);
  if (work.gradient || work.second_gradient)
    for (std::int64_t i = 0; i < count; i += kLanes) {
      const FloatVector factor = work.upstream ? load(factors + i) : hn::Set(d, work.factor);
      hn::StoreU(hn::Mul(load(block.slope + i), factor), d, block.slope + i);
      hn::StoreU(hn::Mul(load(block.second + i), factor), d, block.second + i);
    }
  if (work.gradient) put(block.slope, work.narrow, count, work.gradient, begin);
  if (work.second_gradient) put(block.second, work.narrow, count, work.second_gradient, begin);
  if (!work.losses) return sum_of(block.value, count);
  put(block.value, work.narrow, count, work.losses, begin);
  return 0;
}

template <class Loss>
HWY_NOINLINE double compute_block(const Loss& loss, const Work& work, std::int64_t begin, std::int64_t count) {
  const Floats d;
  Block block;
  for (int k = 0; k < Loss::kOperands; ++k) gather(work.operands[k], work.narrow, begin, count, block.x[k]);
  for (std::int64_t i = 0; i < count; i += kLanes) {
    const ValueAndSlope found = evaluate(loss, block, i);
    hn::StoreU(found.value, d, block.value + i);
    hn::StoreU(found.slope, d, block.slope + i);
    if constexpr (requires { Loss::kSecondSlope; }) hn::StoreU(second_slope(loss, block, i), d, block.second + i);
    else hn::StoreU(hn::Neg(found.slope), d, block.second + i);
  }
  return finish(work, begin, count, block);
}

template <class Loss>
HWY_NOINLINE double divisor_block(const Loss& loss, const Work& work, std::int64_t begin, std::int64_t count) {
  HWY_ALIGN float x[kBlock + kLanes];
  gather(work.operands[Loss::kDivisorOperand], work.narrow, begin, count, x);
  for (std::int64_t i = 0; i < count; i += kLanes) hn::StoreU(loss.divisor_term(load(x + i)), Floats(), x + i);
  return sum_of(x, count);
}

// ---- a part ------------------------------------------------------------------------------------------------------------

inline bool is_dense(const Work& work, int operands) {
  if (work.losses || work.second_gradient) return false;
  return std::all_of(work.operands, work.operands + operands, [](const Operand& operand) { return operand.lines_up(); });
}

/// Elements up to where the gradient is on a vector's boundary, as stores past the cache need it.
template <class T>
std::int64_t elements_to_boundary(const Work& work, std::int64_t begin) {
  constexpr std::uintptr_t kBytes = kLanes * sizeof(float);
  const std::uintptr_t beyond = reinterpret_cast<std::uintptr_t>(static_cast<const T*>(work.gradient) + begin) % kBytes;
  return static_cast<std::int64_t>((kBytes - beyond) % kBytes / sizeof(T));
}

template <class T, class Loss>
double compute_dense(const Loss& loss, const Work& work, std::int64_t begin, std::int64_t end) {
  return work.gradient ? dense_gradient<T>(loss, work, begin, end) : dense_sum<T>(loss, work, begin, end);
}

template <class Loss>
double compute_range(const Loss& loss, const Work& work, std::int64_t begin, std::int64_t end) {
  double sum = 0;
  const auto blocks_to = [&](std::int64_t stop) {
    for (; begin < stop; begin += std::min(kBlock, stop - begin)) sum += compute_block(loss, work, begin, std::min(kBlock, stop - begin));
  };
  if (is_dense(work, Loss::kOperands)) {
    if (work.stream)
      blocks_to(std::min(end, begin + (work.narrow ? elements_to_boundary<BFloat16>(work, begin) : elements_to_boundary<float>(work, begin))));
    const std::int64_t stop = begin + (end - begin) / kStep * kStep;
    sum += work.narrow ? compute_dense<BFloat16>(loss, work, begin, stop) : compute_dense<float>(loss, work, begin, stop);
    begin = stop;
  }
  blocks_to(end);
  return sum;
}

template <class Loss>
double compute_part_of(const Loss& loss, const Work& work, Ask ask, std::int64_t part) {
  std::int64_t begin = part * kPart;
  const std::int64_t end = std::min(work.count, begin + kPart);
  if (ask == Ask::loss) return compute_range(loss, work, begin, end);
  double sum = 0;
  if constexpr (requires { Loss::kDivisorOperand; })
    for (; begin < end; begin += kBlock) sum += divisor_block(loss, work, begin, std::min(kBlock, end - begin));
  return sum;
}

}  // namespace lossbench::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
