#include "bench/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace lossbench {

std::size_t display_width(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

namespace {

constexpr std::size_t kLeastRoom = 14;

/// Columns for the last cell of a row, behind `start` of them: to the edge, and where little is left as many as a word takes.
std::size_t room_after(std::size_t start) { return std::max<std::size_t>(kTableWidth, start + kLeastRoom) - start; }

/// Lines of at most `width` columns, broken between words.
std::vector<std::string> wrapped(const std::string& text, std::size_t width) {
  std::vector<std::string> lines(1);
  std::size_t start = 0;
  while (start < text.size()) {
    const std::size_t end = std::min(text.find(' ', start), text.size());
    const std::string word = text.substr(start, end - start);
    if (!lines.back().empty() && display_width(lines.back()) + 1 + display_width(word) > width) lines.emplace_back();
    lines.back() += (lines.back().empty() ? "" : " ") + word;
    start = end + 1;
  }
  return lines;
}

}  // namespace

std::string wrapped_text(const std::string& text, std::size_t width) {
  std::string out;
  for (const std::string& line : wrapped(text, width)) out += line + '\n';
  return out;
}

std::vector<std::size_t> Table::widths() const {
  std::vector<std::size_t> widths;
  for (const Column& column : columns_) widths.push_back(display_width(column.title));
  for (const auto& row : rows_)
    for (std::size_t c = 0; row.size() > 1 && c < row.size(); ++c) widths[c] = std::max(widths[c], display_width(row[c]));
  return widths;
}

void Table::append(std::string& out, const std::vector<std::string>& cells, const std::vector<std::size_t>& widths, std::size_t indent) const {
  std::string line(indent, ' ');
  const std::size_t last = cells.size() - 1;
  for (std::size_t c = 0; c < last; ++c) {
    const std::string blank(widths[c] - display_width(cells[c]), ' ');
    line += (columns_[c].right ? blank + cells[c] : cells[c] + blank) + "  ";
  }
  const std::size_t start = display_width(line);
  const std::vector<std::string> lines = wrapped(cells[last], room_after(start));
  if (columns_[last].right) line.append(widths[last] - display_width(cells[last]), ' ');
  for (const std::string& part : lines) {
    line += part;
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + '\n';
    line.assign(start, ' ');
  }
}

std::string Table::text() const {
  const std::vector<std::size_t> widths = this->widths();
  std::vector<std::string> titles, rules;
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    titles.push_back(columns_[c].title);
    rules.emplace_back(widths[c], '-');
  }
  std::size_t start = 0;
  for (std::size_t c = 0; c + 1 < columns_.size(); ++c) start += widths[c] + 2;
  rules.back().resize(std::min(rules.back().size(), room_after(start)));

  std::string out;
  append(out, titles, widths, 0);
  append(out, rules, widths, 0);
  for (const auto& row : rows_) row.size() == 1 && columns_.size() > 1 ? void(out += row.front() + '\n') : append(out, row, widths, 0);
  return out;
}

std::string Table::indented(std::size_t indent) const {
  const std::vector<std::size_t> widths = this->widths();
  std::vector<std::string> titles;
  for (const Column& column : columns_) titles.push_back(column.title);
  std::string out;
  append(out, titles, widths, indent);
  for (const auto& row : rows_) append(out, row, widths, indent);
  return out;
}

std::string short_number(double value) {
  if (!std::isfinite(value)) return std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
  const double size = std::fabs(value);
  if (size == 0) return "0";
  if (size < 0.001 || size >= 1e6) return fmt::format("{:.2e}", value);
  const int before = static_cast<int>(std::floor(std::log10(size))) + 1;
  return fmt::format("{:.{}f}", value, std::clamp(3 - before, 0, 5));
}

std::string short_time(double seconds) {
  if (seconds < 1e-3) return short_number(seconds * 1e6) + " us";
  if (seconds < 1) return short_number(seconds * 1e3) + " ms";
  return short_number(seconds) + " s";
}

}  // namespace lossbench
