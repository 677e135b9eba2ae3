// The one exception that means "the caller asked for something impossible".
#pragma once

#include <stdexcept>
#include <string>

namespace lossbench {

/// Bad input: one line that names the culprit and the accepted values. The program prints it and exits with status 2.
struct InputError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Joins names for such a line: "a, b, c".
template <class Range>
std::string comma_list(const Range& names) {
  std::string line;
  for (const auto& name : names) {
    if (!line.empty()) line += ", ";
    line += name;
  }
  return line;
}

}  // namespace lossbench
