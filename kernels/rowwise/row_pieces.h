// How the classes of a row are dealt to the threads of a team: in single elements, or in 16-byte vectors with the ends of the row
// peeled off.
#pragma once

#include <cstdint>

#include "simt/float8.h"

namespace lossbench::inline SIMT_BUILD::rowwise {

/// Logits that one thread has in flight: kVectors runs of kWidth neighbouring classes. Where the row has ended a run has no class,
/// and its logits are -inf.
template <class Real, int kVectors, int kWidth>
struct Piece {
  static constexpr int kRuns = kVectors;
  static constexpr int kRunWidth = kWidth;
  static constexpr int kCount = kVectors * kWidth;
  static constexpr int kNone = -(1 << 30);

  Real x[kCount];
  int base[kVectors];  ///< first class of each run, or kNone

  __device__ __forceinline__ int c(int k) const { return base[k / kWidth] + k % kWidth; }
  __device__ __forceinline__ bool holds(int k) const { return base[k / kWidth] >= 0; }
};

/// Single elements a thread has in flight.
constexpr int kChunk = 4;

/// Visits the classes `begin` to `end` one at a time, neighbouring threads on neighbouring classes: body(piece) for pieces of
/// kChunk logits, x(c) each.
template <class Real, class Load, class Body>
__device__ __forceinline__ void single_pieces(int rank, int threads, int begin, int end, Load x, Body body) {
  for (int first = begin + rank; first < end; first += threads * kChunk) {
    Piece<Real, kChunk, 1> piece;
#pragma unroll
    for (int k = 0; k < kChunk; ++k) {
      const int c = first + k * threads;
      piece.base[k] = c < end ? c : piece.kNone;
      piece.x[k] = c < end ? x(c) : Real(-INFINITY);
    }
    body(piece);
  }
}

/// Elements of a 16-byte vector, and of the 32-byte sector that is the unit of memory traffic.
template <class T>
constexpr int kVector = 16 / int(sizeof(T));
template <class T>
constexpr int kSector = 32 / int(sizeof(T));

/// A part of a row in vectors: single elements up to the first sector boundary, vectors in pairs, single elements after the last
/// full sector. No sector is touched twice, wherever the row starts.
struct Span {
  int begin;    ///< first class
  int first;    ///< first class of a vector
  int vectors;
  int tail;     ///< first class after the vectors
  int end;

