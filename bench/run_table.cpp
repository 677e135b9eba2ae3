#include "bench/run_table.h"

#include <fmt/format.h>

#include "bench/statistics.h"
#include "bench/table.h"

namespace lossbench {
namespace {

std::string accuracy_text(const CaseResult& result) {
  return result.entry.variant->backend == Backend::scalar ? "reference" : short_number(result.measurement.accuracy.ratio);
}

std::vector<std::string> cells_of(const CaseResult& result, double bandwidth) {
  const Case& entry = result.entry;
  const Measurement& measured = result.measurement;
  std::vector<std::string> cells = {"  " + entry.variant->name, std::string(name_of(entry.variant->backend)),
                                    std::string(name_of(entry.element)), shape_text(entry.shape)};
  if (!measured.fault.empty()) {
    cells.insert(cells.end(), {"FAILED", "", "", "", "", "", ""});
  } else if (measured.traffic) {
    const double counted = static_cast<double>(measured.traffic->total()), elements = static_cast<double>(measured.elements);
    const double contract = static_cast<double>(measured.contract_bytes);
    cells.insert(cells.end(), {"", "", "", short_number(counted / elements) + " / " + short_number(contract / elements),
                               short_number(counted / contract), short_time(measured.predicted_seconds(bandwidth)), accuracy_text(result)});
  } else {
    const std::string sync = entry.variant->synchronous ? " sync" : "";
    cells.insert(cells.end(), {short_time(median(measured.seconds)) + sync, fmt::format("{:.1f} %", 100 * relative_spread(measured.seconds)),
                               short_number(measured.gigabytes_per_second()), "", "", "", accuracy_text(result)});
  }
  return cells;
}

}  // namespace

std::string run_table(const std::vector<CaseResult>& results, double bandwidth) {
  Table table({{"variant"}, {"backend"}, {"dtype"}, {"shape"}, {"time", true}, {"+-", true}, {"GB/s", true}, {"B/elem", true},
               {"ratio", true}, {"predicted", true}, {"error/bound", true}});
  std::string heading, text;
  bool emulated = false, measured = false;
  for (const CaseResult& result : results) {
    const Case& entry = result.entry;
    std::string own = entry.loss->name + " " + std::string(name_of(entry.pass));
    if (!entry.options.text.empty()) own += " " + entry.options.text;
    if (own != heading) table.add_heading(heading = own);
    table.add(cells_of(result, bandwidth));
    (result.measurement.traffic ? emulated : measured) = true;
  }
  text = "\n" + table.text() + "\n";
  if (measured)
    text += "time: median per call, +- half the interquartile range. GB/s: bytes the loss must move (decimal) / time.\n";
  if (emulated)
    text += fmt::format("simt: kernels run by the emulator, nothing timed. B/elem: bytes counted / bytes the loss must move, and their ratio.\n"
                        "predicted: counted bytes at {:.3g} TB/s, a stated figure and no measurement.\n", bandwidth * 1e-12);
  text += "error/bound: largest error against the double reference as a share of the derived bound; above 1 fails.\n";
  return text;
}

std::string failures(const std::vector<CaseResult>& results) {
  std::string text;
  for (const CaseResult& result : results)
    if (!result.measurement.fault.empty()) text += "FAILED " + result.entry.name() + ": " + result.measurement.fault + "\n";
  return text;
}

}  // namespace lossbench
