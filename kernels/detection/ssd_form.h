// How the options of ssd_multibox read. Host code.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include "core/problem.h"
#include "simt/qualifiers.h"

namespace lossbench::inline SIMT_BUILD::detection {

/// How many negatives are kept, and what the sums are divided by. The kernels carry it as it is.
struct MultiboxForm {
  double ratio = 3;
  bool by_batch = false;
  std::int64_t least = 0;  ///< n_neg_min
  std::int64_t cap = -1;   ///< negatives_cap; -1: none
  double alpha = 1;
  double prob_floor = 0;
  bool by_positives = true;
  double constant = 1;     ///< otherwise
  bool at_least_one = true;
  bool zero_if_empty = true;

  /// Negatives to keep of `negatives` beside `positives`.
  SIMT_FN std::int64_t wanted(double positives, double negatives) const {
    std::int64_t count = std::int64_t(ratio * positives);
    if (by_batch && count < least) count = least;
    if (cap >= 0 && count > cap) count = cap;
    return count < std::int64_t(negatives) ? count : std::int64_t(negatives);
  }
  SIMT_FN double divisor(double positives) const {
    const double by = by_positives ? positives : constant;
    return at_least_one && by < 1 ? 1.0 : by;
  }
};

inline MultiboxForm multibox_form(const Problem& problem) {
  const Options& options = problem.options;
  const Shape& shape = problem.input("labels")->shape;
  MultiboxForm form;
  form.ratio = options.real("neg_pos_ratio");
  form.by_batch = options.word("mining_scope") == "batch";
  form.least = options.integer("n_neg_min");
  const std::string& cap = options.word("negatives_cap");
  form.cap = cap == "none" ? -1 : cap == "P-1" ? std::max<std::int64_t>(shape[1] - 1, 0) : std::stoll(cap);
  form.alpha = options.real("alpha");
  form.prob_floor = options.real("prob_floor");
  const std::string& normalizer = options.word("normalizer");
  form.by_positives = normalizer == "positives" || normalizer == "positives_max1";
  form.at_least_one = normalizer != "positives";
  form.zero_if_empty = options.word("empty") == "zero";
  if (normalizer == "batch") form.constant = double(shape[0]);
  if (normalizer == "batch_times_priors") form.constant = double(shape[0]) * double(shape[1]);
  return form;
}

}  // namespace lossbench::inline SIMT_BUILD::detection
