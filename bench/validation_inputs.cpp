#include "bench/validation_inputs.h"

#include "bench/selection.h"
#include "core/error.h"

namespace lossbench {
namespace {

// Blocks have 256 threads, warps 32, 16-byte vectors 2, 4 or 8 elements.
const std::vector<ValidationInput> kElements = {
    {{0}}, {{1}}, {{1}, DataKind::plain, 1},
    {{31}}, {{33}, DataKind::plain, 1},                                    // around a warp
    {{255}}, {{256}}, {{257}, DataKind::plain, 1},                         // around a block
    {{1021}, DataKind::plain, 1}, {{1022}}, {{1023}, DataKind::plain, 3},  // every vector tail
    {{4099}}, {{70001}, DataKind::plain, 1},                               // many blocks
    {{37, 11}, DataKind::plain, 1}, {{3, 2, 7}},                           // more axes than one
};
const std::vector<ValidationInput> kFewElements = {
    {{0}}, {{33}, DataKind::plain, 1}, {{257}}, {{4099}, DataKind::plain, 1}, {{37, 11}},
};

// Rows x classes. A row is a warp's or a block's work.
const std::vector<ValidationInput> kRows = {
    {{0, 5}}, {{1, 1}}, {{3, 1}, DataKind::plain, 1},
    {{2, 2}}, {{5, 31}}, {{4, 33}, DataKind::plain, 1},                 // around a warp
    {{3, 255}}, {{2, 256}}, {{2, 257}, DataKind::plain, 1},             // around a block
    {{7, 1001}}, {{3, 1000}, DataKind::plain, 1}, {{2, 4099}},          // odd rows: each starts at another alignment
    {{300, 7}, DataKind::plain, 1}, {{70, 128}}, {{1, 20001}},          // many rows, one long row
};
const std::vector<ValidationInput> kFewRows = {
    {{0, 5}}, {{4, 33}, DataKind::plain, 1}, {{7, 1001}}, {{75, 7}},
};

constexpr DataKind kHard[] = {DataKind::offset,   DataKind::certain,   DataKind::saturated, DataKind::denormal, DataKind::ties,
                              DataKind::nan_last, DataKind::nan_first, DataKind::inf_last,  DataKind::neg_inf};

}  // namespace

std::string ValidationInput::name() const {
  return shape_text(shape) + (misalignment ? "+" + std::to_string(misalignment) : "") + " " + std::string(name_of(kind));
}

namespace {

/// A composite loss names its sizes; every second one starts off a boundary. Its hard data include labels of every sort.
std::vector<ValidationInput> composite_inputs(const Loss& loss, bool full) {
  std::vector<ValidationInput> inputs;
  for (const Shape& shape : full ? loss.cases.every : loss.cases.few)
    inputs.push_back({shape, DataKind::plain, inputs.size() % 2 ? 1 : 0});
  for (const DataKind kind : kHard) inputs.push_back({loss.cases.hard, kind, full ? 1 : 0});
  for (const DataKind kind : {DataKind::hidden, DataKind::ignored, DataKind::background, DataKind::crowded})
    inputs.push_back({loss.cases.hard, kind, full ? 3 : 0});
  return inputs;
}

}  // namespace

std::vector<ValidationInput> validation_inputs(const Loss& loss, const Options& options, bool full) {
  if (loss.composite()) return composite_inputs(loss, full);
  const bool rows = takes_rows(loss, options);
  std::vector<ValidationInput> inputs = rows ? full ? kRows : kFewRows : full ? kElements : kFewElements;
  std::erase_if(inputs, [&](const ValidationInput& input) { return !takes_rank(loss, options, input.shape.size()); });
  const Shape hard = rows ? Shape{6, 67} : Shape{259};
  for (const DataKind kind : kHard) inputs.push_back({hard, kind, full ? 1 : 0});
  if (rows && full)
    for (const DataKind kind : {DataKind::offset, DataKind::certain, DataKind::saturated}) inputs.push_back({{3, 1031}, kind, 0});
  if (rows) inputs.push_back({hard, DataKind::masked, 0}), inputs.push_back({hard, DataKind::masked_row, 0});
  if (rows && full) inputs.push_back({{3, 2053}, DataKind::masked, 1});  // longer than a block's first tile
  if (loss.inputs_of(options).front().shape == "[N]") std::erase_if(inputs, [](const ValidationInput& input) { return input.shape.size() > 1; });
  if (options.has("ignore_index") || options.has("ignore_label")) inputs.push_back({hard, DataKind::ignored, 0});
  return inputs;
}

OptionSet parse_option_set(const Loss& loss, const std::string& text) {
  OptionSet set{text, Options(loss.options), {}};
  for (const std::string& token : split(text, ' ')) {
    const std::size_t equals = token.find('=');
    if (token.front() == '+') set.extra.push_back(token.substr(1));
    else if (equals == token.npos) throw InputError(loss.name + ": option set '" + text + "': accepted are NAME=VALUE and +INPUT");
    else set.options.give(loss.options, token.substr(0, equals), token.substr(equals + 1));
  }
  return set;
}

std::vector<OptionSet> option_sets(const Loss& loss, bool f8) {
  std::vector<OptionSet> sets = {parse_option_set(loss, "")};
  for (const std::string& text : f8 ? loss.f8_option_sets : loss.option_sets) sets.push_back(parse_option_set(loss, text));
  return sets;
}

}  // namespace lossbench
