// Options of a loss: typed, with defaults and accepted values, so that one description serves parsing, messages and `list`.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace lossbench {

using OptionValue = std::variant<bool, std::int64_t, double, std::string, std::vector<double>>;

/// One option of a loss. `initial` is its default; an option without one is absent until given (`Options::has`).
struct OptionDescription {
  enum class Kind : std::uint8_t { flag, integer, real, choice, text, list };  ///< a list is real numbers, "1,0.5"

  std::string name;
  Kind kind = Kind::real;
  std::optional<OptionValue> initial;
  std::string meaning;
  std::vector<std::string> choices;                                  ///< accepted words of a `choice`
  bool or_integer = false;                                           ///< … which may also be an integer, kept as the word it is
  double least = -std::numeric_limits<double>::infinity();           ///< accepted range of a number …
  double most = std::numeric_limits<double>::infinity();
  bool exclusive = false;                                            ///< … whose lower end is excluded

  /// "true, false", "none, sum, mean", "a number > 0": the accepted values as one phrase.
  std::string accepted() const;
  /// The default as text; empty when there is none.
  std::string default_text() const;
  /// Parses and checks `text`. Throws InputError that names the option and the accepted values.
  OptionValue parse(std::string_view text) const;

  static OptionDescription flag(std::string name, bool initial, std::string meaning);
  static OptionDescription integer(std::string name, std::optional<std::int64_t> initial, std::string meaning);
  static OptionDescription real(std::string name, std::optional<double> initial, std::string meaning);
  static OptionDescription choice(std::string name, std::optional<std::string> initial, std::vector<std::string> choices,
                                  std::string meaning);
  /// Any option whose name begins with `prefix`, kept as the text it is: options that belong to something named elsewhere.
  static OptionDescription any_of(std::string prefix, std::string meaning);
  /// Whether an option of this name is described here.
  bool matches(std::string_view option) const { return kind == Kind::text ? option.size() > name.size() && option.starts_with(name) : option == name; }
  static OptionDescription choice_or_integer(std::string name, std::optional<std::string> initial, std::vector<std::string> choices,
                                             std::string meaning);
  /// No numbers by default: what that means is the loss's to say.
  static OptionDescription list(std::string name, std::string meaning);
  OptionDescription at_least(double value) &&;
  OptionDescription above(double value) &&;
  OptionDescription at_most(double value) &&;
};

/// The options of one problem: every value given, and the default of every other.
class Options {
 public:
  Options() = default;
  /// Starts from the defaults of `descriptions`.
  explicit Options(const std::vector<OptionDescription>& descriptions);

  /// Records a value the user gave. Throws InputError for an unknown name or an unacceptable value.
  void give(const std::vector<OptionDescription>& descriptions, std::string_view name, std::string_view text);
  /// Sets a value that follows from others (an inferred selector).
  void set(std::string_view name, OptionValue value);

  bool has(std::string_view name) const { return values_.find(name) != values_.end(); }
  /// True when the user gave the option, as opposed to its default.
  bool given(std::string_view name) const;

  bool flag(std::string_view name) const { return std::get<bool>(at(name)); }
  std::int64_t integer(std::string_view name) const { return std::get<std::int64_t>(at(name)); }
  double real(std::string_view name) const { return std::get<double>(at(name)); }
  const std::string& word(std::string_view name) const { return std::get<std::string>(at(name)); }

  const std::vector<double>& list(std::string_view name) const { return std::get<std::vector<double>>(at(name)); }

  const std::map<std::string, OptionValue, std::less<>>& values() const { return values_; }

 private:
  const OptionValue& at(std::string_view name) const;
  std::map<std::string, OptionValue, std::less<>> values_;
  std::vector<std::string> given_;
};

/// An option value as the text a user would type.
std::string to_string(const OptionValue& value);

}  // namespace lossbench
