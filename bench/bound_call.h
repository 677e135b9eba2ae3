// One call made ready on a device: an implementation, its arrays, its workspace.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bench/device_arrays.h"
#include "core/variant.h"

namespace lossbench {

class BoundCall {
 public:
  /// A call on arrays that others may share; the workspace is its own.
  BoundCall(const Implementation& implementation, DeviceArrays& arrays);
  /// A call with arrays of its own.
  BoundCall(Device& device, const Implementation& implementation, const Resolved& resolved, int misalignment = 0);

  /// Enqueues the call.
  void run() { implementation_->run(arrays_->problem(), workspace_, arrays_->device().stream()); }
  void finish() { arrays_->device().finish(); }

  void poison_outputs(unsigned char byte = 0xFF) { arrays_->poison_outputs(byte); }
  Tensor output(const std::string& name) const { return arrays_->output(name); }
  /// What was damaged: an input, or bytes around an array or the workspace. Empty when nothing was.
  std::string damage() const;

  DeviceArrays& arrays() const { return *arrays_; }
  const Problem& problem() const { return arrays_->problem(); }

 private:
  void make_workspace();

  std::unique_ptr<DeviceMemory> memory_;  ///< of its own arrays
  std::unique_ptr<DeviceArrays> owned_;
  DeviceArrays* arrays_;
  const Implementation* implementation_;
  std::unique_ptr<DeviceMemory> workspace_memory_;
  Workspace workspace_;
};

}  // namespace lossbench
