#include "registry/build_info.h"

namespace lossbench {

const BuildInfo& build_info() {
  static const BuildInfo info{LOSSBENCH_VERSION, LOSSBENCH_COMMIT, LOSSBENCH_COMPILER, LOSSBENCH_FLAGS, LOSSBENCH_CUDA_COMPILER, LOSSBENCH_BUILD_TYPE};
  return info;
}

}  // namespace lossbench
