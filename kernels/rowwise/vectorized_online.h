// Variant `vectorized_online`. Builds on `online`; changes one thing: logits come 16 bytes at a time, wherever a row starts.
//
//   Why      online asks for 2 or 4 bytes a thread and load, so for bf16 it is the number of requests that limits it, not the memory.
//            The ends of a row are peeled to the nearest 32-byte sector: rows of odd length (50257) or behind odd strides start
//            at every alignment, and each of their sectors is still fetched once. With fewer instructions a logit the exponential
//            is what remains, so from here on it is the hardware's (ex2.approx), whose error is in the bound.
//   Moves    as online. The gradient is stored as wide as its own alignment allows: 16 bytes where it lies in phase with the
//            logits, else the widest width common to both.
//   Needs    256 threads a block; neighbouring classes, any number, any alignment, padded rows. Every option.
//   Order    as three_pass.
//   Error    see sum_ulps: pieces of two vectors (4 to 16 terms; of f8 half a vector, 8) are added in the arithmetic type.
//   Holds    4 blocks of 256 threads a multiprocessor at 64 registers a thread; 3 at 80 in f64 and for 16-bit gradients; 2 at 128 where
//            the row is rich (row_math.h). f8 rows come 16 logits an access, the next vector on its way while one is worked on.
#pragma once

#include "kernels/rowwise/online.h"

namespace lossbench::inline SIMT_BUILD {

namespace rowwise {

/// A gradient of 16-bit logits, 16 of which a thread works on together, takes more than 64 registers.
template <class T, Pass kPass, bool kRich>
constexpr int kVectorBlocks = !kRich && kPass == Pass::gradient && sizeof(T) == 2 ? 3 : kBlocksHeld<T, kRich>;

template <class T, Pass kPass, bool kRich>
__global__ void __launch_bounds__(kBlockThreads, (kVectorBlocks<T, kPass, kRich>)) vectorized_online_kernel(SoftmaxArguments<T> arguments) {
  using Shared = BlockShared<RealOf<T>>;
  SIMT_SHARED(Shared, shared);
  softmax_rows<SumsInOnePass<kRich, true>, kPass>(arguments, BlockTeam<RealOf<T>>(shared), PlainRows<VectorSource<T, kFirstRead<kPass>>>{});
}

/// Terms that one thread adds in the arithmetic type before they become double, in variants that read vectors: a piece.
inline int vector_piece(DType element) { return is_f8(element) ? 8 : kInFlight * (16 / int(size_of(element))); }

inline double vector_ulps(std::int64_t length, int threads, DType element) {
  return added_ulps(length, threads, vector_piece(element), element) + rescaling_ulps(length);
}

}  // namespace rowwise

struct VectorizedOnline : rowwise::PlainPlan<1> {
  static constexpr const char* kName = "vectorized_online";
  static constexpr const char* kSummary = "16-byte loads at any alignment: rows peeled to whole sectors; fast exponential";
  static constexpr const char* kLoss = "softmax_cross_entropy";
  static constexpr Order kOrder = Order::run_to_run;
  static constexpr bool kProduction = true;
  static constexpr bool kRich = true;

  static double sum_ulps(std::int64_t length, DType element) { return rowwise::vector_ulps(length, kBlockThreads, element); }

  template <class T>
  static std::string rejects(const Problem& problem) { return rowwise::rejects_strided_classes(problem, kName); }

  template <class T, Pass kPass, bool kWantsRich>
  static auto main() { return rowwise::vectorized_online_kernel<T, kPass, kWantsRich>; }

  template <class T, Pass kPass>
  struct Run : rowwise::SoftmaxRun<VectorizedOnline, T, kPass> {};
};

}  // namespace lossbench::inline SIMT_BUILD
