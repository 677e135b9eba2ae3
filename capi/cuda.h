// The little that the C ABI itself asks of CUDA. Two implementations: cuda.cpp, and cuda_none.cpp for a build without it.
#pragma once

#include <string>

namespace lossbench::capi {

/// Throws NoDeviceError where there is no CUDA device of this number, or where no kernels were built for one.
void need_device(int device);

/// The first device; empty where there is none.
std::string device_name();

/// Why there is none; empty where there is one, or where this build could not use it.
std::string why_no_device();

/// Makes a device the current one of this thread while it lives, as launching on its streams needs.
class CurrentDevice {
 public:
  explicit CurrentDevice(int device);
  ~CurrentDevice();
  CurrentDevice(const CurrentDevice&) = delete;
  CurrentDevice& operator=(const CurrentDevice&) = delete;

 private:
  int before_ = -1;
};

}  // namespace lossbench::capi
