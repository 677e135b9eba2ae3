#include "bench/compare/record.h"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

#include "bench/selection.h"
#include "core/error.h"

namespace lossbench {
namespace {

using Json = nlohmann::json;

/// JSON has no NaN and no inf, which Google Benchmark writes bare: null stands in for them, outside of strings.
std::string without_bare_nan(const std::string& text) {
  std::string out;
  bool string = false;
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (string) {
      if (c == '\\' && i + 1 < text.size()) out += text[i++];
      else if (c == '"') string = false;
      out += text[i++];
    } else if (c == '"') {
      string = true;
      out += text[i++];
    } else {
      std::size_t end = i + (c == '-');
      while (end < text.size() && std::isalpha(static_cast<unsigned char>(text[end]))) ++end;
      std::string word = text.substr(i, end - i);
      std::transform(word.begin(), word.end(), word.begin(), [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
      const bool unknown = word == "nan" || word == "-nan" || word == "inf" || word == "-inf" || word == "infinity" || word == "-infinity";
      if (unknown) {
        out += "null";
        i = end;
      } else {
        out += text[i++];
      }
    }
  }
  return out;
}

/// Parts that the library adds to a name: "iterations:1", "repeats:9", "manual_time".
bool is_library_part(const std::string& part) {
  static const char* const kStarts[] = {"iterations:", "repeats:", "threads:", "min_time:", "min_warmup_time:"};
  for (const char* start : kStarts)
    if (part.starts_with(start)) return true;
  return part == "manual_time" || part == "real_time" || part == "process_time";
}

std::string case_name(const std::string& library_name) {
  std::string name;
  for (const std::string& part : split(library_name, '/'))
    if (!is_library_part(part)) name += (name.empty() ? "" : "/") + part;
  return name;
}

double seconds_per(const std::string& unit) { return unit == "s" ? 1 : unit == "ms" ? 1e-3 : unit == "us" ? 1e-6 : 1e-9; }

void add_entry(Record& record, const Json& entry) {
  if (entry.value("run_type", "iteration") != "iteration") return;
  const std::string name = case_name(entry.value("run_name", entry.value("name", "")));
  auto known = std::find_if(record.cases.begin(), record.cases.end(), [&](const RecordedCase& other) { return other.name == name; });
  if (known == record.cases.end()) {
    record.cases.push_back({name, {}, {}, {}});
    known = record.cases.end() - 1;
  }
  const auto word = [&](const char* key) { return entry.contains(key) && entry[key].is_string() ? entry[key].get<std::string>() : std::string(); };
  const bool failed = entry.value("error_occurred", false) || entry.contains("skipped");
  if (failed) {
    const std::string message = word("error_message") + word("skip_message");
    known->fault = message.empty() ? "no reason given" : message;
    return;
  }
  if (!entry.contains("real_time") || !entry["real_time"].is_number()) return;
  known->seconds.push_back(entry["real_time"].get<double>() * seconds_per(entry.value("time_unit", "ns")));
  if (!known->counters.empty()) return;
  for (const auto& [key, value] : entry.items())
    if (value.is_number()) known->counters[key] = value.get<double>();
}

}  // namespace

double RecordedCase::counter(const std::string& key) const {
  const auto found = counters.find(key);
  return found == counters.end() ? std::numeric_limits<double>::quiet_NaN() : found->second;
}

const RecordedCase* Record::find(const std::string& name) const {
  const auto found = std::find_if(cases.begin(), cases.end(), [&](const RecordedCase& entry) { return entry.name == name; });
  return found == cases.end() ? nullptr : &*found;
}

std::string Record::about(const std::string& key) const {
  const auto found = context.find(key);
  return found == context.end() ? std::string() : found->second;
}

Record parse_record(const std::string& text, const std::string& file) {
  Record record{file, {}, {}};
  try {
    const Json document = Json::parse(without_bare_nan(text));
    const Json context = document.value("context", Json::object());
    for (const auto& [key, value] : context.items())
      record.context[key] = value.is_string() ? value.get<std::string>() : value.dump();
    const Json entries = document.value("benchmarks", Json::array());
    for (const Json& entry : entries) add_entry(record, entry);
  } catch (const Json::exception&) {
    throw InputError("'" + file + "' is no JSON of a run; accepted: what `lossbench run --out FILE` wrote");
  }
  if (record.cases.empty()) throw InputError("'" + file + "' holds no case; accepted: what `lossbench run --out FILE` wrote");
  return record;
}

Record read_record(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  if (!stream || !(text << stream.rdbuf())) throw InputError("'" + file + "' cannot be read");
  return parse_record(text.str(), file);
}

}  // namespace lossbench
