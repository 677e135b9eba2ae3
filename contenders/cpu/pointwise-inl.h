// How a pointwise loss goes through its arrays, whatever the loss. Compiled once for each instruction set: see targets.h.
//
// A loss is a functor of vectors:
//   kOperands                    how many vectors it takes
//   operator()(x0, x1, …)        -> ValueAndSlope: its value, and its derivative with respect to the first operand
//   kNeeded                      optional: how many are always given, where it is not two; the others may be absent, which is ones
//   second_slope(x0, x1, …)      optional: the derivative with respect to another
//   divisor_term(x), kDivisorOperand   optional: what an element adds to the divisor
//
// Where all arrays are dense, vectors go from memory through the functor to memory: see dense-inl.h. Everything else (broadcast operands,
// gradients beside the first, reduction none, the ends of arrays) is gathered into blocks of floats that stay in the first-level cache.
#if defined(LOSSBENCH_CPU_POINTWISE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LOSSBENCH_CPU_POINTWISE_INL_H
#undef LOSSBENCH_CPU_POINTWISE_INL_H
#else
#define LOSSBENCH_CPU_POINTWISE_INL_H
#endif

#include <algorithm>
#include <cstring>
#include <variant>

#include "contenders/cpu/clipped-inl.h"
#include "contenders/cpu/dense-inl.h"
#include "contenders/cpu/vector_math-inl.h"
#include "contenders/cpu/vectors-inl.h"
#include "contenders/cpu/work.h"
#include "core/float16.h"

HWY_BEFORE_NAMESPACE();
namespace lossbench::simd::HWY_NAMESPACE {

// ---- blocks of floats --------------------------------------------------------------------------------------------------

struct Block {
  HWY_ALIGN float x[kMostOperands][kBlock + kLanes];
  HWY_ALIGN float value[kBlock + kLanes];
  HWY_ALIGN float slope[kBlock + kLanes];
  HWY_ALIGN float second[kBlock + kLanes];

  HWY_INLINE FloatVector operator()(int k, std::int64_t i) const { return load(x[k] + i); }
};

/// The functor on the vectors of a block that begin at `i`.
template <class Loss>
HWY_INLINE ValueAndSlope evaluate(const Loss& loss, const Block& block, std::int64_t i) {
  if constexpr (Loss::kOperands == 2) return loss(block(0, i), block(1, i));
  else if constexpr (Loss::kOperands == 3) return loss(block(0, i), block(1, i), block(2, i));
  else return loss(block(0, i), block(1, i), block(2, i), block(3, i));
}

template <class Loss>
HWY_INLINE FloatVector second_slope(const Loss& loss, const Block& block, std::int64_t i) {
  if constexpr (Loss::kOperands == 2) return loss.second_slope(block(0, i), block(1, i));
  else return loss.second_slope(block(0, i), block(1, i), block(2, i));
}

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
