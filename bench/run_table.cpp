#include "bench/run_table.h"

#include <fmt/format.h>

#include "bench/measure/statistics.h"
#include "bench/table.h"

namespace lossbench {
namespace {

std::string accuracy_text(const CaseResult& result) {
  return result.entry.variant->backend == Backend::scalar ? "reference" : short_number(result.measurement.accuracy.ratio);
}

std::string caveats_text(const CaseResult& result) {
  std::string text = result.entry.variant->synchronous ? "sync" : "";
  for (const std::string& name : result.measurement.caveats.names()) text += (text.empty() ? "" : ", ") + name;
  return text;
}

std::vector<std::string> cells_of(const CaseResult& result, double bandwidth) {
  const Case& entry = result.entry;
  const Measurement& measured = result.measurement;
  std::vector<std::string> cells = {"  " + entry.variant->name, std::string(name_of(entry.variant->backend)),
                                    std::string(name_of(entry.element)), shape_text(entry.shape)};
  if (!measured.fault.empty()) {
    cells.insert(cells.end(), {"FAILED", "", "", "", "", "", "", "", ""});
  } else if (measured.traffic) {
    const double counted = static_cast<double>(measured.traffic->total()), elements = static_cast<double>(measured.elements);
    const double contract = static_cast<double>(measured.contract_bytes);
    cells.insert(cells.end(), {"", "", "", "", short_number(counted / elements) + " / " + short_number(contract / elements),
                               short_number(counted / contract), short_time(measured.predicted_seconds(bandwidth)), accuracy_text(result), ""});
  } else {
    const std::string share = measured.ceiling > 0 ? fmt::format("{:.0f} %", 100 * measured.share_of_ceiling()) : "";
    cells.insert(cells.end(), {short_time(measured.seconds()), fmt::format("{:.1f} %", 100 * measured.uncertainty()),
                               short_number(measured.gigabytes_per_second()), share, "", "", "", accuracy_text(result), caveats_text(result)});
  }
  return cells;
}

}  // namespace

std::string run_table(const std::vector<CaseResult>& results, const Settings& settings) {
  Table table({{"variant"}, {"backend"}, {"dtype"}, {"shape"}, {"time", true}, {"+-", true}, {"GB/s", true}, {"ceiling", true},
               {"B/elem", true}, {"ratio", true}, {"predicted", true}, {"error/bound", true}, {"notes"}});
  std::string heading, text;
  bool emulated = false, measured = false;
  for (const CaseResult& result : results) {
    const Case& entry = result.entry;
    std::string own = entry.loss->name + " " + std::string(name_of(entry.pass));
    if (!entry.options.text.empty()) own += " " + entry.options.text;
    if (own != heading) table.add_heading(heading = own);
    table.add(cells_of(result, settings.bandwidth));
    (result.measurement.traffic ? emulated : measured) = true;
  }
  text = "\n" + table.text() + "\n";
  if (measured)
    text += fmt::format("time: median of a call ({}), +- about a 95 % interval of it. GB/s: bytes the loss must move (decimal) / time;\n"
                        "ceiling: share of what memory did in this run, in the same traffic shape. Notes: docs/measuring.md.\n", name_of(settings.mode));
  if (emulated)
    text += fmt::format("simt: kernels run by the emulator, nothing timed. B/elem: bytes counted / bytes the loss must move, and their ratio.\n"
                        "predicted: counted bytes at {:.3g} TB/s, a stated figure and no measurement.\n", settings.bandwidth * 1e-12);
  text += "error/bound: largest error against the double reference as a share of the derived bound; above 1 fails.\n";
  return text;
}

std::string ceilings_text(Runner& runner) {
  std::string text;
  for (auto& [device, ceilings] : runner.ceilings().all())
    for (const Ceiling& ceiling : ceilings.all())
      text += fmt::format("ceiling {} {:>5} at {:g} MiB: {} GB/s, drift {:.1f} %\n", device->where() == Where::cuda ? "gpu" : "cpu",
                          name_of(ceiling.shape), static_cast<double>(ceiling.bytes) * 0x1p-20, short_number(ceiling.best * 1e-9), 100 * ceiling.drift());
  return text;
}

std::string failures(const std::vector<CaseResult>& results) {
  std::string text;
  for (const CaseResult& result : results)
    if (!result.measurement.fault.empty()) text += "FAILED " + result.entry.name() + ": " + result.measurement.fault + "\n";
  return text;
}

}  // namespace lossbench
