// Where in a kernel an operation was written: what errors point at, and what counters group a warp's accesses by.
#pragma once

#include <cstring>
#include <string>
#if !defined(__clang__)
#include <source_location>
#endif

#include "simt/qualifiers.h"

namespace simt::inline SIMT_BUILD {

struct Site {
  const char* file = nullptr;
  unsigned line = 0;
  unsigned column = 0;  // two calls on one line are two sites

#if defined(__clang__)  // clang 14 cannot use libstdc++'s std::source_location; g++ 12 has no __builtin_COLUMN
  static constexpr Site here(const char* file = __builtin_FILE(), unsigned line = __builtin_LINE(),
                             unsigned column = __builtin_COLUMN()) {
    return {file, line, column};
  }
#else
  static constexpr Site here(std::source_location at = std::source_location::current()) {
    return {at.file_name(), at.line(), at.column()};
  }
#endif

  bool operator==(const Site& other) const {
    if (line != other.line || column != other.column) return false;
    return file == other.file || (file && other.file && std::strcmp(file, other.file) == 0);
  }
};

/// "pointwise/vectorized.h:42": the file with its folder, and the line.
std::string to_string(const Site& site);

}  // namespace simt::inline SIMT_BUILD

/// The last parameter of every function a kernel calls: filled in by the compiler with the place of the call.
#define SIMT_SITE ::simt::Site site = ::simt::Site::here()
