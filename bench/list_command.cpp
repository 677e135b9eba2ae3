// `lossbench list`: what the registry holds.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "bench/build_info.h"
#include "bench/commands.h"
#include "bench/device.h"
#include "bench/selection.h"
#include "bench/table.h"
#include "core/error.h"
#include "core/loss.h"
#include "registry/registry.h"

namespace lossbench {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kContents[] = {"real", "probability", "sign", "weight", "label", "binary", "bit", "non_negative",
                                          "log_probability", "box", "anchor_label", "roi_label", "prior_label", "box_target",
                                          "inside_weight", "outside_weight", "mask"};
constexpr std::string_view kKinds[] = {"flag", "integer", "real", "choice", "text", "list"};

struct Flags {
  SelectionFlags selection;
  bool json = false;
};

bool chosen(const Selection& selection, const Implementation& entry) {
  return selection.loss.matches(entry.loss) && selection.dtype.matches(name_of(entry.element)) && selection.pass.matches(name_of(entry.pass));
}

/// The variants of the selection, each with the implementations that are in it.
std::vector<std::pair<const Variant*, std::vector<const Implementation*>>> variants_in(const Selection& selection) {
  std::vector<std::pair<const Variant*, std::vector<const Implementation*>>> found;
  for (const Variant& variant : Registry::instance().variants()) {
    if (!selection.variant.matches(variant.name) || !selection.backend.matches(name_of(variant.backend))) continue;
    std::vector<const Implementation*> entries;
    for (const Implementation& entry : variant.implementations)
      if (chosen(selection, entry)) entries.push_back(&entry);
    if (!entries.empty()) found.emplace_back(&variant, std::move(entries));
  }
  return found;
}

/// Distinct names that `name` gives for the entries, in order.
template <class Name>
std::vector<std::string> distinct(const std::vector<const Implementation*>& entries, Name name) {
  std::vector<std::string> names;
  for (const Implementation* entry : entries)
    if (const std::string text(name(*entry)); std::find(names.begin(), names.end(), text) == names.end()) names.push_back(text);
  return names;
}

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

void print_json(const Selection& selection) {
  std::string reason;
  Device* const device = built_with_cuda() ? cuda_device(reason) : nullptr;
  Json json{{"version", build_info().version}, {"cuda", {{"built", built_with_cuda()}, {"device", device ? Json(device->name()) : Json(nullptr)}}}};
  json["losses"] = Json::array();
  for (const Loss& loss : Registry::instance().losses())
    if (selection.loss.matches(loss.name)) json["losses"].push_back(json_of(loss));
  json["variants"] = Json::array();
  for (const auto& [variant, entries] : variants_in(selection)) {
    Json entry{{"name", variant->name}, {"backend", name_of(variant->backend)}, {"summary", variant->summary},
               {"order", name_of(variant->order)}, {"needs_gpu", variant->needs_gpu || variant->backend == Backend::cuda},
               {"synchronous", variant->synchronous}, {"production", variant->production}};
    entry["implementations"] = Json::array();
    for (const Implementation* row : entries)
      entry["implementations"].push_back({{"loss", row->loss}, {"form", row->form}, {"dtype", name_of(row->element)}, {"pass", name_of(row->pass)}});
    json["variants"].push_back(std::move(entry));
  }
  fmt::print("{}\n", json.dump(2));
}

void print_loss(const Loss& loss) {
  fmt::print("\n{}   {}\n    after {}\n", loss.name, loss.summary, loss.source);
  Table inputs({{"INPUT"}, {"SHAPE"}, {"MEANING"}}), outputs({{"OUTPUT"}, {"SHAPE"}, {"MEANING"}});
  Table options({{"OPTION"}, {"DEFAULT"}, {"ACCEPTED"}, {"MEANING"}});
  for (const InputDescription& input : loss.inputs)
    inputs.add({input.signature(), input.shape, input.meaning});
  for (const OptionDescription& option : loss.options)
    options.add({option.name, option.initial ? option.default_text() : "-", option.accepted(), option.meaning});
  for (const OutputDescription& output : loss.outputs) outputs.add({output.name, output.shape, output.meaning});
  const auto text = [](const Table& table) { return table.empty() ? std::string() : table.indented(4); };
  fmt::print("{}{}{}", inputs.indented(4), text(options), text(outputs));
}

void print_human(const Selection& selection) {
  fmt::print("LOSSES ([optional input])\n");
  for (const Loss& loss : Registry::instance().losses())
    if (selection.loss.matches(loss.name)) print_loss(loss);
  fmt::print("\nVARIANTS, in ladder order\n\n");
  Table table({{"variant"}, {"backend"}, {"order"}, {"losses", true}, {"dtypes"}, {"passes"}, {"what it changes"}});
  for (const auto& [variant, entries] : variants_in(selection)) {
    const auto losses = distinct(entries, [](const Implementation& e) { return e.loss; });
    table.add({variant->name, std::string(name_of(variant->backend)), std::string(name_of(variant->order)),
               losses.size() == 1 ? losses.front() : std::to_string(losses.size()),
               comma_list(distinct(entries, [](const Implementation& e) { return name_of(e.element); })),
               comma_list(distinct(entries, [](const Implementation& e) { return name_of(e.pass); })), variant->summary});
  }
  fmt::print("{}", table.text());
}

}  // namespace

void add_list_command(CLI::App& program, int& status) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command = program.add_subcommand("list", "Losses, variants, options and dtypes, straight from the registry");
  flags->selection.add_to(*command, false);
  command->add_flag("--json", flags->json, "as JSON");
  command->callback([flags, &status] {
    const Selection selection = flags->selection.parse();
    flags->json ? print_json(selection) : print_human(selection);
    status = kOk;
  });
}

}  // namespace lossbench
