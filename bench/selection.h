// Which cases a command is about: comma lists with globs over losses, variants, backends, passes and dtypes, and shapes.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "core/array.h"
#include "core/variant.h"

namespace CLI {
class App;
}

namespace lossbench {

/// One comma list of globs. Empty matches everything.
class GlobList {
 public:
  GlobList() = default;
  explicit GlobList(std::string_view comma_list);

  bool matches(std::string_view name) const;
  bool given() const { return !patterns_.empty(); }
  /// Throws InputError unless every pattern matches one of `names`; `flag` is what it was given by.
  void check(std::string_view flag, const std::vector<std::string>& names) const;

 private:
  std::vector<std::string> patterns_;
};

struct Selection {
  GlobList loss, variant, backend, pass, dtype;
  std::vector<Shape> shapes;  ///< empty: the default ones …
  std::int64_t most_elements = std::numeric_limits<std::int64_t>::max();  ///< … of up to so many, for those who take one of them

  /// Throws InputError where something names nothing the registry knows.
  void check() const;
};

/// What the flags of a command say, until they are parsed.
struct SelectionFlags {
  std::string loss, variant, backend, pass, dtype, shape;

  void add_to(CLI::App& command, bool with_shape);
  Selection parse() const;
};

/// "4096x1000" or "1048576". Throws InputError.
Shape parse_shape(std::string_view text);
std::string shape_text(const Shape& shape);

/// The items of a comma list.
std::vector<std::string> split(std::string_view text, char separator);

}  // namespace lossbench
