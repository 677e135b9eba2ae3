// Stands in for cuda.cpp in a build without CUDA.
#include "capi/cuda.h"
#include "capi/errors.h"

namespace lossbench::capi {

void need_device(int) { throw NoDeviceError("this build of lossbench has no CUDA kernels; accepted: host tensors, and backends cpu, scalar, simt"); }

std::string device_name() { return {}; }
std::string why_no_device() { return {}; }

CurrentDevice::CurrentDevice(int device) { need_device(device); }
CurrentDevice::~CurrentDevice() = default;

}  // namespace lossbench::capi
