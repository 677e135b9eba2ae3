// `lossbench list`: what the registry holds.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "bench/commands.h"
#include "bench/device.h"
#include "bench/selection.h"
#include "bench/table.h"
#include "core/error.h"
#include "core/loss.h"
#include "registry/list_json.h"
#include "registry/registry.h"

namespace lossbench {
namespace {

struct Flags {
  SelectionFlags selection;
  bool json = false;
};

bool chosen(const Selection& selection, const Variant& variant, const Implementation& entry) {
  return selection.variant.matches(variant.name) && selection.backend.matches(name_of(variant.backend)) && selection.loss.matches(entry.loss) &&
         selection.dtype.matches(name_of(entry.element)) && selection.pass.matches(name_of(entry.pass));
}

/// The variants of the selection, each with the implementations that are in it.
std::vector<std::pair<const Variant*, std::vector<const Implementation*>>> variants_in(const Selection& selection) {
  std::vector<std::pair<const Variant*, std::vector<const Implementation*>>> found;
  for (const Variant& variant : Registry::instance().variants()) {
    std::vector<const Implementation*> entries;
    for (const Implementation& entry : variant.implementations)
      if (chosen(selection, variant, entry)) entries.push_back(&entry);
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

void print_json(const Selection& selection) {
  std::string reason;
  const Device* const device = built_with_cuda() ? cuda_device(reason) : nullptr;
  fmt::print("{}\n", list_json({.loss = [&](const Loss& loss) { return selection.loss.matches(loss.name); },
                                .implementation = [&](const Variant& variant, const Implementation& entry) {
                                  return chosen(selection, variant, entry);
                                },
                                .device = device ? device->name() : "",
                                .no_device = reason}));
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
