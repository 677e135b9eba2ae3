#include "bench/selection.h"

#include <fnmatch.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>

#include "core/error.h"
#include "registry/registry.h"

namespace lossbench {
namespace {

constexpr std::int64_t kMostElements = std::int64_t{1} << 36;
constexpr std::size_t kMostAxes = 6;  // a case of openpose has as many

bool glob(const std::string& pattern, std::string_view name) { return fnmatch(pattern.c_str(), std::string(name).c_str(), 0) == 0; }

/// Where no type but f8 is wanted, a loss must be that takes it, and not for its gradient.
void check_f8(const Selection& selection) {
  const auto wanted = [&](DType type) { return selection.dtype.matches(name_of(type)); };
  if (std::any_of(kRealTypes.begin(), kRealTypes.end(), wanted) || std::any_of(kLabelTypes.begin(), kLabelTypes.end(), wanted)) return;
  std::vector<std::string> taking;
  for (const Loss& loss : Registry::instance().losses()) {
    if (!loss.takes_f8()) continue;
    if (selection.loss.matches(loss.name) && selection.pass.matches(name_of(Pass::forward))) return;
    taking.push_back(loss.name);
  }
  throw InputError("--dtype: f8 is for pass forward of " + comma_list(taking) + "; accepted otherwise: " + comma_list(names_of(kRealTypes)) +
                   ", " + comma_list(names_of(kLabelTypes)));
}

}  // namespace

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    if (end > 0) parts.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

GlobList::GlobList(std::string_view comma_list) : patterns_(split(comma_list, ',')) {}

bool GlobList::matches(std::string_view name) const {
  return patterns_.empty() ||
         std::any_of(patterns_.begin(), patterns_.end(), [&](const std::string& pattern) { return glob(pattern, name); });
}

void GlobList::check(std::string_view flag, const std::vector<std::string>& names) const {
  for (const std::string& pattern : patterns_)
    if (std::none_of(names.begin(), names.end(), [&](const std::string& name) { return glob(pattern, name); }))
      throw InputError(std::string(flag) + " '" + pattern + "' matches nothing; accepted: " + comma_list(names));
}

void Selection::check() const {
  const Registry& registry = Registry::instance();
  std::vector<std::string> losses, variants = {"scalar"}, dtypes;
  for (const Loss& entry : registry.losses()) losses.push_back(entry.name);
  for (const Variant& entry : registry.variants())
    if (std::find(variants.begin(), variants.end(), entry.name) == variants.end()) variants.push_back(entry.name);
  for (const DType type : kRealTypes) dtypes.emplace_back(name_of(type));
  for (const DType type : kF8Types) dtypes.emplace_back(name_of(type));
  for (const DType type : kLabelTypes) dtypes.emplace_back(name_of(type));
  loss.check("--loss", losses);
  variant.check("--variant", variants);
  backend.check("--backend", {"scalar", "cpu", "simt", "cuda"});
  pass.check("--pass", {"forward", "gradient"});
  dtype.check("--dtype", dtypes);
  check_f8(*this);
}

void SelectionFlags::add_to(CLI::App& command, bool with_shape) {
  const char* const group = "Selection (comma lists with globs)";
  command.add_option("--loss", loss, "losses, such as l2,smooth_*")->group(group);
  command.add_option("--variant", variant, "variants, such as single_pass,fused")->group(group);
  command.add_option("--backend", backend, "scalar, cpu, simt, cuda")->group(group);
  command.add_option("--pass", pass, "forward, gradient")->group(group);
  command.add_option("--dtype", dtype, "f32, f64, f16, bf16, f8_e4m3, f8_e5m2, i32, i64")->group(group);
  if (with_shape) command.add_option("--shape", shape, "shapes, such as 1048576,4096x1000 (no globs)")->group(group);
}

Selection SelectionFlags::parse() const {
  Selection selection{GlobList(loss), GlobList(variant), GlobList(backend), GlobList(pass), GlobList(dtype), {}};
  for (const std::string& text : split(shape, ',')) selection.shapes.push_back(parse_shape(text));
  selection.check();
  return selection;
}

Shape parse_shape(std::string_view text) {
  const std::vector<std::string> parts = split(text, 'x');
  Shape shape;
  std::int64_t count = 1;
  for (const std::string& part : parts) {
    std::int64_t extent = -1;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), extent);
    if (error != std::errc() || end != part.data() + part.size() || extent < 0) break;
    if (__builtin_mul_overflow(count, std::max<std::int64_t>(extent, 1), &count) || count > kMostElements) break;
    shape.push_back(extent);
  }
  const bool dangling = text.starts_with('x') || text.ends_with('x') || text.find("xx") != text.npos;  // split() drops empty parts
  if (dangling || shape.empty() || shape.size() != parts.size() || shape.size() > kMostAxes)
    throw InputError("--shape '" + std::string(text) + "' is not accepted; accepted: up to " + std::to_string(kMostAxes) +
                     " extents joined by x, such as 1048576 or 4096x1000");
  return shape;
}

std::string shape_text(const Shape& shape) {
  std::string text;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) text += (axis ? "x" : "") + std::to_string(shape[axis]);
  return text.empty() ? "scalar" : text;
}

}  // namespace lossbench
