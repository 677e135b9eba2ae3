// A prepared call: what lossbench_prepare makes and lossbench_run runs.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "capi/lossbench.h"
#include "capi/tensors.h"
#include "core/variant.h"
#include "registry/choice.h"

namespace lossbench::capi {

class Call {
 public:
  /// Checks the request and chooses its variant. Throws ArgumentError, InputError or NoDeviceError.
  explicit Call(const lossbench_request& request);

  /// Enqueues the work, or throws before anything is enqueued: ArgumentError.
  void run(std::span<const lossbench_array> outputs, Workspace workspace, Stream stream);

  const Variant& variant() const { return *choice_.variant; }
  const std::vector<NamedArray>& outputs() const { return problem_.outputs; }
  std::size_t workspace_bytes() const { return workspace_bytes_; }
  std::int64_t contract_bytes() const { return contract_bytes_; }

 private:
  void bind_inputs(std::span<const lossbench_array> inputs);
  void bind_output(const lossbench_array& output);
  void check_workspace(Workspace workspace) const;

  Problem problem_;
  Place place_;
  Choice choice_{};
  std::size_t workspace_bytes_ = 0;
  std::int64_t contract_bytes_ = 0;
};

}  // namespace lossbench::capi
