// What can go wrong beyond a bad request (InputError), each with the status it becomes.
#pragma once

#include <stdexcept>

namespace lossbench::capi {

/// LOSSBENCH_INVALID_ARGUMENT.
struct ArgumentError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// LOSSBENCH_NO_DEVICE.
struct NoDeviceError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace lossbench::capi
