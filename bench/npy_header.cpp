#include "bench/npy_header.h"

#include <charconv>

#include "core/error.h"

namespace lossbench {
namespace {

/// A reader of the little Python that NumPy writes: strings, True, False, and tuples of integers.
class Literal {
 public:
  Literal(std::string_view text, const std::string& label) : rest_(text), label_(label) {}

  void expect(char c) {
    if (!accept(c)) fail();
  }
  bool accept(char c) {
    skip_space();
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::string string() {
    skip_space();
    if (rest_.empty() || (rest_.front() != '\'' && rest_.front() != '"')) fail();
    const char quote = rest_.front();
    const std::size_t end = rest_.find(quote, 1);
    if (end == rest_.npos) fail();
    std::string text(rest_.substr(1, end - 1));
    rest_.remove_prefix(end + 1);
    return text;
  }
  bool boolean() {
    skip_space();
    for (const std::string_view word : {"True", "False"}) {
      if (!rest_.starts_with(word)) continue;
      rest_.remove_prefix(word.size());
      return word == "True";
    }
    fail();
  }
  Shape tuple() {
    Shape shape;
    expect('(');
    while (!accept(')')) {
      skip_space();
      std::int64_t extent = -1;
      const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), extent);
      if (error != std::errc() || extent < 0) fail();
      rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
      shape.push_back(extent);
      if (accept(')')) break;
      expect(',');
    }
    return shape;
  }
  /// A record dtype, [('x', '<f4'), …]: skipped whole, and named in the message about dtypes.
  std::string other() {
    skip_space();
    const std::size_t end = rest_.find(']');
    if (!rest_.starts_with('[') || end == rest_.npos) fail();
    std::string text(rest_.substr(0, end + 1));
    rest_.remove_prefix(end + 1);
    return text;
  }
  bool at_string() {
    skip_space();
    return !rest_.empty() && (rest_.front() == '\'' || rest_.front() == '"');
  }
  void end() {
    skip_space();
    if (!rest_.empty()) fail();
  }
  [[noreturn]] void fail() const { throw InputError(label_ + ": malformed .npy header; accepted: what numpy.save writes"); }

 private:
  void skip_space() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\n')) rest_.remove_prefix(1);
  }
  std::string_view rest_;
  const std::string& label_;
};

}  // namespace

NpyHeader parse_npy_header(std::string_view text, const std::string& label) {
  NpyHeader header;
  Literal literal(text, label);
  bool descr = false, order = false, shape = false;
  literal.expect('{');
  while (!literal.accept('}')) {
    const std::string key = literal.string();
    literal.expect(':');
    if (key == "descr") header.descr = literal.at_string() ? literal.string() : literal.other(), descr = true;
    else if (key == "fortran_order") header.fortran_order = literal.boolean(), order = true;
    else if (key == "shape") header.shape = literal.tuple(), shape = true;
    else literal.fail();
    if (literal.accept('}')) break;
    literal.expect(',');
  }
  literal.end();
  if (!descr || !order || !shape) literal.fail();
  return header;
}

}  // namespace lossbench
