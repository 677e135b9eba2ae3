// A variant: one named way to compute losses on one backend, and what it promises.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "core/problem.h"

namespace lossbench {

/// `simt` is `cuda` run by the emulator; `cpu` are contenders on the host; `scalar` is the reference itself.
enum class Backend : std::uint8_t { scalar, cpu, simt, cuda };

constexpr std::string_view name_of(Backend backend) {
  constexpr std::string_view names[] = {"scalar", "cpu", "simt", "cuda"};
  return names[static_cast<int>(backend)];
}

/// What a variant promises about the order in which it adds.
enum class Order : std::uint8_t {
  none,             ///< results may differ from run to run (floating-point atomics)
  run_to_run,       ///< bit-identical on one device, whatever the schedule
  order_invariant,  ///< bit-identical for any order of the input
};

constexpr std::string_view name_of(Order order) {
  constexpr std::string_view names[] = {"none", "run_to_run", "order_invariant"};
  return names[static_cast<int>(order)];
}

/// Memory for intermediate results, on the device of the arrays, 256-byte aligned. The caller zeroes it once before the
/// first call; every variant leaves it ready for the next call of the same problem.
struct Workspace {
  void* data = nullptr;
  std::size_t bytes = 0;
};

using Stream = void*;  ///< a cudaStream_t on `cuda`, null elsewhere

/// One loss × element type × pass of a variant.
struct Implementation {
  std::string loss = {};
  DType element = DType::f32;  ///< type of the first input's elements
  Pass pass = Pass::forward;
  std::string form = {};                              ///< of a loss with several: "mode=sign"; empty otherwise
  bool (*accepts)(const Options&) = nullptr;     ///< whether the options choose that form; null where there is one only
  /// Why the variant cannot compute this problem ("reduction: none is computed by elementwise; accepted here: …"); empty if it can.
  std::string (*rejects)(const Problem&) = nullptr;
  std::size_t (*workspace_bytes)(const Problem&) = nullptr;
  /// Computes every output of the problem. No allocation, no host round trip (but see `synchronous`), any number of elements.
  void (*run)(const Problem&, Workspace, Stream) = nullptr;
  /// Bytes it moves in its workspace, by formula; null where it needs none.
  std::int64_t (*workspace_traffic)(const Problem&) = nullptr;
  int (*launches)(const Problem&) = nullptr;  ///< kernels launched per call
};

struct Variant {
  std::string name = {};
  std::string summary = {};  ///< the one thing it changes
  Backend backend = Backend::simt;
  Order order = Order::run_to_run;
  bool needs_gpu = false;     ///< a library contender the emulator cannot run
  bool synchronous = false;   ///< returns through the host; timed in a mode of its own
  bool production = false;    ///< bound to the accuracy the specification asks for, at any length
  /// Error of its sum of `length` terms, as a multiple of u·Σ|term|, beyond the error of each term.
  double (*sum_ulps)(std::int64_t length, DType element) = nullptr;
  std::vector<Implementation> implementations = {};
};

/// One variant from its parts, which differ in dtype.
inline Variant merge(std::initializer_list<Variant> parts) {
  Variant whole = *parts.begin();
  whole.implementations.clear();
  for (const Variant& part : parts)
    whole.implementations.insert(whole.implementations.end(), part.implementations.begin(), part.implementations.end());
  return whole;
}

}  // namespace lossbench
