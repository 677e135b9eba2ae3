#include "bench/run_context.h"

#include <fmt/format.h>

#include <CLI/Version.hpp>
#include <nlohmann/json.hpp>

#include "registry/build_info.h"
#include "registry/registry.h"

namespace lossbench {

std::string cuda_device_name() {
  std::string reason;
  Device* const device = cuda_device(reason);
  return device ? device->name() : "none: " + reason;
}

std::vector<std::pair<std::string, std::string>> run_context(const Settings& settings, const std::vector<std::string>& command_line) {
  const BuildInfo& build = build_info();
  std::string line;
  for (const std::string& argument : command_line) line += (line.empty() ? "" : " ") + argument;
  std::vector<std::pair<std::string, std::string>> context = {
      {"lossbench_version", build.version},
      {"commit", build.commit.empty() ? "unknown" : build.commit},
      {"compiler", build.compiler},
      {"flags", build.flags},
      {"build_type", build.build_type},
      {"cuda_built", built_with_cuda() ? "yes" : "no"},
      {"cuda_compiler", build.cuda_compiler.empty() ? "none" : build.cuda_compiler},
      {"libraries", fmt::format("fmt {}.{}.{}, nlohmann-json {}.{}.{}, CLI11 {}", FMT_VERSION / 10000, FMT_VERSION / 100 % 100, FMT_VERSION % 100,
                                NLOHMANN_JSON_VERSION_MAJOR, NLOHMANN_JSON_VERSION_MINOR, NLOHMANN_JSON_VERSION_PATCH, CLI11_VERSION)},
      {"device", cuda_device_name()},
  };
  std::string reason;
  if (Device* const device = cuda_device(reason))
    for (auto& fact : device->facts()) context.push_back(std::move(fact));
  for (auto& fact : host_device().facts()) context.push_back(std::move(fact));
  context.insert(context.end(), {
      {"mode", name_of(settings.mode)},
      {"seed", std::to_string(settings.seed)},
      {"budget_seconds", settings.budget ? fmt::format("{:g}", *settings.budget) : "none"},
      {"patience_seconds", fmt::format("{:g}", settings.patience)},
      {"command_line", line},
  });
  return context;
}

std::vector<std::pair<std::string, std::string>> outcome_context(Runner& runner) {
  std::vector<std::pair<std::string, std::string>> context;
  for (auto& [device, ceilings] : runner.ceilings().all()) {
    const std::string where = device->where() == Where::cuda ? "gpu" : "cpu";
    for (const Ceiling& ceiling : ceilings.all())
      context.push_back({fmt::format("ceiling {} {} {} MiB", where, name_of(ceiling.shape), static_cast<double>(ceiling.bytes) * 0x1p-20),
                         fmt::format("{:.4g} GB/s, drift {:.1f} %", ceiling.best * 1e-9, 100 * ceiling.drift())});
    if (const double launch = ceilings.launch_seconds(); launch > 0) context.push_back({where + "_launch_us", fmt::format("{:.3g}", 1e6 * launch)});
  }
  context.push_back({"revisit_spread", fmt::format("{:.4g}", runner.revisit_spread())});
  if (!runner.dropped().empty()) {
    std::string names;
    for (const std::string& name : runner.dropped()) names += (names.empty() ? "" : " ") + name;
    context.push_back({"dropped", names});
  }
  return context;
}

}  // namespace lossbench
