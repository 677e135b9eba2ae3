#include "core/options.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/error.h"

namespace lossbench {
namespace {

/// Shortest text that parses back to the same number.
std::string number_text(double value) {
  char buffer[32];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value);
  return error == std::errc() ? std::string(buffer, end) : std::to_string(value);
}

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  if (text.size() > 1 && text.front() == '+' && text[1] != '-') text.remove_prefix(1);  // from_chars knows no plus sign
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

}  // namespace

std::string OptionDescription::accepted() const {
  switch (kind) {
    case Kind::flag: return "true, false";
    case Kind::choice: if (!or_integer) return comma_list(choices); break;
    case Kind::text: return "a value that this option takes there";
    case Kind::integer: case Kind::real: case Kind::list: break;
  }
  std::string phrase = kind == Kind::integer ? "an integer" : kind == Kind::list ? "numbers, separated by commas, each" : "a number";
  if (kind == Kind::choice) phrase = comma_list(choices) + ", an integer";
  if (kind == Kind::list && !std::isfinite(least)) return "numbers, separated by commas";
  if (std::isfinite(least)) phrase += (exclusive ? " > " : " >= ") + number_text(least);
  if (std::isfinite(most)) phrase += (std::isfinite(least) ? " and <= " : " <= ") + number_text(most);
  return phrase;
}

std::string OptionDescription::default_text() const { return initial ? to_string(*initial) : std::string(); }

OptionValue OptionDescription::parse(std::string_view text) const {
  const auto in_range = [this](double value) {
    return value <= most && (exclusive ? value > least : value >= least);  // false for NaN
  };
  switch (kind) {
    case Kind::flag:
      if (text == "true") return true;
      if (text == "false") return false;
      break;
    case Kind::integer:
      if (const auto value = parse_number<std::int64_t>(text); value && in_range(static_cast<double>(*value))) return *value;
      break;
    case Kind::real:
      if (const auto value = parse_number<double>(text); value && std::isfinite(*value) && in_range(*value)) return *value;
      break;
    case Kind::choice:
      if (std::find(choices.begin(), choices.end(), text) != choices.end()) return std::string(text);
      if (const auto value = parse_number<std::int64_t>(text); or_integer && value && in_range(static_cast<double>(*value))) return std::string(text);
      break;
    case Kind::text: return std::string(text);
    case Kind::list: {
      std::vector<double> values;
      for (std::size_t start = 0; start <= text.size();) {
        const std::size_t comma = std::min(text.find(',', start), text.size());
        const auto value = parse_number<double>(text.substr(start, comma - start));
        if (!value || !std::isfinite(*value) || !in_range(*value)) break;
        values.push_back(*value);
        if (comma == text.size()) return values;
        start = comma + 1;
      }
      break;
    }
  }
  throw InputError("option " + name + ": '" + std::string(text) + "' is not accepted; accepted: " + accepted());
}

OptionDescription OptionDescription::flag(std::string name, bool initial, std::string meaning) {
  OptionDescription option;
  option.name = std::move(name);
  option.kind = Kind::flag;
  option.initial = initial;
  option.meaning = std::move(meaning);
  return option;
}

OptionDescription OptionDescription::integer(std::string name, std::optional<std::int64_t> initial, std::string meaning) {
  OptionDescription option;
  option.name = std::move(name);
  option.kind = Kind::integer;
  if (initial) option.initial = *initial;
  option.meaning = std::move(meaning);
  return option;
}

OptionDescription OptionDescription::real(std::string name, std::optional<double> initial, std::string meaning) {
  OptionDescription option;
  option.name = std::move(name);
  option.kind = Kind::real;
  if (initial) option.initial = *initial;
  option.meaning = std::move(meaning);
  return option;
}

OptionDescription OptionDescription::choice(std::string name, std::optional<std::string> initial, std::vector<std::string> choices,
                                            std::string meaning) {
  OptionDescription option;
  option.name = std::move(name);
  option.kind = Kind::choice;
  if (initial) option.initial = std::move(*initial);
  option.choices = std::move(choices);
  option.meaning = std::move(meaning);
  return option;
}

OptionDescription OptionDescription::any_of(std::string prefix, std::string meaning) {
  OptionDescription option;
  option.name = std::move(prefix);
  option.kind = Kind::text;
  option.meaning = std::move(meaning);
  return option;
}

OptionDescription OptionDescription::choice_or_integer(std::string name, std::optional<std::string> initial, std::vector<std::string> choices,
                                                       std::string meaning) {
  OptionDescription option = choice(std::move(name), std::move(initial), std::move(choices), std::move(meaning));
  option.or_integer = true;
  return option;
}

OptionDescription OptionDescription::list(std::string name, std::string meaning) {
  OptionDescription option;
  option.name = std::move(name);
  option.kind = Kind::list;
  option.meaning = std::move(meaning);
  return option;
}

OptionDescription OptionDescription::at_least(double value) && {
  least = value;
  exclusive = false;
  return std::move(*this);
}

OptionDescription OptionDescription::above(double value) && {
  least = value;
  exclusive = true;
  return std::move(*this);
}

OptionDescription OptionDescription::at_most(double value) && {
  most = value;
  return std::move(*this);
}

Options::Options(const std::vector<OptionDescription>& descriptions) {
  for (const OptionDescription& option : descriptions)
    if (option.initial) values_.emplace(option.name, *option.initial);
}

void Options::give(const std::vector<OptionDescription>& descriptions, std::string_view name, std::string_view text) {
  const auto found = std::find_if(descriptions.begin(), descriptions.end(), [&](const auto& option) { return option.matches(name); });
  if (found == descriptions.end()) {
    std::vector<std::string> names;
    for (const OptionDescription& option : descriptions) names.push_back(option.name);
    throw InputError("unknown option '" + std::string(name) + "'; accepted: " + (names.empty() ? "none" : comma_list(names)));
  }
  set(name, found->parse(text));
  if (!given(name)) given_.emplace_back(name);
}

void Options::set(std::string_view name, OptionValue value) { values_.insert_or_assign(std::string(name), std::move(value)); }

bool Options::given(std::string_view name) const { return std::find(given_.begin(), given_.end(), name) != given_.end(); }

const OptionValue& Options::at(std::string_view name) const {
  const auto found = values_.find(name);
  if (found == values_.end()) throw InputError("option " + std::string(name) + " is needed and was not given");
  return found->second;
}

std::string to_string(const OptionValue& value) {
  if (const bool* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const std::int64_t* integer = std::get_if<std::int64_t>(&value)) return std::to_string(*integer);
  if (const double* real = std::get_if<double>(&value)) return number_text(*real);
  if (const std::vector<double>* list = std::get_if<std::vector<double>>(&value)) {
    std::string text;
    for (const double number : *list) text += (text.empty() ? "" : ",") + number_text(number);
    return text;
  }
  return std::get<std::string>(value);
}

}  // namespace lossbench
