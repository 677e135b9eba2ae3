// What came of a case.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bench/accuracy.h"
#include "bench/cases.h"
#include "bench/emulator.h"
#include "bench/measure/sample.h"
#include "bench/measure/traffic_shape.h"

namespace lossbench {

/// What a reader must know before believing a figure.
struct Caveats {
  bool not_converged = false;  ///< stopped by time, with its median known less well than asked for
  bool drift = false;          ///< its own samples moved by more than 2 % during the run, or a ceiling that was not measured beside it
  bool throttled = false;      ///< a tenth or more of the samples it is judged by were taken at a sagged clock
  bool disturbed = false;      ///< a tenth or more of them had the processor taken away
  bool bimodal = false;        ///< the samples fall into two heaps
  bool cached = false;         ///< its arrays, all sets together, fit the cache

  std::vector<std::string> names() const;
};

struct Measurement {
  std::string fault;               ///< why there is no figure; empty when there is one
  bool declined = false;           ///< the variant does not take the case, which its fault says; nothing went wrong
  bool not_run = false;            ///< the device was lost before, by another case
  bool cut = false;                ///< the run was asked to end before it was done
  std::vector<Sample> samples;     ///< empty under the emulator
  std::vector<Sample> memory;      ///< of memory itself in the same rounds: seconds for the contract's bytes; empty where it took no part
  std::optional<Traffic> traffic;  ///< what the emulator counted
  std::int64_t elements = 0;
  std::int64_t contract_bytes = 0;
  std::int64_t launches = 0;       ///< kernels a call; 0 where there are none
  Comparison accuracy;             ///< of the output with the largest error / bound

  TrafficShape shape = TrafficShape::read;
  double ceiling = 0;              ///< bytes per second that memory does in that shape; 0 where it was not measured
  double clock = 0;                ///< Hz, median of the samples it is judged by; 0 where it is not known
  std::int64_t sets = 0;           ///< of arrays that were rotated through
  std::int64_t calls = 0;          ///< in one sample
  double spent = 0;                ///< host seconds
  double sampling = 0;             ///< host seconds that its group took samples, its part of them
  double revisit = 0;              ///< see found_again
  Caveats caveats;

  /// Its device was lost, for that reason, before it was its turn.
  void come_too_late(const std::string& reason);
  /// What the entry and its inputs say by themselves: elements, contract bytes, traffic shape, sets.
  void describe(const Loss& loss, const Problem& problem, std::size_t sets);
  /// Its ceiling is what memory did in its own rounds, at the same moments.
  void hold_against(std::vector<Sample> memory_samples) {
    memory = std::move(memory_samples);
    find_ceiling();
  }
  /// Takes its caveats, its clock, its revisit and its ceiling from the samples; a median is converged when it is known to `precision`.
  void judge_samples(double precision);

  /// From the samples of memory, where there are any.
  void find_ceiling();
  double seconds() const;          ///< median of a call
  double uncertainty() const;      ///< of that median: see median_uncertainty
  double gigabytes_per_second() const;
  double share_of_ceiling() const; ///< NaN where there is no ceiling
};

struct CaseResult {
  Case entry;
  Measurement measurement;
};

}  // namespace lossbench
