// Two records against each other: what got faster or slower, and whether the samples are enough to say so. Pure.
#pragma once

#include <string>
#include <vector>

#include "bench/compare/record.h"
#include "bench/measure/rank_test.h"

namespace lossbench {

enum class Change {
  none,         ///< no difference that can be claimed
  faster,
  slower,
  fewer_bytes,  ///< of an emulated kernel: counted, so any difference is one
  more_bytes,
  fixed,        ///< failed before
  broken,       ///< fails now
  both_failed,
};
std::string_view name_of(Change change);
constexpr bool is_regression(Change change) { return change == Change::slower || change == Change::more_bytes || change == Change::broken; }

/// When a difference is claimed: both must hold, and it must be further from 1 than the same code differs from itself: see aa_spread.
struct Claim {
  double p = 0.05;          ///< Mann-Whitney p below this
  double threshold = 0.01;  ///< ratio further from 1 than this
};

struct CaseChange {
  std::string name;
  Change change = Change::none;
  bool counted = false;          ///< an emulated kernel: bytes, not seconds
  double before = 0, after = 0;  ///< seconds, or bytes
  RatioEstimate ratio = {};      ///< after over before
  bool clock_sagged = false;     ///< of one of the two: see clock_spread
  double aa_spread = 0;          ///< how far the same code may differ from itself, as a logarithm: by the runs, its clocks, and how often it was seen
};

struct RecordComparison {
  std::vector<CaseChange> cases;         ///< those of both records, in the order of the second
  std::vector<std::string> only_before, only_after;

  int count(Change change) const;
  bool regressed() const;
};

/// How far figures of a run differ when they are measured again later in it, as a logarithm: the furthest of its revisited cases. A
/// machine on which one case moved by a tenth may move any other by a tenth. 0 where nothing was measured again.
double aa_spread(const Record& record);

/// What the clock of a case may explain, as a logarithm. Where it lies below `highest` by more than the tolerance of ClockCheck: twice as
/// much, since a card that throttles may slow the work down more than the clock tells; on the host a factor of 2 at least, which is what
/// sharing a core costs. 0 where it does not, and where it is not known.
double clock_spread(const RecordedCase& entry, double highest);

/// What may have happened to a case that was not found again later in its run, as a logarithm: on the host a factor of 2, since whoever
/// shared its core then may have done so all the time. 0 for a GPU, which is shared with nobody, and where it was found again.
double unconfirmed_spread(const RecordedCase& entry);

RecordComparison compare_records(const Record& before, const Record& after, const Claim& claim);

/// What must not differ between two records for a comparison to mean anything, in words that name it; empty where nothing does.
/// `across` lists what may differ: "device", "build".
std::string incomparable(const Record& before, const Record& after, const std::vector<std::string>& across);

}  // namespace lossbench
