// Where a thread gets its share of a row from. A source is asked for the row once, `first(body)`, and may be asked `again(body)`; both
// give the same pieces in the same order. `put` stores what was made of a piece.
#pragma once

#include "kernels/primitives/grid_loop.h"
#include "kernels/rowwise/row_math.h"

namespace lossbench::inline SIMT_BUILD::rowwise {

/// Single elements from global memory, every time anew; classes may lie apart.
template <class T, simt::Cache kFirst>
struct SingleSource {
  using Real = RealOf<T>;
  simt::Global<const T> row;
  simt::Global<T> gradient;
  std::int64_t stride, gradient_stride;
  int rank, threads, classes;

  __device__ SingleSource(const SoftmaxArguments<T>& arguments, std::int64_t index, int rank_, int threads_)
      : row(arguments.logits.offset(arguments.layout.first_class(index))),
        stride(arguments.layout.class_stride),
        gradient_stride(arguments.gradient_layout.class_stride),
        rank(rank_),
        threads(threads_),
        classes(arguments.classes) {
    if (arguments.gradient) gradient = arguments.gradient.offset(arguments.gradient_layout.first_class(index));
  }

  __device__ void line_up(TargetRow<T>&) const {}
  template <class Body>
  __device__ __forceinline__ void first(Body body) const {
    single_pieces<Real>(rank, threads, 0, classes,
                        [&](int c) { return Real(simt::to_float(simt::load<kFirst>(row, c * stride))); }, body);
  }
  template <class Body>
  __device__ __forceinline__ void again(Body body) const {
    single_pieces<Real>(rank, threads, 0, classes,
                        [&](int c) { return Real(simt::to_float(simt::load<simt::Cache::streaming>(row, c * stride))); }, body);
  }
  template <class P>
  __device__ __forceinline__ void put(const P& piece, const Real (&values)[P::kCount]) const {
#pragma unroll
    for (int k = 0; k < P::kCount; ++k)
      if (piece.holds(k)) simt::store<simt::Cache::streaming>(gradient, piece.c(k) * gradient_stride, simt::from_float<T>(values[k]));
  }
};

/// Vectors a thread has in flight: 32 bytes, so that 1024 threads a multiprocessor keep 32 KB on their way.
constexpr int kInFlight = 2;

/// What vector sources share: a span of a row whose classes are neighbours, and how its gradient is stored.
template <class T>
struct VectorRow {
  using Real = RealOf<T>;
  simt::Global<const T> row;
  simt::Global<T> gradient;
  Span span;
  int rank, threads;
  int width = 1;  ///< of the gradient's stores

  __device__ VectorRow(const SoftmaxArguments<T>& arguments, std::int64_t index, int rank_, int threads_, int part = 0, int parts = 1)
      : row(arguments.logits.offset(arguments.layout.first_class(index))), rank(rank_), threads(threads_) {
    span = parts == 1 ? span_of(row, 0, arguments.classes) : part_of(row, arguments.classes, arguments.slice, part);
    if (!arguments.gradient) return;
    gradient = arguments.gradient.offset(arguments.gradient_layout.first_class(index));
    width = common_width(gradient, span);
  }

  __device__ void line_up(TargetRow<T>& target) const { target.in_phase_with(span); }

  /// One value in every class of the gradient.
  __device__ void fill(T value) const {
    for (int c = span.begin + rank; c < span.end; c += threads) simt::store<simt::Cache::streaming>(gradient, c, value);
  }
  template <class P>
  __device__ __forceinline__ void put(const P& piece, const Real (&values)[P::kCount]) const {
#pragma unroll
    for (int run = 0; run < P::kRuns; ++run) {
      if (run > 0 && piece.base[run] < 0) continue;
      simt::Vec<T, P::kRunWidth> out;
#pragma unroll
      for (int k = 0; k < P::kRunWidth; ++k) out[k] = simt::from_float<T>(values[run * P::kRunWidth + k]);
      store_run<P::kRunWidth>(gradient, piece.base[run], out, width);
    }
  }
};

/// Vectors from global memory, every time anew.
template <class T, simt::Cache kFirst>
struct VectorSource : VectorRow<T> {
  using VectorRow<T>::VectorRow;

  template <simt::Cache kCache, class Body>
  __device__ __forceinline__ void read(Body body) const {
    vector_pieces<kInFlight, T>(
        this->rank, this->threads, this->span, [&](int c) { return simt::load<kCache>(this->row, c); },
        [&](int c) { return simt::load<kVector<T>, kCache>(this->row, c); }, body);
  }
  template <class Body>
  __device__ __forceinline__ void first(Body body) const { read<kFirst>(body); }
  template <class Body>
  __device__ __forceinline__ void again(Body body) const { read<simt::Cache::streaming>(body); }
};

/// Vectors of a piece that comes out of shared memory for the second time: eight logits hide its latency, and sixteen with their gradients
/// take more registers than two blocks have on sm_100.
template <class T>
constexpr int kAgainTogether = kVector<T> < 8 ? kInFlight : 1;

/// Elements of shared memory for a part of a row of `slice` classes: vectors keep their alignment, the head lies before them.
template <class T>
SIMT_FN int kept_elements(int slice) { return slice + kSector<T>; }

/// Vectors from global memory once; each thread keeps what it read in shared memory and finds it there again. No barrier is
/// needed, because the places of a vector belong to one thread, in every row. Those of single elements would not, since heads
/// differ in length from row to row: a thread has one at most, and keeps it in a register.
template <class T>
struct KeptSource : VectorRow<T> {
  T* shared_row;  ///< where the first vector lies
  mutable T own{};

  __device__ KeptSource(const SoftmaxArguments<T>& arguments, T* shared, std::int64_t index, int rank_, int threads_, int part = 0,
                        int parts = 1)
      : VectorRow<T>(arguments, index, rank_, threads_, part, parts), shared_row(shared + kSector<T>) {}

  static_assert(2 * kSector<T> <= kBlockThreads);

  __device__ __forceinline__ int place(int c) const { return c - this->span.first; }

  template <class Body>
  __device__ __forceinline__ void first(Body body) const {
    vector_pieces<kInFlight, T>(
        this->rank, this->threads, this->span,
        [&](int c) { return own = simt::load<simt::Cache::streaming>(this->row, c); },
        [&](int c) {
          const auto x = simt::load<kVector<T>, simt::Cache::streaming>(this->row, c);
          simt::store_shared(shared_row, place(c), x);
          return x;
        },
        body);
  }
  template <class Body>
  __device__ __forceinline__ void again(Body body) const {
    vector_pieces<kAgainTogether<T>, T>(
        this->rank, this->threads, this->span, [&](int) { return own; },
        [&](int c) { return simt::load_shared<kVector<T>>(shared_row, place(c)); }, body);
  }
};

}  // namespace lossbench::inline SIMT_BUILD::rowwise
