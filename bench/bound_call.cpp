#include "bench/bound_call.h"

namespace lossbench {

BoundCall::BoundCall(const Implementation& implementation, DeviceArrays& arrays) : arrays_(&arrays), implementation_(&implementation) {
  make_workspace();
}

BoundCall::BoundCall(Device& device, const Implementation& implementation, const Resolved& resolved, int misalignment)
    : memory_(std::make_unique<DeviceMemory>(device, DeviceArrays::bytes_for(resolved, misalignment))),
      owned_(std::make_unique<DeviceArrays>(device, memory_->data(), resolved, misalignment)),
      arrays_(owned_.get()),
      implementation_(&implementation) {
  make_workspace();
}

void BoundCall::make_workspace() {
  Device& device = arrays_->device();
  workspace_.bytes = implementation_->workspace_bytes ? implementation_->workspace_bytes(arrays_->problem()) : 0;
  if (!workspace_.bytes) return;
  workspace_memory_ = std::make_unique<DeviceMemory>(device, kGuard + workspace_.bytes + kGuard);
  fill_guard(device, workspace_memory_->data(), workspace_memory_->bytes());
  workspace_.data = workspace_memory_->data() + kGuard;
  device.fill(workspace_.data, 0, workspace_.bytes);
}

std::string BoundCall::damage() const {
  if (std::string found = arrays_->damage(); !found.empty()) return found;
  if (!workspace_memory_) return {};
  std::vector<std::byte> bytes(workspace_memory_->bytes());
  arrays_->device().download(bytes.data(), workspace_memory_->data(), bytes.size());
  const std::byte* const begin = bytes.data() + kGuard;
  const std::byte* const end = begin + workspace_.bytes;
  if (!guard_untouched(bytes.data(), begin)) return "bytes before the workspace were written";
  return guard_untouched(end, end + kGuard) ? std::string() : "bytes after the workspace were written";
}

}  // namespace lossbench
