#include "bench/choice.h"

#include <vector>

#include "core/error.h"

namespace lossbench {
DType parse_real_dtype(const std::string& name) {
  const std::optional<DType> dtype = parse_dtype(name);
  if (!dtype || !is_real(*dtype))
    throw InputError("--dtype '" + name + "' is not accepted; accepted: " + comma_list(names_of(kRealTypes)) + ", " + comma_list(names_of(kF8Types)));
  return *dtype;
}

Device& device_of(Backend backend) {
  if (backend != Backend::cuda) return host_device();
  std::string reason;
  if (Device* device = cuda_device(reason)) return *device;
  throw InputError("backend 'cuda' cannot be used: " + reason + "; accepted here: scalar, cpu, simt");
}

Backend default_backend() {
  std::string reason;
  return cuda_device(reason) ? Backend::cuda : Backend::simt;
}

Choice choose_variant(const Loss& loss, const Problem& problem, const std::string& variant_name, std::optional<Backend> backend) {
  const Backend first = backend.value_or(default_backend());
  device_of(first);
  std::vector<Backend> backends = {first};
  if (!backend && !variant_name.empty()) backends.insert(backends.end(), {Backend::scalar, Backend::cpu, Backend::simt, Backend::cuda});
  const Choice choice = choose_variant(loss, problem, variant_name, backends);
  device_of(choice.variant->backend);
  return choice;
}

}  // namespace lossbench
