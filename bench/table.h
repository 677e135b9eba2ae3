// Aligned tables for terminals.
#pragma once

#include <string>
#include <vector>

namespace lossbench {

class Table {
 public:
  struct Column {
    std::string title;
    bool right = false;
  };
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  /// A line of its own between rows.
  void add_heading(std::string text) { rows_.push_back({std::move(text)}); }
  bool empty() const { return rows_.empty(); }

  /// Title line, rule and rows, two spaces between columns, nothing after the last. Cells of the last column are wrapped at
  /// kTableWidth.
  std::string text() const;
  /// The same without a rule, `indent` columns from the left.
  std::string indented(std::size_t indent) const;

 private:
  std::vector<std::size_t> widths() const;
  void append(std::string& out, const std::vector<std::string>& cells, const std::vector<std::size_t>& widths, std::size_t indent) const;

  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

inline constexpr std::size_t kTableWidth = 100;

/// Lines of at most `width` columns, broken between words.
std::string wrapped_text(const std::string& text, std::size_t width);

/// Columns that `text` takes on a terminal: its UTF-8 code points.
std::size_t display_width(const std::string& text);

/// `value` with three significant digits and no exponent where that is readable: "0.012", "1.25", "318"; "inf", "nan".
std::string short_number(double value);

/// Seconds with a unit: "1.25 us", "318 ms", "2.04 s".
std::string short_time(double seconds);

}  // namespace lossbench
