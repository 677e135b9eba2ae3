// The CUDA device of bench/device_cuda.cpp over a runtime without a card.
#pragma once

#include "bench/device.h"
#include "tests/measure/fake_cuda/cuda_runtime.h"

namespace lossbench {

/// The very text of bench/device_cuda.cpp, compiled over the fake runtime. One for the process, as the real one.
Device& fake_cuda_device();

}  // namespace lossbench
