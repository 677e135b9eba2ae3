// What this binary was built from and with.
#pragma once

#include <string>

namespace lossbench {

struct BuildInfo {
  std::string version;
  std::string commit;      ///< empty where it is not known
  std::string compiler;
  std::string flags;
  std::string cuda_compiler;  ///< and its architectures; empty without CUDA
  std::string build_type;     ///< "Release", "Debug", …
  bool release() const { return build_type == "Release"; }
};

const BuildInfo& build_info();

}  // namespace lossbench
