#include "registry/list_json.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/host_cache.h"
#include "registry/build_info.h"
#include "registry/registry.h"

namespace lossbench {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kContents[] = {"real", "probability", "sign", "weight", "label", "binary", "bit", "non_negative",
                                          "log_probability", "box", "anchor_label", "roi_label", "prior_label", "box_target",
                                          "inside_weight", "outside_weight", "mask"};
constexpr std::string_view kKinds[] = {"flag", "integer", "real", "choice", "text", "list"};

Json json_of(const OptionDescription& option) {
  Json json{{"name", option.name}, {"kind", kKinds[static_cast<int>(option.kind)]}};
  json["default"] = option.initial ? Json(option.default_text()) : Json(nullptr);
  json["accepted"] = option.accepted();
  json["meaning"] = option.meaning;
  return json;
}

Json json_of(const Loss& loss) {
  Json json{{"name", loss.name}, {"summary", loss.summary}, {"source", loss.source}};
  json["inputs"] = Json::array();
  json["outputs"] = Json::array({"loss"});
  for (const InputDescription& input : loss.inputs) {
    json["inputs"].push_back({{"name", input.name}, {"content", kContents[static_cast<int>(input.content)]}, {"shape", input.shape},
                              {"meaning", input.meaning}, {"optional", input.optional}, {"differentiable", input.differentiable}});
    if (input.differentiable) json["outputs"].push_back("grad_" + input.name);
  }
  for (const OutputDescription& output : loss.outputs) json["outputs"].push_back(output.name);
  json["options"] = Json::array();
  for (const OptionDescription& option : loss.options) json["options"].push_back(json_of(option));
  json["dtypes"] = Json::array();
  json["variants"] = Json::array();
  for (const Variant* variant : Registry::instance().variants_of(loss.name)) {
    if (std::find(json["variants"].begin(), json["variants"].end(), variant->name) == json["variants"].end())
      json["variants"].push_back(variant->name);
    for (const Implementation& entry : variant->implementations)
      if (const Json dtype(name_of(entry.element));
          entry.loss == loss.name && std::find(json["dtypes"].begin(), json["dtypes"].end(), dtype) == json["dtypes"].end())
        json["dtypes"].push_back(dtype);
  }
  return json;
}

Json json_of(const Variant& variant, const std::vector<const Implementation*>& entries) {
  Json json{{"name", variant.name}, {"backend", name_of(variant.backend)}, {"summary", variant.summary},
            {"order", name_of(variant.order)}, {"needs_gpu", variant.needs_gpu || variant.backend == Backend::cuda},
            {"synchronous", variant.synchronous}, {"production", variant.production}};
  json["implementations"] = Json::array();
  for (const Implementation* row : entries)
    json["implementations"].push_back({{"loss", row->loss}, {"form", row->form}, {"dtype", name_of(row->element)}, {"pass", name_of(row->pass)}});
  return json;
}

Json build_json() {
  const BuildInfo& build = build_info();
  return {{"commit", build.commit}, {"compiler", build.compiler}, {"flags", build.flags}, {"build_type", build.build_type},
          {"cuda_compiler", build.cuda_compiler}};
}

}  // namespace

std::string list_json(const ListRequest& request) {
  Json json{{"version", build_info().version}, {"build", build_json()}};
  json["cuda"] = {{"built", built_with_cuda()}, {"device", request.device.empty() ? Json(nullptr) : Json(request.device)}};
  if (!request.no_device.empty()) json["cuda"]["reason"] = request.no_device;
  json["host"] = {{"cache_bytes", last_level_cache_bytes()}};
  json["losses"] = Json::array();
  for (const Loss& loss : Registry::instance().losses())
    if (!request.loss || request.loss(loss)) json["losses"].push_back(json_of(loss));
  json["variants"] = Json::array();
  for (const Variant& variant : Registry::instance().variants()) {
    std::vector<const Implementation*> entries;
    for (const Implementation& entry : variant.implementations)
      if (!request.implementation || request.implementation(variant, entry)) entries.push_back(&entry);
    if (!entries.empty()) json["variants"].push_back(json_of(variant, entries));
  }
  return json.dump(2);
}

}  // namespace lossbench
