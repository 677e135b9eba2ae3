// Contender `cub`: cub::DeviceReduce::TransformReduce over a counting iterator, with the same loss functors as our kernels.
//
//   Why      the reduction a CUDA programmer would call: tuned per architecture, storage given beforehand.
//   Moves    every operand once. The counting iterator hands out one element at a time, so CUB's vector loads are lost; they need
//            a raw pointer to a primitive type, which two operands are not.
//   Order    CUB's; repeats run to run on one device.
//   Error    float additions: a thread's share of the elements, then trees.
#include <cub/device/device_reduce.cuh>
#include <cuda/std/functional>
#include <thrust/iterator/counting_iterator.h>

#include "kernels/pointwise/ladder.h"
#include "registry/contenders.h"
#include "registry/instantiate_pointwise.h"

namespace lossbench {

namespace {

template <class Functor, class T, class Total>
struct ElementOf {
  PointwiseArguments<Functor, T> arguments;

  /// CUB unrolls this sixteen times over, so it reads full-size operands only: a broadcast's divisions would be most of the code.
  __device__ Total operator()(std::int64_t index) const {
    Arithmetic<T> x[Functor::kOperands];
#pragma unroll
    for (int k = 0; k < Functor::kOperands; ++k) {
      const Operand<T>& operand = arguments.operands[k];
      x[k] = operand.values ? widen(simt::load(operand.values, index)) : Arithmetic<T>(1);
    }
    return Total(value_of(arguments.loss, x));
  }
};

struct Cub {
  static constexpr const char* kName = "cub";
  static constexpr const char* kSummary = "cub::DeviceReduce::TransformReduce over a counting iterator";
  static constexpr Order kOrder = Order::run_to_run;
  static constexpr bool kProduction = false;
  static constexpr bool kNeedsGpu = true;
  static constexpr bool computes(Pass pass) { return pass == Pass::forward; }

  /// As ours with one element at a time, with room for CUB's sixteen items a thread.
  static double sum_ulps(std::int64_t length, DType) { return two_level_ulps(length, 1) + 32; }

  template <class Entry, class T, Pass kPass>
  struct Run {
    using Functor = typename Entry::Functor;
    using Total = std::conditional_t<std::is_same_v<typename SumOf<Functor, PlainSum<Arithmetic<T>>>::Type, WideSum>, double, Arithmetic<T>>;

    struct Layout {
      WorkspaceWalk walk;
      DivisorStep<Entry, T> divisor;
      simt::Global<Total> total;
      std::size_t storage_bytes = 0;
      simt::Global<char> storage;

      Layout(const Problem& problem, Workspace workspace)
          : walk(workspace), divisor(walk, problem), total(walk.take<Total>(1, "workspace")) {
        reduce(make_arguments<Entry, T>(problem), nullptr, storage_bytes, nullptr, nullptr);
        storage = walk.take<char>(std::int64_t(storage_bytes), "workspace");
      }
    };

    static void reduce(const PointwiseArguments<Functor, T>& arguments, void* storage, std::size_t& bytes, Total* total, Stream stream) {
      simt::check(cub::DeviceReduce::TransformReduce(storage, bytes, thrust::counting_iterator<std::int64_t>(0), total, arguments.count,
                                                     ::cuda::std::plus<>{}, ElementOf<Functor, T, Total>{arguments}, Total(0),
                                                     static_cast<cudaStream_t>(stream)),
                  "cub::DeviceReduce::TransformReduce");
    }

    static std::string rejects(const Problem& problem) {
      for (const char* name : Entry::kOperands)
        if (const Array* array = problem.input(name); array && array->shape != problem.inputs.front().array.shape)
          return std::string("cub takes operands of one shape; input '") + name + "' is broadcast";
      return rejects_unless_sum<Entry>(problem, kName);
    }
    static std::size_t workspace_bytes(const Problem& problem) { return Layout(problem, {}).walk.bytes(); }
    static std::int64_t workspace_traffic(const Problem&) { return 0; }  // CUB's own affair
    static int launches(const Problem& problem) { return 3 + DivisorStep<Entry, T>::needed(problem); }

    static void run(const Problem& problem, Workspace workspace, Stream stream) {
      Layout layout(problem, workspace);
      auto arguments = make_arguments<Entry, T>(problem);
      layout.divisor.run(arguments, stream);
      reduce(arguments, layout.storage.raw(), layout.storage_bytes, layout.total.raw(), stream);
      simt::launch({.kernel = "divide", .grid = 1, .block = 1, .stream = stream}, divide_kernel<T, Total>,
                   simt::Global<const Total>(layout.total), arguments.divisor, arguments.reduced_loss);
    }
  };
};

}  // namespace

Variant cub_on_cuda() {
  Variant variant = pointwise_part<Cub, float>(PointwiseEntries{});
  variant.backend = Backend::cuda;
  return variant;
}

}  // namespace lossbench
