// What the registry holds, as JSON: `lossbench list --json`, and the same through the C ABI.
#pragma once

#include <functional>
#include <string>

#include "core/loss.h"
#include "core/variant.h"

namespace lossbench {

/// What to list. A null function lists everything.
struct ListRequest {
  std::function<bool(const Loss&)> loss = {};
  std::function<bool(const Variant&, const Implementation&)> implementation = {};  ///< a variant with none of these is left out
  std::string device = {};     ///< the GPU of this machine; empty where there is none …
  std::string no_device = {};  ///< … and why, if that is known
};

std::string list_json(const ListRequest& request);

/// Why there is no GPU, as the program and the C ABI say it. `driver` is its CUDA version as cudaDriverGetVersion gives it, 0 where none is
/// installed, of which CUDA says that it is "insufficient"; `error` is CUDA's, null where it has none.
inline std::string no_cuda_device(int driver, const char* error) {
  if (driver == 0) return "no NVIDIA driver here";
  const std::string text = "no CUDA device here";
  return error ? text + " (" + error + ")" : text;
}

}  // namespace lossbench
