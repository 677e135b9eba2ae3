// Messages from pieces: text("lane ", 3, " of ", mask).
#pragma once

#include <concepts>
#include <string>
#include <string_view>

#include "simt/qualifiers.h"

namespace simt::inline SIMT_BUILD {

inline void append(std::string& line, std::string_view piece) { line += piece; }
inline void append(std::string& line, std::integral auto number) { line += std::to_string(number); }

template <class... P>
std::string text(const P&... pieces) {
  std::string line;
  (append(line, pieces), ...);
  return line;
}

}  // namespace simt::inline SIMT_BUILD
