// Checked calls of the CUDA runtime, and a CUDA graph as a recording. For bench/device_cuda.cpp alone.
#pragma once

#include <cuda_runtime.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "bench/device.h"

namespace lossbench {
namespace {  // each text that includes this has its own: that of the tests speaks to another runtime

/// The runtime also keeps what went wrong as its last error: it is reported here, and must not be found again by the next launch of a library.
void check(cudaError_t error, const char* call) {
  if (error == cudaSuccess) return;
  cudaGetLastError();
  throw std::runtime_error(std::string(call) + ": " + cudaGetErrorString(error));
}

class Graph final : public Recording {
 public:
  explicit Graph(cudaGraph_t graph) : graph_(graph) {
    check(cudaGraphInstantiate(&executable_, graph_, 0), "cudaGraphInstantiate");
    std::size_t count = 0;
    check(cudaGraphGetNodes(graph_, nullptr, &count), "cudaGraphGetNodes");
    std::vector<cudaGraphNode_t> nodes(count);
    if (count) check(cudaGraphGetNodes(graph_, nodes.data(), &count), "cudaGraphGetNodes");
    for (cudaGraphNode_t node : nodes) {
      cudaGraphNodeType type{};
      check(cudaGraphNodeGetType(node, &type), "cudaGraphNodeGetType");
      launches_ += type == cudaGraphNodeTypeKernel;
    }
  }
  ~Graph() override {
    if (executable_) cudaGraphExecDestroy(executable_);
    cudaGraphDestroy(graph_);
  }
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;

  std::int64_t launches() const override { return launches_; }
  cudaGraphExec_t executable() const { return executable_; }

 private:
  cudaGraph_t graph_;
  cudaGraphExec_t executable_ = nullptr;
  std::int64_t launches_ = 0;
};

}  // namespace
}  // namespace lossbench
