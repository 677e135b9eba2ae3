#include "bench/choice.h"

#include <algorithm>

#include "core/error.h"
#include "registry/registry.h"

namespace lossbench {
namespace {

/// "fused, single_pass (simt); scalar (scalar)": the variants of a loss by backend.
std::string known_variants(const Loss& loss) {
  std::string text;
  for (const Backend backend : {Backend::scalar, Backend::cpu, Backend::simt, Backend::cuda}) {
    std::vector<std::string> names;
    for (const Variant* variant : Registry::instance().variants_of(loss.name))
      if (variant->backend == backend) names.push_back(variant->name);
    if (!names.empty()) text += (text.empty() ? "" : "; ") + comma_list(names) + " (" + std::string(name_of(backend)) + ")";
  }
  return text;
}

/// Named variants, the one on the wanted backend first; on any backend that works here where none is wanted.
const Variant& named_variant(const Loss& loss, const std::string& name, std::optional<Backend> backend) {
  const Variant* found = nullptr;
  for (const Variant* variant : Registry::instance().variants_of(loss.name)) {
    if (variant->name != name || (backend && variant->backend != *backend)) continue;
    if (!backend && variant->backend == default_backend()) return *variant;
    if (!found) found = variant;
  }
  if (!found)
    throw InputError(loss.name + ": no variant '" + name + "'" + (backend ? " on backend '" + std::string(name_of(*backend)) + "'" : "") +
                     "; accepted: " + known_variants(loss));
  return *found;
}

}  // namespace

DType parse_real_dtype(const std::string& name) {
  const std::optional<DType> dtype = parse_dtype(name);
  if (!dtype || !is_real(*dtype))
    throw InputError("--dtype '" + name + "' is not accepted; accepted: " + comma_list(names_of(kRealTypes)) + ", " + comma_list(names_of(kF8Types)));
  return *dtype;
}

Backend parse_backend(const std::string& name) {
  for (const Backend backend : {Backend::scalar, Backend::cpu, Backend::simt, Backend::cuda})
    if (name_of(backend) == name) return backend;
  throw InputError("--backend '" + name + "' is not accepted; accepted: scalar, cpu, simt, cuda");
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
  if (backend) device_of(*backend);
  const Variant& variant = variant_name.empty() ? preferred_variant(loss, backend.value_or(default_backend()), problem)
                                                : named_variant(loss, variant_name, backend);
  device_of(variant.backend);
  std::string reason;
  const Implementation* const implementation = find_implementation(variant, problem, reason);
  if (!implementation) throw InputError(reason);
  return {&variant, implementation};
}

}  // namespace lossbench
