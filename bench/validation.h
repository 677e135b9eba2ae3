// Runs variants against the reference over all inputs and option sets, and keeps what was worst.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "bench/selection.h"
#include "bench/validation_inputs.h"
#include "core/variant.h"

namespace lossbench {

/// One loss x variant x backend x dtype x pass.
struct ValidationLine {
  const Loss* loss = nullptr;
  const Variant* variant = nullptr;
  DType dtype = DType::f32;
  Pass pass = Pass::forward;
  std::int64_t cases = 0, skipped = 0, misses = 0;
  double ratio = 0;          ///< largest error / bound, over all outputs
  double ulps = 0;           ///< of the case with that ratio …
  double relative = 0;
  std::string input;         ///< … and its input and options
  std::vector<std::string> culprits;  ///< the first few misses, in words

  bool same_line(const ValidationLine& other) const {
    return loss == other.loss && variant == other.variant && dtype == other.dtype && pass == other.pass;
  }
  /// Adds what another part of the work found for the same line.
  void join(const ValidationLine& other);
};

/// What to tell while validating. Calls come from several threads, one at a time.
struct ValidationEvents {
  struct Case {
    const ValidationLine& line;
    std::string input;
    std::string outcome;  ///< "ok", "skipped: …" or what is wrong
    double ratio;
  };
  std::function<void(const Case&)> on_case;                                        ///< after each case; may be null
  std::function<void(double done, double total, const std::string& what)> on_group;  ///< before each group of cases; may be null
};

/// Validates everything selected, on all cores. Lines come in registry order. Throws InputError.
std::vector<ValidationLine> validate(const Selection& selection, std::uint64_t seed, const ValidationEvents& events);

/// One loss x dtype x option set.
struct ValidationGroup {
  const Loss* loss;
  OptionSet set;
  DType dtype;
  bool full;  ///< every size, not one of each sort
};

/// Runs one group.
std::vector<ValidationLine> validate_group(const ValidationGroup& group, const Selection& selection, std::uint64_t seed,
                                           const std::function<void(const ValidationEvents::Case&)>& on_case);

}  // namespace lossbench
