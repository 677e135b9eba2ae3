#include "bench/run_table.h"

#include <fmt/format.h>

#include <algorithm>

#include "bench/figure_quality.h"
#include "bench/table.h"

namespace lossbench {
namespace {

constexpr const char* kTimedLegend =
    "time: median of a call ({}), +- about a 95 % interval of it. GB/s: bytes the loss must move / time. ceiling: share of what memory did in this "
    "run, in the same traffic shape. notes: in what a row differs from most; docs/measuring.md explains the words.";
constexpr const char* kCountedLegend =
    "Kernels run by the emulator are counted, not timed. traffic: bytes moved / bytes the loss must move. atomics: of all threads, on global memory; "
    "on one: the most on one address, which take turns. barriers: __syncthreads(), the most that one block passes.";
constexpr const char* kErrorLegend =
    "error/bound: largest error against the double reference, as a share of its bound; above 100 % fails.";

/// Timed figures and counted ones have little in common but the error, so each kind has a table.
bool counted(const CaseResult& result) { return result.entry.emulated(); }

FigureQuality quality_of(const CaseResult& result) {
  const Measurement& measured = result.measurement;
  FigureQuality quality{measured.caveats.names(), measured.uncertainty(), measured.revisit, measured.samples.size()};
  quality.on_gpu = result.entry.variant->backend == Backend::cuda;
  for (const Sample& sample : measured.samples) {
    quality.throttled += sample.throttled;
    quality.disturbed += sample.disturbed;
  }
  return quality;
}

std::string percent(double share) {
  const double size = 100 * share;
  return size < 9.95 ? fmt::format("{:.1f} %", size) : fmt::format("{:.0f} %", size);
}

std::string accuracy_text(const CaseResult& result) {
  return result.entry.variant->backend == Backend::scalar ? "reference" : percent(result.measurement.accuracy.ratio);
}

std::string notes_text(const CaseResult& result, const RunQuality& run) {
  std::string text = result.entry.variant->synchronous ? "sync" : "";
  for (const std::string& mark : run.marks(quality_of(result))) text += (text.empty() ? "" : ", ") + mark;
  return text;
}

std::vector<std::string> timed_cells(const CaseResult& result, const RunQuality& run) {
  const Measurement& measured = result.measurement;
  const std::string share = measured.ceiling > 0 ? fmt::format("{:.0f} %", 100 * measured.share_of_ceiling()) : "";
  return {short_time(measured.seconds()), percent(measured.uncertainty()), short_number(measured.gigabytes_per_second()), share,
          accuracy_text(result), notes_text(result, run)};
}

std::vector<std::string> counted_cells(const CaseResult& result) {
  const Measurement& measured = result.measurement;
  const Traffic& traffic = *measured.traffic;
  const double contract = static_cast<double>(measured.contract_bytes);
  return {fmt::format("{:.2f}x", static_cast<double>(traffic.total()) / contract), std::to_string(traffic.launches), std::to_string(traffic.atomics),
          std::to_string(traffic.atomics_on_one_address), std::to_string(traffic.barriers_in_one_block), accuracy_text(result)};
}

/// What the rows of a group share: they have the same data, and took turns. Beside each row it would make the table too wide.
std::string heading_of(const Case& entry) {
  std::string text = entry.loss->name + " " + std::string(name_of(entry.pass)) + " " + std::string(name_of(entry.element)) + " " + shape_text(entry.shape);
  return entry.options.text.empty() ? text : text + " " + entry.options.text;
}

/// The rows of one kind under a heading for each group; empty where there are none.
std::string table_of(const std::vector<CaseResult>& results, bool emulated, const RunQuality& run) {
  const std::vector<Table::Column> timed = {{"variant"}, {"backend"}, {"time", true}, {"+-", true}, {"GB/s", true}, {"ceiling", true},
                                            {"error/bound", true}, {"notes"}};
  const std::vector<Table::Column> counts = {{"variant"}, {"traffic", true}, {"launches", true}, {"atomics", true}, {"on one", true},
                                             {"barriers", true}, {"error/bound", true}};
  const std::vector<Table::Column>& columns = emulated ? counts : timed;
  Table table(columns);
  std::string heading;
  for (const CaseResult& result : results) {
    const Case& entry = result.entry;
    if (counted(result) != emulated) continue;
    if (const std::string own = heading_of(entry); own != heading) table.add_heading(heading = own);
    std::vector<std::string> cells = {"  " + entry.variant->name};
    if (!emulated) cells.emplace_back(name_of(entry.variant->backend));
    std::vector<std::string> figures(columns.size() - cells.size());
    if (!result.measurement.fault.empty()) figures.front() = "FAILED";
    else figures = emulated ? counted_cells(result) : timed_cells(result, run);
    cells.insert(cells.end(), figures.begin(), figures.end());
    table.add(std::move(cells));
  }
  return table.empty() ? "" : "\n" + table.text();
}

}  // namespace

std::string run_table(const std::vector<CaseResult>& results, Mode mode) {
  std::vector<FigureQuality> figures;
  for (const CaseResult& result : results)
    if (!counted(result) && result.measurement.fault.empty()) figures.push_back(quality_of(result));
  const RunQuality run = judge_figures(figures);
  std::string text;
  if (!figures.empty()) text += "\n" + wrapped_text(run.text(), kTableWidth);
  if (const std::string timed = table_of(results, false, run); !timed.empty())
    text += timed + wrapped_text(fmt::format(kTimedLegend, name_of(mode)), kTableWidth);
  if (const std::string counts = table_of(results, true, run); !counts.empty()) text += counts + wrapped_text(kCountedLegend, kTableWidth);
  return text + wrapped_text(kErrorLegend, kTableWidth);
}

std::string ceilings_text(Runner& runner) {
  std::string text;
  for (auto& [device, ceilings] : runner.ceilings().all())
    for (const Ceiling& ceiling : ceilings.all())
      text += fmt::format("ceiling {} {:>5} at {:g} MiB: {} GB/s, drift {:.1f} %\n", device->where() == Where::cuda ? "gpu" : "cpu",
                          name_of(ceiling.shape), static_cast<double>(ceiling.bytes) * 0x1p-20, short_number(ceiling.best * 1e-9), 100 * ceiling.drift());
  return text;
}

std::string dropped_text(const std::vector<std::string>& names, const std::string& why) {
  constexpr std::size_t kShown = 8;
  if (names.empty()) return {};
  std::string text = fmt::format("dropped, {}: {} case{}", why, names.size(), names.size() == 1 ? "" : "s");
  text += names.size() > kShown ? "; the record names all, these are the first:\n" : ":\n";
  for (std::size_t i = 0; i < std::min(kShown, names.size()); ++i) text += "  " + names[i] + "\n";
  return text;
}

std::string failures(const std::vector<CaseResult>& results) {
  std::string text;
  for (const CaseResult& result : results)
    if (!result.measurement.fault.empty()) text += "FAILED " + result.entry.name() + ": " + result.measurement.fault + "\n";
  return text;
}

}  // namespace lossbench
