// How good the timed figures of a run are, said once: what most of them share, and which are worse than the rest. Pure functions.
//
// A caveat that stands in every row marks none. So what more than half of the figures have is said above them, in words, and a row is
// marked for what fewer have, or where its interval is far wider than is usual in the run. That a median is not known to 0.5 % marks no
// row: its interval says how well it is known.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "bench/measure/sample.h"

namespace lossbench {

/// What is known of one figure.
struct FigureQuality {
  std::vector<std::string> caveats;  ///< as Caveats::names() has them
  double uncertainty = 0;            ///< relative, about a 95 % interval
  double revisit = 0;                ///< of a later median to the first; 0 where it was not measured again
  std::size_t samples = 0, throttled = 0, disturbed = 0;
  bool on_gpu = false;               ///< whose cores nobody shares
};

struct RunQuality {
  std::size_t figures = 0;
  double good_to = 0;                ///< nine figures of ten are known to that, and half of those measured again moved no further
  double throttled = 0, disturbed = 0;  ///< shares of all samples
  bool on_gpu = false;               ///< any of them
  std::vector<std::pair<std::string, std::size_t>> counts;  ///< of figures that have a caveat

  /// More than half of the figures have it.
  bool shared(const std::string& caveat) const;
  /// What a row is marked with.
  std::vector<std::string> marks(const FigureQuality& figure) const;
  /// Sentences for above the table.
  std::string text() const;
};

RunQuality judge_figures(const std::vector<FigureQuality>& figures);

/// The share of samples that have a flag; 0 of none.
double share_of(const std::vector<Sample>& samples, bool Sample::*flag);

}  // namespace lossbench
