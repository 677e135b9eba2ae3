// Contender `thrust`: thrust::transform_reduce over a counting iterator, with the same loss functors as our kernels.
//
//   Why      what a C++ user would write first: one call, no workspace to think of.
//   Moves    every operand once. The counting iterator hands out one element at a time, so vector loads are lost; Thrust's own
//            vector loads need a raw pointer to a primitive type, which two operands are not.
//   Order    Thrust's; fixed for a fixed length and device. The sum is kept in double.
//   Hazard   it allocates, and returns through the host: never timed together with variants that do neither.
//
// The text is compiled twice: by nvcc for Thrust's CUDA system, by the host compiler for its sequential C++ system.
#pragma once

#include <string>

#include <thrust/functional.h>
#include <thrust/iterator/counting_iterator.h>
#include <thrust/transform_reduce.h>

#include "contenders/quotient.h"
#include "core/variant.h"

namespace lossbench::inline SIMT_BUILD::thrust_contender {

/// Operands as plain pointers, all of one shape: libraries know no handles, and a broadcast's divisions, unrolled as often as
/// Thrust unrolls, would take ptxas minutes.
template <class Functor, class T>
struct ElementValue {
  Functor loss;
  const T* values[Functor::kOperands];

  SIMT_FN T at(int k, std::int64_t index) const { return values[k] ? values[k][index] : T(1); }

  SIMT_FN double operator()(std::int64_t index) const {
    if constexpr (Functor::kOperands == 2) return double(loss.value(at(0, index), at(1, index)));
    else if constexpr (Functor::kOperands == 3) return double(loss.value(at(0, index), at(1, index), at(2, index)));
    else return double(loss.value(at(0, index), at(1, index), at(2, index), at(3, index)));
  }
};

template <class Entry, class T>
ElementValue<typename Entry::Functor, T> element_value(const Problem& problem) {
  ElementValue<typename Entry::Functor, T> element{};
  element.loss = Entry::bind(problem);
  for (std::size_t k = 0; k < Entry::kOperands.size(); ++k) {
    const Array* array = problem.input(Entry::kOperands[k]);
    element.values[k] = array ? array->as<const T>() : nullptr;
  }
  return element;
}

/// `Place` says where Thrust runs: sum(element, count, stream) and write(loss array, value, stream).
template <class Place>
struct Thrust {
  static constexpr const char* kName = "thrust";
  static constexpr const char* kSummary = Place::kSummary;
  static constexpr Order kOrder = Order::run_to_run;
  static constexpr bool kProduction = true;
  static constexpr bool kNeedsGpu = Place::kNeedsGpu;
  static constexpr bool kSynchronous = true;
  static constexpr bool computes(Pass pass) { return pass == Pass::forward; }

  /// Double addition, one term after another in the worst case.
  static double sum_ulps(std::int64_t length, DType element) { return element == DType::f64 ? double(length) : 1 + double(length) * 0x1p-29; }

  template <class Entry, class T, Pass kPass>
  struct Run {
    static std::string rejects(const Problem& problem) {
      if constexpr (requires { Entry::rejects(problem); })
        if (std::string reason = Entry::rejects(problem); !reason.empty()) return "thrust " + reason;
      if (problem.reduction() == Reduction::none)
        return "thrust adds up: option 'reduction' takes sum, mean, batch here (none is computed by elementwise)";
      for (const char* name : Entry::kOperands)
        if (const Array* array = problem.input(name); array && array->shape != problem.inputs.front().array.shape)
          return std::string("thrust takes operands of one shape; input '") + name + "' is broadcast";
      if (divisor_rule<Entry>(problem).computed) return "thrust divides by constants only, not by a sum of weights or of kept elements";
      return {};
    }
    static std::size_t workspace_bytes(const Problem&) { return 0; }
    static std::int64_t workspace_traffic(const Problem&) { return 0; }
    static int launches(const Problem&) { return Place::kLaunches; }

    static void run(const Problem& problem, Workspace, Stream stream) {
      const double sum = Place::sum(element_value<Entry, T>(problem), problem.inputs.front().array.count(), stream);
      Place::write(*problem.output("loss"), quotient(problem, sum, divisor_of(divisor_rule<Entry>(problem))), stream);
    }
  };
};

}  // namespace lossbench::inline SIMT_BUILD::thrust_contender