  __device__ __forceinline__ int head() const { return first - begin; }
  __device__ __forceinline__ int singles() const { return head() + end - tail; }
  __device__ __forceinline__ int single(int i) const { return i < head() ? begin + i : tail + (i - head()); }
};

template <class T>
__device__ __forceinline__ Span span_of(simt::Global<const T> row, int begin, int end) {
  Span span{begin, begin + row.offset(begin).misalignment(32), 0, 0, end};
  if (span.first > end) span.first = end;
  span.vectors = (end - span.first) / kSector<T> * 2;
  span.tail = span.first + span.vectors * kVector<T>;
  return span;
}

/// Part `rank` of `parts` of a row of `classes`: parts begin at sector boundaries, so that only the first has a head and only the
/// last a tail. `slice` is slice_of(classes, parts).
template <class T>
__device__ __forceinline__ Span part_of(simt::Global<const T> row, int classes, int slice, int rank) {
  const std::int64_t head = row.misalignment(32);
  const auto edge = [&](std::int64_t part) {
    const std::int64_t at = part == 0 ? 0 : head + part * slice;
    return int(at < classes ? at : classes);
  };
  return span_of(row, edge(rank), edge(rank + 1));
}

/// Classes of one part but for its head and tail: whole sectors.
template <class T>
inline int slice_of(std::int64_t classes, int parts) {
  const std::int64_t sectors = (classes + kSector<T> - 1) / kSector<T>;
  return int((sectors + parts - 1) / parts) * kSector<T>;
}

/// Visits a span: body(piece) for single elements, then for kInFlight vectors at a time. `element(c)` gives one logit,
/// `vector(c)` kVector<T> of them, as T. The 16 logits of an f8 vector are more than registers hold: they come in two pieces, while the
/// next vector is on its way.
template <int kInFlight, class T, class Element, class Vectors, class Body>
__device__ __forceinline__ void vector_pieces(int rank, int threads, const Span& span, Element element, Vectors vector, Body body) {
  using Real = decltype(simt::to_float(T{}));
  constexpr int kWidth = kVector<T>;
  // A head of f8 has a warp to itself: with the tail behind it, the warp's end would divide a sector between two requests.
  const int heads = simt::kIsFloat8<T> ? kSector<T> : span.head();
  for (int i = rank; i < heads + span.end - span.tail; i += threads) {
    if (simt::kIsFloat8<T> && i >= span.head() && i < heads) continue;
    Piece<Real, 1, 1> piece;
    piece.base[0] = i < heads ? span.begin + i : span.tail + (i - heads);
    piece.x[0] = Real(simt::to_float(element(piece.base[0])));
    body(piece);
  }
  if constexpr (simt::kIsFloat8<T>) {
    constexpr int kHalf = kWidth / 2;
    simt::Vec<T, kWidth> next;
    if (rank < span.vectors) next = vector(span.first + rank * kWidth);
    for (int v = rank; v < span.vectors; v += threads) {
      simt::Vec<T, kWidth> raw = next;
      if (v + threads < span.vectors) next = vector(span.first + (v + threads) * kWidth);
#pragma unroll 1
      for (int part = 0; part < kWidth; part += kHalf) {
        Piece<Real, 1, kHalf> piece;
        piece.base[0] = span.first + v * kWidth + part;
#pragma unroll
        for (int k = 0; k < kHalf; ++k) piece.x[k] = Real(simt::to_float(raw[k])), raw[k] = raw[kHalf + k];
        body(piece);
      }
    }
  } else {
    for (int v = rank; v < span.vectors; v += threads * kInFlight) {
      simt::Vec<T, kWidth> raw[kInFlight];
      Piece<Real, kInFlight, kWidth> piece;
#pragma unroll
      for (int u = 0; u < kInFlight; ++u) {  // all loads before the first use
        const bool there = u == 0 || v + u * threads < span.vectors;
        piece.base[u] = there ? span.first + (v + u * threads) * kWidth : piece.kNone;
        if (there) raw[u] = vector(piece.base[u]);
      }
#pragma unroll
      for (int u = 0; u < kInFlight; ++u)
#pragma unroll
        for (int k = 0; k < kWidth; ++k)
          piece.x[u * kWidth + k] = u == 0 || piece.base[u] >= 0 ? Real(simt::to_float(raw[u][k])) : Real(-INFINITY);
      body(piece);
    }
  }
}

/// The widest run, in elements and at most a vector's, in which an array can be accessed that lies in phase with `span` or not.
template <class T>
__device__ __forceinline__ int common_width(simt::Global<T> row, const Span& span) {
  const auto at = row.offset(span.first);
  int width = kVector<T>;
  while (width > 1 && at.misalignment(width * int(sizeof(T))) != 0) width /= 2;
  return width;
}

/// Stores a run of neighbours as wide as `width` allows.
template <int kWidth, class T, int kRun>
__device__ __forceinline__ void store_run(simt::Global<T> array, std::int64_t at, const simt::Vec<T, kRun>& values, int width) {
  if constexpr (kWidth == 1) {
#pragma unroll
    for (int k = 0; k < kRun; ++k) simt::store<simt::Cache::streaming>(array, at + k, values[k]);
  } else if (width >= kWidth) {
#pragma unroll
    for (int k = 0; k < kRun; k += kWidth) {
      simt::Vec<T, kWidth> part;
#pragma unroll
      for (int j = 0; j < kWidth; ++j) part[j] = values[k + j];
      simt::store<simt::Cache::streaming>(array, at + k, part);
    }
  } else {
    store_run<kWidth / 2>(array, at, values, width);
  }
}

/// Loads one likewise.
template <int kWidth, int kRun, class T>
__device__ __forceinline__ simt::Vec<T, kRun> load_run(simt::Global<const T> array, std::int64_t at, int width) {
  simt::Vec<T, kRun> values;
  if constexpr (kWidth == 1) {
#pragma unroll
    for (int k = 0; k < kRun; ++k) values[k] = simt::load(array, at + k);
  } else if (width >= kWidth) {
#pragma unroll
    for (int k = 0; k < kRun; k += kWidth) {
      const simt::Vec<T, kWidth> part = simt::load<kWidth>(array, at + k);
#pragma unroll
      for (int j = 0; j < kWidth; ++j) values[k + j] = part[j];
    }
  } else {
    values = load_run<kWidth / 2, kRun>(array, at, width);
  }
  return values;
}

}  // namespace lossbench::inline SIMT_BUILD::rowwise
