#include "registry/choice.h"

#include "core/error.h"
#include "registry/registry.h"

namespace lossbench {
namespace {

constexpr Backend kBackends[] = {Backend::scalar, Backend::cpu, Backend::simt, Backend::cuda};

/// "fused, single_pass (simt); scalar (scalar)": the variants of a loss by backend.
std::string known_variants(const Loss& loss) {
  std::string text;
  for (const Backend backend : kBackends) {
    std::vector<std::string> names;
    for (const Variant* variant : Registry::instance().variants_of(loss.name))
      if (variant->backend == backend) names.push_back(variant->name);
    if (!names.empty()) text += (text.empty() ? "" : "; ") + comma_list(names) + " (" + std::string(name_of(backend)) + ")";
  }
  return text;
}

const Variant& named_variant(const Loss& loss, const std::string& name, std::span<const Backend> backends) {
  const std::vector<const Variant*> variants = Registry::instance().variants_of(loss.name);
  for (const Backend backend : backends)
    for (const Variant* variant : variants)
      if (variant->name == name && variant->backend == backend) return *variant;
  std::vector<std::string> names;
  for (const Backend backend : backends) names.push_back("'" + std::string(name_of(backend)) + "'");
  throw InputError(loss.name + ": no variant '" + name + "' on backend " + comma_list(names) + "; accepted: " + known_variants(loss));
}

const Variant& preferred_variant(const Loss& loss, const Problem& problem, std::span<const Backend> backends) {
  for (const Backend backend : backends.first(backends.size() - 1)) {
    std::string reasons;
    if (const Variant* found = find_preferred(loss, backend, problem, reasons)) return *found;
  }
  return lossbench::preferred_variant(loss, backends.back(), problem);
}

}  // namespace

Backend parse_backend(std::string_view name) {
  std::vector<std::string_view> names;
  for (const Backend backend : kBackends) {
    if (name_of(backend) == name) return backend;
    names.push_back(name_of(backend));
  }
  throw InputError("backend '" + std::string(name) + "' is not accepted; accepted: " + comma_list(names));
}

Choice choose_variant(const Loss& loss, const Problem& problem, const std::string& variant_name, std::span<const Backend> backends) {
  const Variant& variant = variant_name.empty() ? preferred_variant(loss, problem, backends) : named_variant(loss, variant_name, backends);
  std::string reason;
  const Implementation* const implementation = find_implementation(variant, problem, reason);
  if (!implementation) throw InputError(reason);
  return {&variant, implementation};
}

}  // namespace lossbench
